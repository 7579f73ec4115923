// Writes messages one transaction each and reports every id once it is committed, until it is killed.
import { claimProfile, profilePaths } from '#main/store/profile.ts';
import { openDatabase } from '#main/store/database.ts';
import { openStore } from '#main/store/store.ts';
import type { AccountId, ChatId } from '#shared/ids.ts';

const [folder = '', accountId = '', chatId = '', count = '0'] = process.argv.slice(2);
claimProfile(folder);
const database = openDatabase(profilePaths(folder).database, Buffer.alloc(32, 7));
const store = openStore(database);

for (let index = 0; index < Number(count); index += 1) {
  const at = Date.now();
  const { id } = store.messages.insertOutgoing({
    chatId: Number(chatId) as ChatId,
    senderJid: 'juliet@capulet.example',
    body: `message ${index} ${'x'.repeat(index * 7)}`,
    at,
    sortAt: at,
    protection: 'none',
    stanzaId: `${at}-${index}`,
    originId: `${at}-${index}`,
  });
  // Written synchronously: what the parent reads was committed.
  console.log(id);
  const entry = store.outbox.next(accountId as AccountId);
  if (index % 3 === 0 && entry?.messageId !== undefined) store.messages.setState(entry.messageId, 'acked');
}
console.log('done');
setInterval(() => undefined, 60_000);

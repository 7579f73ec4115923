// Writes messages one transaction each and reports every id once it is committed, until it is killed; with
// 'never' as the last argument it writes all of them in one transaction that never ends.
import { claimProfile, profilePaths } from '#main/store/profile.ts';
import { openDatabase } from '#main/store/database.ts';
import { openStore } from '#main/store/store.ts';
import type { AccountId, ChatId } from '#shared/ids.ts';

const [folder = '', accountId = '', chatId = '', count = '0', commit] = process.argv.slice(2);
claimProfile(folder);
const database = openDatabase(profilePaths(folder).database, Buffer.alloc(32, 7));
const store = openStore(database);
// Little fits into memory: uncommitted pages must go to the disk.
database.execute('PRAGMA cache_size = 20');
if (commit !== 'never') {
  // A pause between the message and its outbox entry: most kills shall hit the middle of a transaction.
  database.execute(`CREATE TEMP TRIGGER pause BEFORE INSERT ON main.outbox BEGIN
    SELECT length(hex(randomblob(1000000)));
  END`);
}

const insert = (index: number): number => {
  const at = Date.now();
  return store.messages.insertOutgoing({
    chatId: Number(chatId) as ChatId,
    senderJid: 'juliet@capulet.example',
    body: `message ${index} ${'x'.repeat(index * 7)}`,
    at,
    sortAt: at,
    protection: 'none',
    stanzaId: `${at}-${index}`,
    originId: `${at}-${index}`,
  }).id;
};

if (commit === 'never') {
  store.transaction(() => {
    for (let index = 0; index < Number(count); index += 1) insert(index);
    console.log('inside');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });
}
for (let index = 0; index < Number(count); index += 1) {
  const id = insert(index);
  // Written synchronously: what the parent reads was committed.
  console.log(id);
  const entry = store.outbox.next(accountId as AccountId);
  if (index % 3 === 0 && entry?.messageId !== undefined) store.messages.setState(entry.messageId, 'acked');
}
console.log('done');
setInterval(() => undefined, 60_000);

// Keeps a conversation made of the caller's words, sorts much more than fits into the cache, and waits to
// be killed. Arguments: folder, passphrase, JSON of the words, 'default' for SQLite's own temporary files.
import { AccountSecrets } from '#main/crypto/account-secrets.ts';
import { Keyring } from '#main/crypto/keyring.ts';
import { createKeychain } from '#main/hosts/keychain.ts';
import { openDatabase } from '#main/store/database.ts';
import { claimProfile, profilePaths } from '#main/store/profile.ts';
import { openStore } from '#main/store/store.ts';

const [folder = '', passphrase = '', json = '{}', temporary] = process.argv.slice(2);
const words = JSON.parse(json) as Record<
  | 'own'
  | 'contact'
  | 'name'
  | 'group'
  | 'sent'
  | 'received'
  | 'draft'
  | 'stranger'
  | 'request'
  | 'password'
  | 'setting'
  | 'sealed',
  string
>;
const paths = profilePaths(folder);
claimProfile(folder);
const keyring = new Keyring({
  markerPath: paths.keyMarker,
  databasePath: paths.database,
  secrets: createKeychain(),
});
const { key } = await keyring.unlock(passphrase);
const database = openDatabase(paths.database, key);
key.fill(0);
const store = openStore(database);

const account = store.accounts.add({ jid: words.own, directTls: false, createdAt: 1 });
await new AccountSecrets(store.secrets).setPassword(account.id, words.password);
store.contacts.upsert(account.id, {
  jid: words.contact,
  name: words.name,
  subscription: 'both',
  asked: false,
  groups: [words.group],
});
store.contacts.addRequest({
  accountId: account.id,
  jid: words.stranger,
  name: '',
  text: words.request,
  at: 1,
});
const { id: chatId } = store.chats.findOrCreate(account.id, words.contact, 1);
const message = store.messages.insertOutgoing({
  chatId,
  senderJid: words.own,
  body: words.sent,
  at: 1,
  sortAt: 1,
  protection: 'omemo',
  stanzaId: 's1',
  originId: 's1',
});
const entry = store.outbox.ofMessage(message.id);
if (entry !== undefined)
  store.outbox.storeSealed(entry.id, `<message><body>${words.sealed}</body></message>`);
store.chats.setDraft(chatId, words.draft);
store.settings.set({ key: words.setting });

database.transaction(() => {
  for (let index = 0; index < 8_000; index += 1) {
    const at = index + 2;
    const body = `${words.received} ${(index * 7_919) % 8_000} ${'x'.repeat(2_000)}`;
    store.messages.insertIncoming({
      chatId,
      senderJid: words.contact,
      body,
      at,
      sortAt: at,
      protection: 'omemo',
    });
  }
});
if (temporary === 'default') database.execute('PRAGMA temp_store = default');
const sorted = database.all("SELECT body || 'x' AS text FROM messages ORDER BY text DESC");
// Some of it has reached the file, some is still in the log.
database.execute('PRAGMA wal_checkpoint(PASSIVE)');
store.chats.setDraft(chatId, words.draft + words.draft);
console.log(sorted.length);
setInterval(() => undefined, 60_000);

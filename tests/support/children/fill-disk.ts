// Stores messages on a small file system until it is full, makes room, and goes on. Prints JSON lines.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '#shared/errors.ts';
import { openDatabase } from '#main/store/database.ts';
import { claimProfile, profilePaths } from '#main/store/profile.ts';
import { openStore } from '#main/store/store.ts';

const mount = process.argv[2] ?? '';
const ballast = join(mount, 'ballast');
const folder = join(mount, 'profile');
const key = Buffer.alloc(32, 7);
const report = (value: unknown): void => console.log(JSON.stringify(value));

writeFileSync(ballast, Buffer.alloc(3_000_000));
claimProfile(folder);
const open = (): { database: ReturnType<typeof openDatabase>; store: ReturnType<typeof openStore> } => {
  const database = openDatabase(profilePaths(folder).database, key);
  return { database, store: openStore(database) };
};

let { database, store } = open();
const account = store.accounts.add({ jid: 'juliet@capulet.example', directTls: false, createdAt: 1 });
const chatId = store.chats.findOrCreate(account.id, 'romeo@montague.example', 1).id;
let stored = 0;
const insert = (): void => {
  const at = stored + 1;
  store.messages.insertIncoming({
    chatId,
    senderJid: 'r@m',
    body: 'x'.repeat(3_000),
    at,
    sortAt: at,
    protection: 'none',
  });
  stored += 1;
};
const codeOf = (act: () => void): string => {
  try {
    act();
    return 'none';
  } catch (error) {
    return error instanceof AppError ? error.code : String(error);
  }
};
const found = (): number => store.chats.require(chatId).unread;

const code = codeOf(() => {
  for (let index = 0; index < 10_000; index += 1) insert();
});
report({ step: 'full', code, lost: stored - found() });
report({ step: 'still full', code: codeOf(insert), lost: stored - found() });
database.close();
// The disk stays full over a restart.
const again = codeOf(() => {
  ({ database, store } = open());
});
report({ step: 'opened while full', code: again });
rmSync(ballast);
if (again !== 'none') ({ database, store } = open());
for (let index = 0; index < 20; index += 1) insert();
report({ step: 'room again', lost: stored - found(), integrity: database.all('PRAGMA integrity_check') });
database.close();

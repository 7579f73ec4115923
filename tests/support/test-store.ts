import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openDatabase } from '#main/store/database.ts';
import { openStore, type Store } from '#main/store/store.ts';
import type { Account } from '#main/store/accounts.ts';

export interface TestStore {
  readonly store: Store;
  readonly account: Account;
  close(): void;
}

/** A real encrypted database in a folder of its own, with one account. */
export const openTestStore = (): TestStore => {
  const folder = mkdtempSync(path.join(tmpdir(), 'chatsecure-test-'));
  const database = openDatabase(path.join(folder, 'chatsecure.db'), randomBytes(32));
  const store = openStore(database);
  const account = store.accounts.add({ jid: 'alice@localhost', directTls: false, createdAt: 1 });
  return {
    store,
    account,
    close: () => {
      database.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

export const quietLog = {
  debug: (): void => undefined,
  info: (): void => undefined,
  warn: (): void => undefined,
  error: (): void => undefined,
  child: () => quietLog,
};

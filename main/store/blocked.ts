import type { AccountId } from '#shared/ids.ts';
import type { Database } from './database.ts';

/** The block list of each account (XEP-0191) as the server told it last; works offline too. */
export class BlockedStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Normalised addresses, in their order. */
  list(accountId: AccountId): readonly string[] {
    const sql = 'SELECT jid FROM blocked WHERE account_id = $accountId ORDER BY jid';
    return this.#database.all<{ jid: string }>(sql, { accountId }).map(({ jid }) => jid);
  }

  /** @returns whether it was not blocked before */
  add(accountId: AccountId, jid: string): boolean {
    const sql = 'INSERT INTO blocked (account_id, jid) VALUES ($accountId, $jid) ON CONFLICT DO NOTHING';
    return this.#database.run(sql, { accountId, jid }) > 0;
  }

  /** @returns whether it was blocked before */
  remove(accountId: AccountId, jid: string): boolean {
    const sql = 'DELETE FROM blocked WHERE account_id = $accountId AND jid = $jid';
    return this.#database.run(sql, { accountId, jid }) > 0;
  }

  /** Makes the list equal to what the server says, in one transaction; empty to unblock everybody. */
  replace(accountId: AccountId, jids: readonly string[]): void {
    this.#database.transaction(() => {
      this.#database.run('DELETE FROM blocked WHERE account_id = $accountId', { accountId });
      for (const jid of jids) this.add(accountId, jid);
    });
  }
}

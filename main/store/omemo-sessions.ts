import type { AccountId, DeviceId } from '#shared/ids.ts';
import type { Database } from './database.ts';

/** Which session: ours of one account with one device. The address is bare and never part of an id. */
export interface SessionPlace {
  readonly accountId: AccountId;
  readonly jid: string;
  readonly deviceId: DeviceId;
}

const place = 'account_id = $accountId AND jid = $jid AND device_id = $deviceId';

/** The ratchets. What a record holds is the engine's affair. */
export class OmemoSessionStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  record({ accountId, jid, deviceId }: SessionPlace): Uint8Array | undefined {
    const sql = `SELECT record FROM omemo_sessions WHERE ${place}`;
    const record = this.#database.one<{ record: Uint8Array | null }>(sql, {
      accountId,
      jid,
      deviceId,
    })?.record;
    return record?.length === undefined
      ? undefined
      : new Uint8Array(record.buffer, record.byteOffset, record.length);
  }

  /** In the transaction of the message that it belongs to. */
  keep({ accountId, jid, deviceId }: SessionPlace, record: Uint8Array): void {
    this.#database.run(
      `INSERT INTO omemo_sessions (account_id, jid, device_id, record)
       VALUES ($accountId, $jid, $deviceId, $record)
       ON CONFLICT (account_id, jid, device_id) DO UPDATE SET record = $record`,
      { accountId, jid, deviceId, record },
    );
  }

  /** The keys of the session leave the files at once. */
  forget({ accountId, jid, deviceId }: SessionPlace): void {
    const sql = `UPDATE omemo_sessions SET record = NULL WHERE ${place} AND record IS NOT NULL`;
    if (this.#database.run(sql, { accountId, jid, deviceId }) > 0) this.#database.scrubLog();
  }

  /** How many devices there is a session with. */
  count(accountId: AccountId): number {
    const sql =
      'SELECT count(*) AS n FROM omemo_sessions WHERE account_id = $accountId AND record IS NOT NULL';
    return this.#database.require<{ n: number }>(sql, { accountId }).n;
  }

  /** When a session with this device was last repaired without being asked. */
  healedAt({ accountId, jid, deviceId }: SessionPlace): number | undefined {
    const sql = `SELECT healed_at FROM omemo_sessions WHERE ${place}`;
    return (
      this.#database.one<{ healed_at: number | null }>(sql, { accountId, jid, deviceId })?.healed_at ??
      undefined
    );
  }

  /** When the owner of this device was last told that a message of it could not be read. */
  toldAt({ accountId, jid, deviceId }: SessionPlace): number | undefined {
    const sql = `SELECT told_at FROM omemo_sessions WHERE ${place}`;
    const row = this.#database.one<{ told_at: number | null }>(sql, { accountId, jid, deviceId });
    return row?.told_at ?? undefined;
  }

  noteTold({ accountId, jid, deviceId }: SessionPlace, at: number): void {
    this.#database.run(
      `INSERT INTO omemo_sessions (account_id, jid, device_id, told_at)
       VALUES ($accountId, $jid, $deviceId, $at)
       ON CONFLICT (account_id, jid, device_id) DO UPDATE SET told_at = $at`,
      { accountId, jid, deviceId, at },
    );
  }

  /** Within the transaction of the message. */
  noteOpened(accountId: AccountId, digest: Uint8Array, at: number): void {
    this.#database.run(
      `INSERT INTO omemo_opened (digest, account_id, opened_at) VALUES ($digest, $accountId, $at)
       ON CONFLICT DO NOTHING`,
      { accountId, digest, at },
    );
  }

  wasOpened(digest: Uint8Array): boolean {
    return this.#database.one('SELECT 1 FROM omemo_opened WHERE digest = $digest', { digest }) !== undefined;
  }

  /** What was opened before a time is not remembered any more. */
  forgetOpened(accountId: AccountId, before: number): void {
    const sql = 'DELETE FROM omemo_opened WHERE account_id = $accountId AND opened_at < $before';
    this.#database.run(sql, { accountId, before });
  }

  noteHealed({ accountId, jid, deviceId }: SessionPlace, at: number): void {
    this.#database.run(
      `INSERT INTO omemo_sessions (account_id, jid, device_id, healed_at)
       VALUES ($accountId, $jid, $deviceId, $at)
       ON CONFLICT (account_id, jid, device_id) DO UPDATE SET healed_at = $at`,
      { accountId, jid, deviceId, at },
    );
  }
}

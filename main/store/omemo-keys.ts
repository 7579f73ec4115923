import type { AccountId, DeviceId } from '#shared/ids.ts';
import type { Database } from './database.ts';

/** A pair of keys as it is kept, 32 bytes each. */
export interface StoredKeyPair {
  readonly privateKey: Uint8Array;
  readonly publicKey: Uint8Array;
}

export interface StoredPreKey extends StoredKeyPair {
  readonly id: number;
}

export interface StoredSignedPreKey extends StoredPreKey {
  readonly signature: Uint8Array;
  /** Milliseconds since 1970, UTC. */
  readonly createdAt: number;
}

/** This device, for one account. */
export interface OwnOmemoDevice {
  readonly deviceId: DeviceId;
  readonly identity: StoredKeyPair;
  /** Whether the server has the bundle that is here. */
  readonly published: boolean;
}

interface KeyRow {
  readonly private_key: Uint8Array;
  readonly public_key: Uint8Array;
}

/** Ids are positive signed 32-bit numbers. */
const MAX_ID = 2 ** 31 - 1;

/** The bytes of a row; what SQLite gives are Buffers. */
const bytes = (value: Uint8Array): Uint8Array => new Uint8Array(value.buffer, value.byteOffset, value.length);

const toPair = (row: KeyRow): StoredKeyPair => ({
  privateKey: bytes(row.private_key),
  publicKey: bytes(row.public_key),
});

/** Our own keys. Deleted ones are overwritten in the file (secure_delete); the log is emptied by `scrubLog`. */
export class OmemoKeyStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Undefined where the account has no keys yet. */
  own(accountId: AccountId): OwnOmemoDevice | undefined {
    const row = this.#database.one<KeyRow & { device_id: DeviceId; published: number }>(
      'SELECT device_id, private_key, public_key, published FROM omemo_own WHERE account_id = $accountId',
      { accountId },
    );
    return row && { deviceId: row.device_id, identity: toPair(row), published: row.published === 1 };
  }

  /** @throws AppError `storage` where the account has keys already */
  create(accountId: AccountId, deviceId: DeviceId, { privateKey, publicKey }: StoredKeyPair): void {
    this.#database.run(
      `INSERT INTO omemo_own (account_id, device_id, private_key, public_key)
       VALUES ($accountId, $deviceId, $privateKey, $publicKey)`,
      { accountId, deviceId, privateKey, publicKey },
    );
  }

  /** Another device of the account has this id already; only before anything was published. */
  changeDeviceId(accountId: AccountId, deviceId: DeviceId): void {
    this.#database.changeOne(
      'UPDATE omemo_own SET device_id = $deviceId WHERE account_id = $accountId AND published = 0',
      { accountId, deviceId },
    );
  }

  /** @param published whether the server has the bundle that is here */
  setPublished(accountId: AccountId, published: boolean): void {
    this.#database.changeOne('UPDATE omemo_own SET published = $published WHERE account_id = $accountId', {
      accountId,
      published: published ? 1 : 0,
    });
  }

  /** The one to publish; undefined where there is none yet. */
  currentSignedPreKey(accountId: AccountId): StoredSignedPreKey | undefined {
    return this.#signedPreKey('account_id = $accountId ORDER BY created_at DESC, id DESC', { accountId });
  }

  /** Also a previous one that is still kept. */
  signedPreKey(accountId: AccountId, id: number): StoredSignedPreKey | undefined {
    return this.#signedPreKey('account_id = $accountId AND id = $id', { accountId, id });
  }

  /** A new one to publish; the bundle on the server is not that any more. @returns its id */
  addSignedPreKey(
    accountId: AccountId,
    key: StoredKeyPair & Pick<StoredSignedPreKey, 'signature' | 'createdAt'>,
  ): number {
    return this.#database.transaction(() => {
      const id = this.#takeIds(accountId, 'next_signed_prekey_id', 1);
      this.#database.run(
        `INSERT OR REPLACE INTO omemo_signed_prekeys (account_id, id, private_key, public_key, signature, created_at)
         VALUES ($accountId, $id, $privateKey, $publicKey, $signature, $createdAt)`,
        { accountId, id, ...key },
      );
      this.setPublished(accountId, false);
      return id;
    });
  }

  /** Forgets those made before, but never the present one. */
  forgetSignedPreKeys(accountId: AccountId, createdBefore: number): void {
    const current = this.currentSignedPreKey(accountId);
    if (current === undefined) return;
    this.#delete(
      'DELETE FROM omemo_signed_prekeys WHERE account_id = $accountId AND created_at < $createdBefore AND id <> $id',
      { accountId, createdBefore, id: current.id },
    );
  }

  /** The unused ones, which the bundle offers. */
  preKeys(accountId: AccountId): readonly StoredPreKey[] {
    return this.#database
      .all<KeyRow & { id: number }>(
        `SELECT id, private_key, public_key FROM omemo_prekeys
         WHERE account_id = $accountId AND used_at IS NULL ORDER BY id`,
        { accountId },
      )
      .map((row) => ({ id: row.id, ...toPair(row) }));
  }

  countPreKeys(accountId: AccountId): number {
    const sql = 'SELECT count(*) AS n FROM omemo_prekeys WHERE account_id = $accountId AND used_at IS NULL';
    return this.#database.require<{ n: number }>(sql, { accountId }).n;
  }

  /** Also a used one that is still kept. */
  preKey(accountId: AccountId, id: number): StoredKeyPair | undefined {
    const sql =
      'SELECT private_key, public_key FROM omemo_prekeys WHERE account_id = $accountId AND id = $id';
    const row = this.#database.one<KeyRow>(sql, { accountId, id });
    return row && toPair(row);
  }

  /** Adds new ones under ids that were never used; the bundle on the server is not the present one any more. */
  addPreKeys(accountId: AccountId, pairs: readonly StoredKeyPair[]): void {
    this.#database.transaction(() => {
      const first = this.#takeIds(accountId, 'next_prekey_id', pairs.length);
      for (const [index, pair] of pairs.entries()) {
        this.#database.run(
          `INSERT OR REPLACE INTO omemo_prekeys (account_id, id, private_key, public_key)
           VALUES ($accountId, $id, $privateKey, $publicKey)`,
          { accountId, id: first + index, privateKey: pair.privateKey, publicKey: pair.publicKey },
        );
      }
      this.setPublished(accountId, false);
    });
  }

  /** A peer has used it: it is offered no more. */
  usePreKey(accountId: AccountId, id: number, at: number): void {
    this.#database.transaction(() => {
      this.#database.run(
        'UPDATE omemo_prekeys SET used_at = $at WHERE account_id = $accountId AND id = $id AND used_at IS NULL',
        { accountId, id, at },
      );
      this.setPublished(accountId, false);
    });
  }

  /** Deletes what was used, when all messages that may need it have been read. */
  forgetUsedPreKeys(accountId: AccountId): void {
    this.#delete('DELETE FROM omemo_prekeys WHERE account_id = $accountId AND used_at IS NOT NULL', {
      accountId,
    });
  }

  #signedPreKey(
    where: string,
    parameters: Readonly<Record<string, string | number>>,
  ): StoredSignedPreKey | undefined {
    const row = this.#database.one<KeyRow & { id: number; signature: Uint8Array; created_at: number }>(
      `SELECT id, private_key, public_key, signature, created_at FROM omemo_signed_prekeys WHERE ${where} LIMIT 1`,
      parameters,
    );
    return row && { id: row.id, ...toPair(row), signature: bytes(row.signature), createdAt: row.created_at };
  }

  /** Ids begin again at 1 when there are no greater ones. @returns the first of so many */
  #takeIds(accountId: AccountId, column: 'next_prekey_id' | 'next_signed_prekey_id', count: number): number {
    const sql = `SELECT ${column} AS next FROM omemo_own WHERE account_id = $accountId`;
    const { next } = this.#database.require<{ next: number }>(sql, { accountId });
    const first = next + count - 1 > MAX_ID ? 1 : next;
    this.#database.changeOne(`UPDATE omemo_own SET ${column} = $after WHERE account_id = $accountId`, {
      accountId,
      after: first + count,
    });
    return first;
  }

  /** A private key must not stay readable in the log. */
  #delete(sql: string, parameters: Readonly<Record<string, string | number>>): void {
    if (this.#database.run(sql, parameters) > 0) this.#database.scrubLog();
  }
}

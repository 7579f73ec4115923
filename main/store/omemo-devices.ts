import type { AccountId, DeviceId } from '#shared/ids.ts';
import type { Trust } from '#shared/omemo.ts';
import type { Database } from './database.ts';

/** A device of a contact, or of the account itself. */
export interface OmemoDeviceRow {
  readonly deviceId: DeviceId;
  /** Undefined until a bundle or a message has told it. */
  readonly identityKey: Uint8Array | undefined;
  /** Another key that somebody has offered for this device. */
  readonly offeredKey: Uint8Array | undefined;
  /** When it was offered. */
  readonly offeredAt: number | undefined;
  /** Whether the owner's list names it. */
  readonly listed: boolean;
  /** Whether it was there when the first list of this address came. */
  readonly firstList: boolean;
  readonly firstSeen: number;
  /** When a message of it was read last. */
  readonly lastHeard: number | undefined;
  /** Trust in its identity key; undefined while that is not known. */
  readonly trust: Trust | undefined;
  /** What the user calls it; empty where they gave it no name. */
  readonly label: string;
  /** The resource with which it wrote last, where it is ChatSecure for iOS. */
  readonly chatSecure: string | undefined;
}

/** What a list has changed. */
export interface ListChange {
  readonly added: readonly DeviceId[];
  readonly removed: readonly DeviceId[];
  /** No device of the address was known before. */
  readonly first: boolean;
}

export type PinResult =
  /** The key is known from now on. */
  | 'pinned'
  | 'same'
  /** Another one is known: that stays, and this one is kept as an offer for the user to decide. */
  | 'changed';

interface Row {
  readonly device_id: DeviceId;
  readonly identity_key: Uint8Array | null;
  readonly offered_key: Uint8Array | null;
  readonly offered_at: number | null;
  readonly listed: number;
  readonly first_list: number;
  readonly first_seen: number;
  readonly last_heard: number | null;
  readonly trust: Trust | null;
  readonly label: string;
  readonly chatsecure: string | null;
}

const bytes = (value: Uint8Array | null): Uint8Array | undefined =>
  value === null ? undefined : new Uint8Array(value.buffer, value.byteOffset, value.length);

const toDevice = (row: Row): OmemoDeviceRow => ({
  deviceId: row.device_id,
  identityKey: bytes(row.identity_key),
  offeredKey: bytes(row.offered_key),
  offeredAt: row.offered_at ?? undefined,
  listed: row.listed === 1,
  firstList: row.first_list === 1,
  firstSeen: row.first_seen,
  lastHeard: row.last_heard ?? undefined,
  trust: row.trust ?? undefined,
  label: row.label,
  chatSecure: row.chatsecure ?? undefined,
});

const select = `SELECT d.device_id, d.identity_key, d.offered_key, d.offered_at, d.listed, d.first_list, d.first_seen,
    d.last_heard, d.label, d.chatsecure, i.trust
  FROM omemo_devices d LEFT JOIN omemo_identities i
    ON i.account_id = d.account_id AND i.jid = d.jid AND i.identity_key = d.identity_key
  WHERE d.account_id = $accountId AND d.jid = $jid`;

/** Devices that are there and wait for the user: nobody has decided about their key, or another one was offered. */
const waitingFrom = `FROM omemo_devices d LEFT JOIN omemo_identities i
    ON i.account_id = d.account_id AND i.jid = d.jid AND i.identity_key = d.identity_key
  WHERE d.listed = 1 AND (i.trust = 'undecided' OR d.offered_key IS NOT NULL)`;

/** Devices and the trust in their keys. Times are milliseconds since 1970, UTC; addresses are bare. */
export class OmemoDeviceStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** All that are or were ever known, in the order in which they came. */
  list(accountId: AccountId, jid: string): readonly OmemoDeviceRow[] {
    const sql = `${select} ORDER BY d.first_seen, d.device_id`;
    return this.#database.all<Row>(sql, { accountId, jid }).map(toDevice);
  }

  get(accountId: AccountId, jid: string, deviceId: DeviceId): OmemoDeviceRow | undefined {
    const row = this.#database.one<Row>(`${select} AND d.device_id = $deviceId`, {
      accountId,
      jid,
      deviceId,
    });
    return row && toDevice(row);
  }

  /** When an address has last told its list, empty or not; undefined where it was never asked or never said. */
  toldAt(accountId: AccountId, jid: string): number | undefined {
    const sql = 'SELECT told_at FROM omemo_lists WHERE account_id = $accountId AND jid = $jid';
    return this.#database.one<{ told_at: number }>(sql, { accountId, jid })?.told_at;
  }

  /** Takes over a list of its owner. An empty one says that there are no devices now, and nothing about trust. */
  receiveList(accountId: AccountId, jid: string, ids: readonly DeviceId[], at: number): ListChange {
    return this.#database.transaction(() => {
      this.#database.run(
        `INSERT INTO omemo_lists (account_id, jid, told_at) VALUES ($accountId, $jid, $at)
         ON CONFLICT (account_id, jid) DO UPDATE SET told_at = $at`,
        { accountId, jid, at },
      );
      const known = new Map(this.list(accountId, jid).map((device) => [device.deviceId, device]));
      const listed = new Set(ids);
      const added = [...listed].filter((id) => known.get(id)?.listed !== true);
      const removed = [...known.values()].filter((device) => device.listed && !listed.has(device.deviceId));
      const first = known.size === 0;
      for (const deviceId of added) {
        this.#database.run(
          `INSERT INTO omemo_devices (account_id, jid, device_id, listed, first_list, first_seen)
           VALUES ($accountId, $jid, $deviceId, 1, $first, $at)
           ON CONFLICT (account_id, jid, device_id) DO UPDATE SET listed = 1`,
          { accountId, jid, deviceId, first: first ? 1 : 0, at },
        );
      }
      for (const { deviceId } of removed) {
        this.#database.changeOne(
          `UPDATE omemo_devices SET listed = 0
           WHERE account_id = $accountId AND jid = $jid AND device_id = $deviceId`,
          { accountId, jid, deviceId },
        );
      }
      return { added, removed: removed.map(({ deviceId }) => deviceId), first };
    });
  }

  /** A device that has written before any list named it; nothing where it is known. */
  addUnlisted(accountId: AccountId, jid: string, deviceId: DeviceId, at: number): void {
    const first = this.list(accountId, jid).length === 0 ? 1 : 0;
    this.#database.run(
      `INSERT INTO omemo_devices (account_id, jid, device_id, listed, first_list, first_seen)
       VALUES ($accountId, $jid, $deviceId, 0, $first, $at) ON CONFLICT DO NOTHING`,
      { accountId, jid, deviceId, first, at },
    );
  }

  /**
   * The identity key of a known device. The first one is pinned; another one never replaces it.
   * @param trust of a key that was never seen with this address
   */
  pin(
    accountId: AccountId,
    jid: string,
    deviceId: DeviceId,
    identityKey: Uint8Array,
    trust: Trust,
    at: number,
  ): PinResult {
    return this.#database.transaction(() => {
      const pinned = this.get(accountId, jid, deviceId)?.identityKey;
      if (pinned !== undefined && Buffer.from(pinned).equals(identityKey)) return 'same';
      const column =
        pinned === undefined ? 'identity_key = $identityKey' : 'offered_key = $identityKey, offered_at = $at';
      this.#database.changeOne(
        `UPDATE omemo_devices SET ${column} WHERE account_id = $accountId AND jid = $jid AND device_id = $deviceId`,
        pinned === undefined
          ? { accountId, jid, deviceId, identityKey }
          : { accountId, jid, deviceId, identityKey, at },
      );
      if (pinned !== undefined) return 'changed';
      this.#database.run(
        `INSERT INTO omemo_identities (account_id, jid, identity_key, trust, first_seen)
         VALUES ($accountId, $jid, $identityKey, $trust, $at) ON CONFLICT DO NOTHING`,
        { accountId, jid, identityKey, trust, at },
      );
      return 'pinned';
    });
  }

  /**
   * The user has decided for the key that was offered; sessions with the old one are to be forgotten too.
   * @throws AppError `not-found` where none was
   */
  acceptOffered(accountId: AccountId, jid: string, deviceId: DeviceId, trust: Trust, at: number): void {
    this.#database.transaction(() => {
      this.#database.changeOne(
        `UPDATE omemo_devices SET identity_key = offered_key, offered_key = NULL, offered_at = NULL
         WHERE account_id = $accountId AND jid = $jid AND device_id = $deviceId AND offered_key IS NOT NULL`,
        { accountId, jid, deviceId },
      );
      const identityKey = this.get(accountId, jid, deviceId)?.identityKey ?? null;
      this.#database.run(
        `INSERT INTO omemo_identities (account_id, jid, identity_key, trust, first_seen, decided_at)
         VALUES ($accountId, $jid, $identityKey, $trust, $at, $at)
         ON CONFLICT (account_id, jid, identity_key) DO UPDATE SET trust = $trust, decided_at = $at`,
        { accountId, jid, identityKey, trust, at },
      );
    });
  }

  /** The user keeps the key that is known. */
  dismissOffered(accountId: AccountId, jid: string, deviceId: DeviceId): void {
    this.#database.run(
      `UPDATE omemo_devices SET offered_key = NULL, offered_at = NULL
       WHERE account_id = $accountId AND jid = $jid AND device_id = $deviceId`,
      { accountId, jid, deviceId },
    );
  }

  /** What the user calls a device. @throws AppError `not-found` */
  setLabel(accountId: AccountId, jid: string, deviceId: DeviceId, label: string): void {
    this.#database.changeOne(
      `UPDATE omemo_devices SET label = $label
       WHERE account_id = $accountId AND jid = $jid AND device_id = $deviceId`,
      { accountId, jid, deviceId, label },
    );
  }

  /** A message of the device was read. */
  noteHeard(accountId: AccountId, jid: string, deviceId: DeviceId, at: number): void {
    this.#database.run(
      `UPDATE omemo_devices SET last_heard = max(coalesce(last_heard, 0), $at)
       WHERE account_id = $accountId AND jid = $jid AND device_id = $deviceId`,
      { accountId, jid, deviceId, at },
    );
  }

  /** @param resource undefined where it is another client */
  noteChatSecure(accountId: AccountId, jid: string, deviceId: DeviceId, resource: string | undefined): void {
    this.#database.run(
      `UPDATE omemo_devices SET chatsecure = $resource
       WHERE account_id = $accountId AND jid = $jid AND device_id = $deviceId AND chatsecure IS NOT $resource`,
      { accountId, jid, deviceId, resource: resource ?? null },
    );
  }

  /** The decision of the user about a key. @throws AppError `not-found` */
  setTrust(accountId: AccountId, jid: string, identityKey: Uint8Array, trust: Trust, at: number): void {
    this.#database.changeOne(
      `UPDATE omemo_identities SET trust = $trust, decided_at = $at
       WHERE account_id = $accountId AND jid = $jid AND identity_key = $identityKey`,
      { accountId, jid, identityKey, trust, at },
    );
  }

  /** Addresses with devices about which the user has not decided, each as `account jid`. */
  waiting(): ReadonlySet<string> {
    const sql = `SELECT DISTINCT d.account_id AS accountId, d.jid ${waitingFrom}`;
    const rows = this.#database.all<{ accountId: AccountId; jid: string }>(sql, {});
    return new Set(rows.map(({ accountId, jid }) => `${accountId} ${jid}`));
  }

  /** Whether one of the devices of an address waits for the user. */
  isWaiting(accountId: AccountId, jid: string): boolean {
    const sql = `SELECT 1 ${waitingFrom} AND d.account_id = $accountId AND d.jid = $jid LIMIT 1`;
    return this.#database.one(sql, { accountId, jid }) !== undefined;
  }

  /** Whether a key is known as that of another address. */
  belongsToAnother(accountId: AccountId, jid: string, identityKey: Uint8Array): boolean {
    const sql = `SELECT 1 FROM omemo_identities
      WHERE account_id = $accountId AND jid <> $jid AND identity_key = $identityKey LIMIT 1`;
    return this.#database.one(sql, { accountId, jid, identityKey }) !== undefined;
  }

  /** Whether a key of the address was ever verified, which ends blind trust. */
  hasVerified(accountId: AccountId, jid: string): boolean {
    const sql = `SELECT 1 FROM omemo_identities
      WHERE account_id = $accountId AND jid = $jid AND trust = 'verified' LIMIT 1`;
    return this.#database.one(sql, { accountId, jid }) !== undefined;
  }
}

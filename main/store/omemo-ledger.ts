import type { AccountId, DeviceId, MessageId } from '#shared/ids.ts';
import type { RecipientOutcome, UnreadableReason } from '#shared/omemo.ts';
import type { Database } from './database.ts';

/** What became of a message for one device. */
export interface RecipientEntry {
  /** Bare address of the owner. */
  readonly jid: string;
  readonly deviceId: DeviceId;
  /** As it was when the message was encrypted; undefined where it was not known. */
  readonly identityKey: Uint8Array | undefined;
  readonly outcome: RecipientOutcome;
}

export interface SenderEntry {
  readonly deviceId: DeviceId;
  readonly identityKey: Uint8Array;
}

/** Why a message could not be read. */
export interface UnreadableEntry {
  readonly reason: UnreadableReason;
  /** Which device it says has written it; undefined where it does not say. */
  readonly deviceId: DeviceId | undefined;
}

/** A device that writes what cannot be read. */
export interface BrokenDevice {
  /** Bare address of its owner. */
  readonly jid: string;
  readonly deviceId: DeviceId;
  /** Since something of it was read, or its session was repaired. */
  readonly messages: number;
}

const bytes = (value: Uint8Array): Uint8Array => new Uint8Array(value.buffer, value.byteOffset, value.length);

/** Who could read what we sent, and which device wrote what came. */
export class OmemoLedger {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Replaces what was noted for the message: it may be encrypted again, for others. */
  noteRecipients(messageId: MessageId, entries: readonly RecipientEntry[]): void {
    this.#database.transaction(() => {
      this.#database.run('DELETE FROM omemo_recipients WHERE message_id = $messageId', { messageId });
      for (const { jid, deviceId, identityKey, outcome } of entries) {
        this.#database.run(
          `INSERT INTO omemo_recipients (message_id, jid, device_id, identity_key, outcome)
           VALUES ($messageId, $jid, $deviceId, $identityKey, $outcome)`,
          { messageId, jid, deviceId, identityKey: identityKey ?? null, outcome },
        );
      }
    });
  }

  recipients(messageId: MessageId): readonly RecipientEntry[] {
    return this.#database
      .all<{ jid: string; device_id: DeviceId; identity_key: Uint8Array | null; outcome: RecipientOutcome }>(
        `SELECT jid, device_id, identity_key, outcome FROM omemo_recipients
         WHERE message_id = $messageId ORDER BY jid, device_id`,
        { messageId },
      )
      .map((row) => ({
        jid: row.jid,
        deviceId: row.device_id,
        identityKey: row.identity_key === null ? undefined : bytes(row.identity_key),
        outcome: row.outcome,
      }));
  }

  noteSender(messageId: MessageId, { deviceId, identityKey }: SenderEntry): void {
    this.#database.run(
      `INSERT INTO omemo_senders (message_id, device_id, identity_key)
       VALUES ($messageId, $deviceId, $identityKey) ON CONFLICT DO NOTHING`,
      { messageId, deviceId, identityKey },
    );
  }

  /** Undefined for what did not come by OMEMO. */
  sender(messageId: MessageId): SenderEntry | undefined {
    const sql = 'SELECT device_id, identity_key FROM omemo_senders WHERE message_id = $messageId';
    const row = this.#database.one<{ device_id: DeviceId; identity_key: Uint8Array }>(sql, { messageId });
    return row && { deviceId: row.device_id, identityKey: bytes(row.identity_key) };
  }

  /** Replaces what was noted before: a repair may have failed for another reason. */
  noteUnreadable(messageId: MessageId, { reason, deviceId }: UnreadableEntry): void {
    this.#database.run(
      `INSERT INTO omemo_unreadable (message_id, device_id, reason) VALUES ($messageId, $deviceId, $reason)
       ON CONFLICT (message_id) DO UPDATE SET device_id = $deviceId, reason = $reason`,
      { messageId, deviceId: deviceId ?? null, reason },
    );
  }

  /** Undefined for what was read, and where nothing is known. */
  unreadable(messageId: MessageId): UnreadableEntry | undefined {
    const sql = 'SELECT device_id, reason FROM omemo_unreadable WHERE message_id = $messageId';
    const row = this.#database.one<{ device_id: DeviceId | null; reason: UnreadableReason }>(sql, {
      messageId,
    });
    return row && { reason: row.reason, deviceId: row.device_id ?? undefined };
  }

  /** It was read after all. */
  forgetUnreadable(messageId: MessageId): void {
    this.#database.run('DELETE FROM omemo_unreadable WHERE message_id = $messageId', { messageId });
  }

  /** Devices of which something could not be read for want of a key, and nothing was read since. */
  brokenDevices(accountId: AccountId): readonly BrokenDevice[] {
    return this.#database
      .all<{ jid: string; device_id: DeviceId; messages: number }>(
        `SELECT m.sender_jid AS jid, u.device_id, count(*) AS messages
         FROM omemo_unreadable u JOIN messages m ON m.id = u.message_id JOIN chats c ON c.id = m.chat_id
         JOIN omemo_devices d
           ON d.account_id = c.account_id AND d.jid = m.sender_jid AND d.device_id = u.device_id
         LEFT JOIN omemo_sessions s
           ON s.account_id = d.account_id AND s.jid = d.jid AND s.device_id = d.device_id
         WHERE c.account_id = $accountId AND u.reason IN ('no-key', 'key-reused')
           AND m.at > max(coalesce(d.last_heard, 0), coalesce(s.healed_at, 0))
         GROUP BY m.sender_jid, u.device_id ORDER BY m.sender_jid, u.device_id`,
        { accountId },
      )
      .map(({ jid, device_id: deviceId, messages }) => ({ jid, deviceId, messages }));
  }
}

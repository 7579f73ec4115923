import { AppError } from '#shared/errors.ts';
import type { AccountId, ChatId, MessageId } from '#shared/ids.ts';
import type { Database } from './database.ts';
import { columns, type OutboxRow } from './rows.ts';

declare const brand: unique symbol;
/** Ascending in the order in which entries must be sent. */
export type OutboxId = number & { readonly [brand]: 'OutboxId' };

/** What waits to be sent: for now messages, later receipts and markers too. */
export type OutboxKind = 'message';

export interface OutboxEntry {
  readonly id: OutboxId;
  readonly accountId: AccountId;
  readonly chatId: ChatId;
  readonly messageId: MessageId | undefined;
  readonly kind: OutboxKind;
  readonly createdAt: number;
  /** How often it was given to a stream. */
  readonly attempts: number;
  /** The sealed stanza, serialised: every attempt sends the same. */
  readonly stanza: string | undefined;
}

export interface NewOutboxEntry {
  readonly chatId: ChatId;
  readonly messageId?: MessageId | undefined;
  readonly kind: OutboxKind;
  readonly createdAt: number;
}

const all = columns.outbox.join(', ');

const toEntry = (row: OutboxRow): OutboxEntry => ({
  id: row.id as OutboxId,
  accountId: row.account_id,
  chatId: row.chat_id,
  messageId: row.message_id ?? undefined,
  kind: row.kind as OutboxKind,
  createdAt: row.created_at,
  attempts: row.attempts,
  stanza: row.stanza ?? undefined,
});

/** What must still reach the server. An entry stays until the server has acknowledged it or the message failed. */
export class OutboxStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Adds an entry behind all others. @throws AppError `not-found` where there is no such chat */
  add(entry: NewOutboxEntry): OutboxEntry {
    const sql = 'SELECT account_id FROM chats WHERE id = $chatId';
    const chat = this.#database.one<Pick<OutboxRow, 'account_id'>>(sql, { chatId: entry.chatId });
    if (chat === undefined) throw new AppError('not-found', 'no such chat');
    const id = this.#database.insert(
      `INSERT INTO outbox (account_id, chat_id, message_id, kind, created_at)
       VALUES ($accountId, $chatId, $messageId, $kind, $createdAt)`,
      {
        accountId: chat.account_id,
        chatId: entry.chatId,
        messageId: entry.messageId ?? null,
        kind: entry.kind,
        createdAt: entry.createdAt,
      },
    );
    return this.#require(id as OutboxId);
  }

  /**
   * The oldest entry of an account, or the oldest after one that is already on its way.
   * @param after the entry that was given to the stream last
   */
  next(accountId: AccountId, after?: OutboxId): OutboxEntry | undefined {
    const sql = `SELECT ${all} FROM outbox WHERE account_id = $accountId AND id > $after ORDER BY id LIMIT 1`;
    const row = this.#database.one<OutboxRow>(sql, { accountId, after: after ?? 0 });
    return row === undefined ? undefined : toEntry(row);
  }

  /** The entry of a message, while it has one. */
  ofMessage(messageId: MessageId): OutboxEntry | undefined {
    const sql = `SELECT ${all} FROM outbox WHERE message_id = $messageId`;
    const row = this.#database.one<OutboxRow>(sql, { messageId });
    return row === undefined ? undefined : toEntry(row);
  }

  /**
   * Keeps the sealed stanza, so that a repetition sends the same ciphertext. Once for each entry.
   * @throws AppError `not-found` where there is no such entry, or it is sealed already
   */
  storeSealed(id: OutboxId, stanza: string): void {
    this.#database.changeOne('UPDATE outbox SET stanza = $stanza WHERE id = $id AND stanza IS NULL', {
      id,
      stanza,
    });
  }

  /** Counts one more attempt. @returns their number */
  countAttempt(id: OutboxId): number {
    this.#database.changeOne('UPDATE outbox SET attempts = attempts + 1 WHERE id = $id', { id });
    return this.#require(id).attempts;
  }

  /** @returns whether the entry was still there */
  remove(id: OutboxId): boolean {
    return this.#database.run('DELETE FROM outbox WHERE id = $id', { id }) > 0;
  }

  /** Removes the entry of a message. @returns whether there was one */
  removeOf(messageId: MessageId): boolean {
    return this.#database.run('DELETE FROM outbox WHERE message_id = $messageId', { messageId }) > 0;
  }

  countWaiting(accountId: AccountId): number {
    const sql = 'SELECT count(*) AS waiting FROM outbox WHERE account_id = $accountId';
    return this.#database.one<{ waiting: number }>(sql, { accountId })?.waiting ?? 0;
  }

  #require(id: OutboxId): OutboxEntry {
    const row = this.#database.one<OutboxRow>(`SELECT ${all} FROM outbox WHERE id = $id`, { id });
    if (row === undefined) throw new AppError('not-found', 'no such outbox entry');
    return toEntry(row);
  }
}

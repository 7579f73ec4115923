import { AppError } from '#shared/errors.ts';
import type { AccountId, ChatId, MessageId } from '#shared/ids.ts';
import type { Database } from './database.ts';
import { PLACE_STEP } from './placement.ts';
import { columns, type OutboxRow } from './rows.ts';
import type { Revisions } from './revisions.ts';
import type { SearchIndex } from './search-index.ts';

declare const brand: unique symbol;
/** Ascending in the order in which entries must be sent. An entry whose time has come gets a new one. */
export type OutboxId = number & { readonly [brand]: 'OutboxId' };

export type OutboxKind = 'message' | 'edit' | 'retraction' | 'reaction' | 'receipt' | 'marker';

export interface OutboxEntry {
  readonly id: OutboxId;
  readonly accountId: AccountId;
  readonly chatId: ChatId;
  /** The message that this entry sends; only of kind `message`. */
  readonly messageId: MessageId | undefined;
  /** The message that the other kinds are about; undefined also where it was deleted meanwhile. */
  readonly aboutId: MessageId | undefined;
  readonly kind: OutboxKind;
  /** What the sender of this kind needs, in its own form. */
  readonly payload: unknown;
  readonly createdAt: number;
  /** Waits until then, milliseconds since 1970; undefined once it is its turn. */
  readonly notBefore: number | undefined;
  /** How often it was given to a stream. */
  readonly attempts: number;
  /** The sealed stanza, serialised: every attempt sends the same. */
  readonly stanza: string | undefined;
  /** The count of stanzas on its stream with this one (XEP-0198); undefined where it is not on its way. */
  readonly position: number | undefined;
}

export interface NewOutboxEntry {
  readonly chatId: ChatId;
  readonly messageId?: MessageId | undefined;
  readonly aboutId?: MessageId | undefined;
  readonly kind: OutboxKind;
  /** Any JSON value. */
  readonly payload?: unknown;
  readonly createdAt: number;
  readonly notBefore?: number | undefined;
}

const all = columns.outbox.join(', ');

const toEntry = (row: OutboxRow): OutboxEntry => ({
  id: row.id as OutboxId,
  accountId: row.account_id,
  chatId: row.chat_id,
  messageId: row.message_id ?? undefined,
  aboutId: row.about_id ?? undefined,
  kind: row.kind as OutboxKind,
  payload: row.payload === null ? undefined : (JSON.parse(row.payload) as unknown),
  createdAt: row.created_at,
  notBefore: row.not_before ?? undefined,
  attempts: row.attempts,
  stanza: row.stanza ?? undefined,
  position: row.stream_position ?? undefined,
});

const toPayload = (payload: unknown): string | null =>
  payload === undefined ? null : JSON.stringify(payload);

/**
 * What must still reach the server. An entry stays until the server has acknowledged it or the message
 * failed. Scheduled entries stand beside the queue and join its end when their time has come: they hold
 * nothing up.
 */
export class OutboxStore {
  readonly #database: Database;
  readonly #revisions: Revisions;
  readonly #search: Pick<SearchIndex, 'rewriting'>;

  constructor(database: Database, revisions: Revisions, search: Pick<SearchIndex, 'rewriting'>) {
    this.#database = database;
    this.#revisions = revisions;
    this.#search = search;
  }

  /**
   * Adds an entry behind all others. What is said about a message that waits for its time waits with it, or it
   * would overtake it. @throws AppError `not-found` where there is no such chat
   */
  add(entry: NewOutboxEntry): OutboxEntry {
    const sql = 'SELECT account_id FROM chats WHERE id = $chatId';
    const chat = this.#database.one<Pick<OutboxRow, 'account_id'>>(sql, { chatId: entry.chatId });
    if (chat === undefined) throw new AppError('not-found', 'no such chat');
    const about = entry.aboutId === undefined ? undefined : this.ofMessage(entry.aboutId);
    const id = this.#database.insert(
      `INSERT INTO outbox (account_id, chat_id, message_id, about_id, kind, payload, created_at, not_before)
       VALUES ($accountId, $chatId, $messageId, $aboutId, $kind, $payload, $createdAt, $notBefore)`,
      {
        accountId: chat.account_id,
        chatId: entry.chatId,
        messageId: entry.messageId ?? null,
        aboutId: entry.aboutId ?? null,
        kind: entry.kind,
        payload: toPayload(entry.payload),
        createdAt: entry.createdAt,
        notBefore: entry.notBefore ?? about?.notBefore ?? null,
      },
    );
    return this.require(id as OutboxId);
  }

  get(id: OutboxId): OutboxEntry | undefined {
    const row = this.#database.one<OutboxRow>(`SELECT ${all} FROM outbox WHERE id = $id`, { id });
    return row === undefined ? undefined : toEntry(row);
  }

  /** @throws AppError `not-found` */
  require(id: OutboxId): OutboxEntry {
    const entry = this.get(id);
    if (entry === undefined) throw new AppError('not-found', 'no such outbox entry');
    return entry;
  }

  /**
   * The oldest entry of an account whose turn it is, or the oldest after one that is already on its way.
   * @param after the entry that was given to the stream last
   * @param now milliseconds since 1970: what was scheduled up to then joins the queue first
   */
  next(accountId: AccountId, after?: OutboxId, now?: number): OutboxEntry | undefined {
    if (now !== undefined) this.#release(accountId, now);
    const sql = `SELECT ${all} FROM outbox
      WHERE account_id = $accountId AND id > $after AND not_before IS NULL ORDER BY id LIMIT 1`;
    const row = this.#database.one<OutboxRow>(sql, { accountId, after: after ?? 0 });
    return row === undefined ? undefined : toEntry(row);
  }

  /** When the next scheduled entry is due; undefined where none waits for its time. */
  nextDueAt(accountId: AccountId): number | undefined {
    const sql = `SELECT min(not_before) AS due FROM outbox
      WHERE account_id = $accountId AND not_before IS NOT NULL`;
    return this.#database.one<{ due: number | null }>(sql, { accountId })?.due ?? undefined;
  }

  /** The entry of a message, while it has one. */
  ofMessage(messageId: MessageId): OutboxEntry | undefined {
    const sql = `SELECT ${all} FROM outbox WHERE message_id = $messageId`;
    const row = this.#database.one<OutboxRow>(sql, { messageId });
    return row === undefined ? undefined : toEntry(row);
  }

  /** The entries about a message (edits, reactions and so on) that have not left, oldest first. */
  about(messageId: MessageId): readonly OutboxEntry[] {
    const sql = `SELECT ${all} FROM outbox WHERE about_id = $messageId ORDER BY id`;
    return this.#database.all<OutboxRow>(sql, { messageId }).map(toEntry);
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

  /**
   * Takes an entry back before it has been sealed; what is sealed may have left already. The message of the
   * entry stays: see `MessageStore.withdraw`.
   * @returns the entry; undefined where it has left, or was never there
   */
  cancel(id: OutboxId): OutboxEntry | undefined {
    return this.#database.transaction(() => {
      const entry = this.get(id);
      const sql = 'DELETE FROM outbox WHERE id = $id AND stanza IS NULL';
      return this.#database.run(sql, { id }) > 0 ? entry : undefined;
    });
  }

  /**
   * Another time for an entry that has not been sealed. What leaves now becomes a message of now.
   * @param notBefore undefined: as soon as possible, behind what waits already
   * @param now milliseconds since 1970: the time of a message that does not wait any longer
   * @returns the entry, with a new id; undefined where it has left, or was never there
   */
  reschedule(id: OutboxId, notBefore: number | undefined, now?: number): OutboxEntry | undefined {
    return this.#database.transaction(() => {
      const entry = this.get(id);
      if (entry === undefined || entry.stanza !== undefined) return undefined;
      const renewed = this.#move(id, notBefore);
      if (notBefore === undefined && now !== undefined) this.#depart(renewed, now);
      return this.require(renewed);
    });
  }

  /** @returns false where the entry has been sealed, or was never there */
  setPayload(id: OutboxId, payload: unknown): boolean {
    const sql = 'UPDATE outbox SET payload = $payload WHERE id = $id AND stanza IS NULL';
    return this.#database.run(sql, { id, payload: toPayload(payload) }) > 0;
  }

  /** Notes the count of stanzas on the stream with this one; see `onTheirWay`. */
  setPosition(id: OutboxId, position: number): void {
    this.#database.changeOne('UPDATE outbox SET stream_position = $position WHERE id = $id', {
      id,
      position,
    });
  }

  /** The entries that were given to a stream with stream management, in that order. */
  onTheirWay(accountId: AccountId): readonly OutboxEntry[] {
    const sql = `SELECT ${all} FROM outbox
      WHERE account_id = $accountId AND stream_position IS NOT NULL ORDER BY id`;
    return this.#database.all<OutboxRow>(sql, { accountId }).map(toEntry);
  }

  /** None is on its way any more: the stream is another one. */
  clearPositions(accountId: AccountId): void {
    const sql = `UPDATE outbox SET stream_position = NULL
      WHERE account_id = $accountId AND stream_position IS NOT NULL`;
    this.#database.run(sql, { accountId });
  }

  /** Counts one more attempt. @returns their number */
  countAttempt(id: OutboxId): number {
    this.#database.changeOne('UPDATE outbox SET attempts = attempts + 1 WHERE id = $id', { id });
    return this.require(id).attempts;
  }

  /** @returns whether the entry was still there */
  remove(id: OutboxId): boolean {
    return this.#database.run('DELETE FROM outbox WHERE id = $id', { id }) > 0;
  }

  /** Removes the entry of a message. @returns whether there was one */
  removeOf(messageId: MessageId): boolean {
    return this.#database.run('DELETE FROM outbox WHERE message_id = $messageId', { messageId }) > 0;
  }

  /** All that has not reached the server, scheduled entries included. */
  countWaiting(accountId: AccountId): number {
    const sql = 'SELECT count(*) AS waiting FROM outbox WHERE account_id = $accountId';
    return this.#database.one<{ waiting: number }>(sql, { accountId })?.waiting ?? 0;
  }

  /** Whoever walks along the ids has passed the old one: what joins the queue gets one behind all others. */
  #release(accountId: AccountId, now: number): void {
    const sql = `SELECT id FROM outbox WHERE account_id = $accountId AND not_before <= $now
      ORDER BY not_before, id`;
    const due = this.#database.all<Pick<OutboxRow, 'id'>>(sql, { accountId, now });
    if (due.length === 0) return;
    this.#database.transaction(() => {
      // What is said about a message has left the row with it.
      for (const { id } of due)
        if (this.get(id as OutboxId) !== undefined) this.#depart(this.#move(id, undefined), now);
    });
  }

  /** Gives an entry another time, and what is said about its message with it. @returns its new id */
  #move(id: number, notBefore: number | undefined): OutboxId {
    const renewed = this.#renew(id, notBefore);
    const { messageId = null } = this.require(renewed);
    const sql = 'SELECT id FROM outbox WHERE about_id = $messageId AND not_before IS NOT NULL ORDER BY id';
    for (const about of this.#database.all<Pick<OutboxRow, 'id'>>(sql, { messageId }))
      this.#renew(about.id, notBefore);
    return renewed;
  }

  /** A message that waited for its time is of now, and stands behind what has come meanwhile. */
  #depart(id: OutboxId, now: number): void {
    this.#search.rewriting(() =>
      this.#database.run(
        `UPDATE messages SET at = $now, sort_at = (
           SELECT CASE WHEN max(o.sort_at) < $now THEN $now ELSE max(o.sort_at) + $step END
           FROM messages o WHERE o.chat_id = messages.chat_id)
         WHERE id = (SELECT message_id FROM outbox WHERE id = $id)`,
        { id, now, step: PLACE_STEP },
      ),
    );
  }

  #renew(id: number, notBefore: number | undefined): OutboxId {
    const old = this.#database.one<OutboxRow>(`SELECT ${all} FROM outbox WHERE id = $id`, { id });
    if (old === undefined) throw new AppError('not-found', 'no such outbox entry');
    this.#database.changeOne('DELETE FROM outbox WHERE id = $id', { id });
    const { id: _, ...row } = { ...old, not_before: notBefore ?? null };
    const names = Object.keys(row);
    const sql = `INSERT INTO outbox (${names.join(', ')}) VALUES (${names.map((name) => `$${name}`).join(', ')})`;
    // How long a message waits is a part of what windows show of it.
    this.#database.run('UPDATE messages SET rev = $rev WHERE id = $messageId', {
      messageId: old.message_id,
      rev: this.#revisions.next(),
    });
    return this.#database.insert(sql, row) as OutboxId;
  }
}

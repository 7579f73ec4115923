import type { AccountId, ChatId, MessageId } from '#shared/ids.ts';
import type { ChatStore } from './chats.ts';
import type { Database } from './database.ts';
import type { DeletedIds, DeletionMemory } from './deletion-memory.ts';
import { PLACE_STEP } from './placement.ts';
import { leaveReadPosition } from './read-position.ts';
import type { ChatRow, MessageRow } from './rows.ts';
import type { SearchIndex } from './search-index.ts';

export interface DeletionParts {
  readonly chats: Pick<ChatStore, 'touch'>;
  readonly memory: DeletionMemory;
  readonly search: Pick<
    SearchIndex,
    'purging' | 'rewriting' | 'purgeLater' | 'purgeSlice' | 'isPurgePending'
  >;
}

interface Job {
  readonly id: number;
  readonly chat_id: ChatId;
  readonly up_to: number;
  readonly with_chat: number;
}

const DAY_MS = 86_400_000;
/** Small enough for a slice of the main thread. */
const ROWS_PER_SLICE = 100;
/** The words of so many rows are taken out of the index one by one; of more, by merging all of it. */
const FEW_ROWS = 500;
const FEW_ROWS_PER_SLICE = 3;

/** Behind every place. */
const EVERYTHING = Number.MAX_SAFE_INTEGER;

const isWaiting = `EXISTS (SELECT 1 FROM outbox o WHERE o.message_id = m.id)`;
const doomed = `FROM messages m WHERE m.chat_id = $chatId AND m.sort_at <= $upTo AND ($withChat = 1 OR NOT ${isWaiting})`;

/**
 * The user's control over the history. What is deleted leaves tables, search index, free pages and log:
 * after `deleteMessage` at once, after the other acts when `slice` has nothing more to do. They are noted on
 * disk and go on after a crash. Nothing of it comes back from the archive.
 */
export class DeletionStore {
  readonly #database: Database;
  readonly #parts: DeletionParts;

  constructor(database: Database, parts: DeletionParts) {
    this.#database = database;
    this.#parts = parts;
  }

  /**
   * Deletes one message here, with its versions and reactions. What waited to be sent of it is not sent, but
   * a retraction still is.
   * @returns whether it was there
   */
  deleteMessage(id: MessageId): boolean {
    return this.#parts.search.purging(() => {
      const sql = 'SELECT chat_id FROM messages WHERE id = $id';
      const message = this.#database.one<Pick<MessageRow, 'chat_id'>>(sql, { id });
      if (message === undefined) return false;
      this.#parts.memory.remember(id);
      leaveReadPosition(this.#database, id);
      this.#database.run(`DELETE FROM outbox WHERE about_id = $id AND kind IN ('edit', 'reaction')`, { id });
      this.#database.changeOne('DELETE FROM messages WHERE id = $id', { id });
      this.#parts.chats.touch(message.chat_id, 0);
      return true;
    });
  }

  /** Whether a message that comes again was deleted here. */
  remembers(chatId: ChatId, message: DeletedIds): boolean {
    return this.#parts.memory.knows(chatId, message);
  }

  /**
   * Whether what is said is about a message that was deleted here.
   * @param refId as the sender refers to it
   * @param place its place in the archive; undefined for what arrives now
   */
  remembersReference(chatId: ChatId, refId: string, place: number | undefined): boolean {
    return this.#parts.memory.knowsReference(chatId, refId, place);
  }

  /** Deletes the history of a chat, but not what still waits to be sent. @throws AppError `not-found` */
  deleteHistory(chatId: ChatId): void {
    this.#database.transaction(() => {
      this.#begin(chatId, this.#endOf(chatId), false);
      this.#parts.chats.touch(chatId, 0);
    });
  }

  /** Deletes a chat with everything in it; no list shows it from now on. @throws AppError `not-found` */
  deleteChat(chatId: ChatId): void {
    this.#database.transaction(() => {
      this.#parts.chats.touch(chatId, 0);
      this.#begin(chatId, this.#endOf(chatId), true);
      this.#database.changeOne(
        `UPDATE chats SET draft = '', pinned = 0, muted_until = NULL WHERE id = $chatId`,
        {
          chatId,
        },
      );
    });
  }

  /** Deletes all chats of an account that was removed, and then the account. */
  deleteAll(accountId: AccountId): void {
    this.#database.transaction(() => {
      this.#database.run(
        `INSERT INTO cleared_history (account_id, chat_jid, up_to)
         SELECT account_id, jid, $everything FROM chats WHERE account_id = $accountId
         ON CONFLICT (account_id, chat_jid) DO UPDATE SET up_to = excluded.up_to`,
        { accountId, everything: EVERYTHING },
      );
      this.#database.run(
        `INSERT INTO deletions (chat_id, up_to, with_chat)
         SELECT id, $everything, 1 FROM chats WHERE account_id = $accountId`,
        { accountId, everything: EVERYTHING },
      );
      this.#forgetAccounts();
    });
  }

  /**
   * Deletes what is older than its chat allows. A chat that keeps nothing loses what has been read; what
   * waits to be sent stays everywhere.
   * @param standard days for the chats without a retention of their own; undefined keeps for ever
   * @returns the chats that lose something
   */
  deleteOlderThan(now: number, standard: number | undefined): readonly ChatId[] {
    return this.#database.transaction(() =>
      this.#database
        .all<Pick<ChatRow, 'id' | 'read_sort_at'> & { readonly days: number }>(
          `SELECT id, read_sort_at, coalesce(retention_days, $standard) AS days FROM chats
           WHERE coalesce(retention_days, $standard) >= 0`,
          { standard: standard ?? null },
        )
        .filter(({ id, read_sort_at, days }) => {
          const upTo = days === 0 ? this.#allReadUpTo(id, read_sort_at) : now - days * DAY_MS;
          const sql = `SELECT 1 ${doomed} LIMIT 1`;
          if (this.#database.one(sql, { chatId: id, upTo, withChat: 0 }) === undefined) return false;
          this.#begin(id, upTo, false);
          return true;
        })
        .map(({ id }) => id),
    );
  }

  /**
   * Does a part of what is to be deleted, some milliseconds long. Also to be called after each start.
   * @returns whether there is more to do
   */
  slice(): boolean {
    const { search } = this.#parts;
    const sql = 'SELECT id, chat_id, up_to, with_chat FROM deletions ORDER BY id LIMIT 1';
    const job = this.#database.one<Job>(sql);
    if (job === undefined) return search.purgeSlice();
    if (!search.isPurgePending && this.#areFew()) {
      search.rewriting(() => {
        if (!this.#deleteRows(job, FEW_ROWS_PER_SLICE)) this.#finish(job);
        if (this.#database.one(sql) === undefined) this.#database.scrubLog();
      });
    } else {
      this.#database.transaction(() => {
        if (!this.#deleteRows(job, ROWS_PER_SLICE)) this.#finish(job);
        search.purgeLater();
      });
    }
    return true;
  }

  /** Of all that is to be deleted. */
  #areFew(): boolean {
    const sql = `SELECT count(*) AS n FROM (SELECT 1 FROM deletions d
      JOIN messages m ON m.chat_id = d.chat_id AND m.sort_at <= d.up_to LIMIT $limit)`;
    return this.#database.require<{ n: number }>(sql, { limit: FEW_ROWS + 1 }).n <= FEW_ROWS;
  }

  /** Before what has not been read, also where that shares its place with something that has. */
  #allReadUpTo(chatId: ChatId, readSortAt: number): number {
    const sql = `SELECT min(m.sort_at) AS place FROM messages m JOIN chats c ON c.id = m.chat_id
      WHERE m.chat_id = $chatId AND m.direction = 'in' AND (m.sort_at, m.id) > (c.read_sort_at, c.read_id)`;
    const { place } = this.#database.require<{ place: number | null }>(sql, { chatId });
    return place !== null && place <= readSortAt ? place - PLACE_STEP / 2 : readSortAt;
  }

  #endOf(chatId: ChatId): number {
    const sql = 'SELECT max(sort_at) AS place FROM messages WHERE chat_id = $chatId';
    return this.#database.require<{ place: number | null }>(sql, { chatId }).place ?? 0;
  }

  #begin(chatId: ChatId, upTo: number, withChat: boolean): void {
    this.#parts.memory.clear(chatId, upTo);
    // What the archive has before that is not wanted any more.
    this.#database.changeOne('UPDATE chats SET history_start = 1 WHERE id = $chatId', { chatId });
    this.#database.run(
      'INSERT INTO deletions (chat_id, up_to, with_chat) VALUES ($chatId, $upTo, $withChat)',
      { chatId, upTo, withChat: withChat ? 1 : 0 },
    );
  }

  /** @returns whether there were any */
  #deleteRows({ chat_id: chatId, up_to: upTo, with_chat: withChat }: Job, limit: number): boolean {
    const rows = this.#database.all<Pick<MessageRow, 'id' | 'sort_at'>>(
      `SELECT m.id, m.sort_at ${doomed} ORDER BY m.sort_at, m.id LIMIT $limit`,
      { chatId, upTo, withChat, limit },
    );
    const cleared = this.#parts.memory.clearedUpTo(chatId);
    for (const { id, sort_at: place } of rows) {
      // What came live has our time, and the archive may stamp it later: a clock is wrong by a day at most.
      if (place > cleared - DAY_MS) this.#parts.memory.remember(id);
      this.#database.run(`DELETE FROM outbox WHERE about_id = $id AND kind IN ('edit', 'reaction')`, { id });
      this.#database.changeOne('DELETE FROM messages WHERE id = $id', { id });
    }
    return rows.length > 0;
  }

  #finish({ id, chat_id: chatId, up_to: upTo, with_chat: withChat }: Job): void {
    this.#database.run('DELETE FROM pending_references WHERE chat_id = $chatId AND at <= $upTo', {
      chatId,
      upTo,
    });
    this.#database.changeOne('DELETE FROM deletions WHERE id = $id', { id });
    this.#parts.chats.touch(chatId, 0);
    const others = 'SELECT 1 FROM deletions WHERE chat_id = $chatId';
    if (withChat === 1 && this.#database.one(others, { chatId }) === undefined) {
      this.#database.changeOne('DELETE FROM chats WHERE id = $chatId', { chatId });
      this.#forgetAccounts();
    }
  }

  #forgetAccounts(): void {
    this.#database.run(
      `DELETE FROM accounts WHERE removed = 1
       AND NOT EXISTS (SELECT 1 FROM chats c WHERE c.account_id = accounts.id)`,
    );
  }
}

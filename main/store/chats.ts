import { AppError } from '#shared/errors.ts';
import type { AccountId, ChatId, MessageId } from '#shared/ids.ts';
import type { MessageDirection, MessageState } from '#shared/views.ts';
import type { Database } from './database.ts';
import type { Revisions } from './revisions.ts';
import type { ChatRow, ChatStanding } from './rows.ts';

export type { ChatStanding } from './rows.ts';

/** A conversation. */
export interface Chat {
  readonly id: ChatId;
  readonly accountId: AccountId;
  /** Bare JID of the other side. */
  readonly jid: string;
  readonly draft: string;
  /** Milliseconds since 1970, UTC; never goes back. */
  readonly activeAt: number;
  readonly standing: ChatStanding;
  readonly retention: Retention;
  readonly pinned: boolean;
  /** No notifications until then; undefined where it is not muted. */
  readonly mutedUntil: number | undefined;
  /** Nothing older is wanted from the archive: it has none, or the user has deleted it. */
  readonly historyStart: boolean;
  /** A part of the history was deleted here. */
  readonly historyCleared: boolean;
  /** Grows whenever one of these changes, or what the list shows. */
  readonly rev: number;
}

/** A conversation with what the chat list shows of it. */
export interface ListedChat extends Chat {
  /** Incoming messages after the read position. */
  readonly unread: number;
  readonly firstUnreadId: MessageId | undefined;
  readonly last: LastMessage | undefined;
}

/** How long messages are kept: as the settings say, for ever, or for some days; 0 keeps nothing. */
export type Retention = 'default' | 'forever' | number;

export interface ChatFilter {
  readonly accountId?: AccountId | undefined;
  readonly standing?: ChatStanding | undefined;
}

/** Of all chats of one standing. */
export interface ChatCounts {
  readonly chats: number;
  readonly unread: number;
}

/** How far a chat was read on this device, in terms of the archive. */
export interface UnpublishedRead {
  readonly chatId: ChatId;
  /** Bare JID of the chat. */
  readonly jid: string;
  readonly archiveId: string;
}

/** The newest message in timeline order. */
export interface LastMessage {
  readonly id: MessageId;
  /** The start of the body, up to 400 characters, line breaks included. */
  readonly start: string;
  readonly direction: MessageDirection;
  readonly state: MessageState;
  readonly retracted: boolean;
  /** Why it failed; of a received one, that it could not be decrypted. */
  readonly failure: string | undefined;
}

type HiddenColumns = 'read_sort_at' | 'read_id' | 'read_awaited_id' | 'read_published_id' | 'unread';

type VisibleRow = Omit<ChatRow, HiddenColumns> & { readonly history_cleared: number };

interface ChatListRow extends VisibleRow {
  readonly unread: number;
  readonly first_unread_id: MessageId | null;
  readonly last_id: MessageId | null;
  readonly last_start: string | null;
  readonly last_direction: MessageDirection | null;
  readonly last_state: MessageState | null;
  readonly last_retracted_at: number | null;
  readonly last_failure: string | null;
}

/** The first message that is unread; retracted ones have nothing left to read. Their number is in the row of the chat. */
const firstUnread = `SELECT u.id FROM messages u WHERE u.chat_id = c.id AND u.direction = 'in' AND u.retracted_at IS NULL
  AND (u.sort_at, u.id) > (c.read_sort_at, c.read_id) ORDER BY u.sort_at, u.id LIMIT 1`;

/** A chat that is being deleted is gone for everybody. */
const isThere = `NOT EXISTS (SELECT 1 FROM deletions d WHERE d.chat_id = c.id AND d.with_chat = 1)`;

const columns = `c.id, c.account_id, c.jid, c.draft, c.active_at, c.rev, c.standing, c.retention_days, c.pinned,
  c.muted_until, c.history_start, EXISTS (SELECT 1 FROM cleared_history h
    WHERE h.account_id = c.account_id AND h.chat_jid = c.jid) AS history_cleared`;

const byIdSql = `SELECT ${columns} FROM chats c WHERE ${isThere} AND c.id = $id`;
const byJidSql = `SELECT ${columns} FROM chats c WHERE ${isThere} AND c.account_id = $accountId AND c.jid = $jid`;

/** Exported for its test. Each subquery reads one row of an index, however long the history is and however much is unread. */
export const chatListSql = `
  SELECT ${columns}, c.unread, (${firstUnread}) AS first_unread_id,
    l.id AS last_id, substr(l.body, 1, 400) AS last_start, l.direction AS last_direction, l.state AS last_state,
    l.retracted_at AS last_retracted_at, l.failure AS last_failure
  FROM chats c LEFT JOIN messages l ON l.id =
    (SELECT m.id FROM messages m WHERE m.chat_id = c.id ORDER BY m.sort_at DESC, m.id DESC LIMIT 1)
  WHERE ${isThere}`;

const listedByIdSql = `${chatListSql} AND c.id = $id`;

/**
 * The newest received message at the read position or before it, where it is newer than what was published.
 * Own messages say nothing about reading (XEP-0490 section 5.2), and while a position waits for its message,
 * the other device is ahead.
 */
const unpublishedSql = `
  SELECT c.id AS chatId, c.jid, m.archive_id AS archiveId
  FROM chats c JOIN messages m ON m.id =
    (SELECT r.id FROM messages r WHERE r.chat_id = c.id AND r.archive_id IS NOT NULL AND r.direction = 'in'
      AND (r.sort_at, r.id) <= (c.read_sort_at, c.read_id) ORDER BY r.sort_at DESC, r.id DESC LIMIT 1)
  LEFT JOIN messages p ON p.chat_id = c.id AND p.archive_id = c.read_published_id
  WHERE ${isThere} AND c.account_id = $accountId AND c.read_awaited_id IS NULL AND m.archive_id IS NOT c.read_published_id
    AND (p.id IS NULL OR (p.sort_at, p.id) < (m.sort_at, m.id)) ORDER BY c.id`;

const FOREVER = -1;

const toRetention = (days: number | null): Retention =>
  days === null ? 'default' : days === FOREVER ? 'forever' : days;

const fromRetention = (retention: Retention): number | null => {
  if (retention === 'default') return null;
  return retention === 'forever' ? FOREVER : retention;
};

const toLast = (row: ChatListRow): LastMessage | undefined =>
  row.last_id === null || row.last_direction === null || row.last_state === null
    ? undefined
    : {
        id: row.last_id,
        start: row.last_start ?? '',
        direction: row.last_direction,
        state: row.last_state,
        retracted: row.last_retracted_at !== null,
        failure: row.last_failure ?? undefined,
      };

const toChat = (row: VisibleRow): Chat => ({
  id: row.id,
  accountId: row.account_id,
  jid: row.jid,
  draft: row.draft,
  activeAt: row.active_at,
  standing: row.standing,
  retention: toRetention(row.retention_days),
  pinned: row.pinned === 1,
  mutedUntil: row.muted_until ?? undefined,
  historyStart: row.history_start === 1,
  historyCleared: row.history_cleared === 1,
  rev: row.rev,
});

const toListedChat = (row: ChatListRow): ListedChat => ({
  ...toChat(row),
  unread: row.unread,
  firstUnreadId: row.first_unread_id ?? undefined,
  last: toLast(row),
});

/** Conversations. Methods that take the id of a chat throw AppError `not-found` where there is none. */
export class ChatStore {
  readonly #database: Database;
  readonly #revisions: Revisions;

  constructor(database: Database, revisions: Revisions) {
    this.#database = database;
    this.#revisions = revisions;
  }

  /** The chats that fit the filter, the most recently active first. */
  list({ accountId, standing }: ChatFilter = {}): readonly ListedChat[] {
    const sql = `${chatListSql}
      AND ($accountId IS NULL OR c.account_id = $accountId) AND ($standing IS NULL OR c.standing = $standing)
      ORDER BY c.active_at DESC, c.id DESC`;
    const parameters = { accountId: accountId ?? null, standing: standing ?? null };
    return this.#database.all<ChatListRow>(sql, parameters).map(toListedChat);
  }

  /** How many chats of a standing there are, and what is unread in them together. */
  counts(standing: ChatStanding): ChatCounts {
    const sql = `SELECT count(*) AS chats, coalesce(sum(c.unread), 0) AS unread FROM chats c WHERE ${isThere} AND c.standing = $standing`;
    return this.#database.require<ChatCounts>(sql, { standing });
  }

  get(id: ChatId): ListedChat | undefined {
    const row = this.#database.one<ChatListRow>(listedByIdSql, { id });
    return row === undefined ? undefined : toListedChat(row);
  }

  require(id: ChatId): ListedChat {
    const chat = this.get(id);
    if (chat === undefined) throw new AppError('not-found', 'no such chat');
    return chat;
  }

  /** A chat without what the list shows of it: at the same price however much is unread. */
  properties(id: ChatId): Chat {
    const row = this.#database.one<VisibleRow>(byIdSql, { id });
    if (row === undefined) throw new AppError('not-found', 'no such chat');
    return toChat(row);
  }

  find(accountId: AccountId, jid: string): Chat | undefined {
    const row = this.#database.one<VisibleRow>(byJidSql, { accountId, jid });
    return row === undefined ? undefined : toChat(row);
  }

  /**
   * The chat with a bare JID, made where there is none.
   * @param now milliseconds since 1970: the `activeAt` of a new chat
   * @param standing of a new chat; one that is here keeps its own
   * @throws AppError `not-found` where there is no such account
   */
  findOrCreate(accountId: AccountId, jid: string, now: number, standing: ChatStanding = 'open'): Chat {
    return this.#database.transaction(() => {
      this.#revive(accountId, jid);
      const known = this.find(accountId, jid);
      if (known !== undefined) return known;
      const account = this.#database.one('SELECT 1 FROM accounts WHERE id = $accountId AND removed = 0', {
        accountId,
      });
      if (account === undefined) throw new AppError('not-found', 'no such account');
      const id = this.#database.insert(
        `INSERT INTO chats (account_id, jid, active_at, standing, rev)
         VALUES ($accountId, $jid, $now, $standing, $rev)`,
        { accountId, jid, now, standing, rev: this.#revisions.next() },
      );
      return this.properties(id as ChatId);
    });
  }

  accountOf(id: ChatId): AccountId {
    const sql = 'SELECT account_id FROM chats WHERE id = $id';
    return this.#database.require<Pick<ChatRow, 'account_id'>>(sql, { id }).account_id;
  }

  /** @param draft the empty text removes it */
  setDraft(id: ChatId, draft: string): void {
    this.#set(id, 'draft', draft);
  }

  setStanding(id: ChatId, standing: ChatStanding): void {
    this.#set(id, 'standing', standing);
  }

  /** @param retention whole days, not negative */
  setRetention(id: ChatId, retention: Retention): void {
    this.#set(id, 'retention_days', fromRetention(retention));
  }

  setPinned(id: ChatId, pinned: boolean): void {
    this.#set(id, 'pinned', pinned ? 1 : 0);
  }

  setMutedUntil(id: ChatId, until: number | undefined): void {
    this.#set(id, 'muted_until', until ?? null);
  }

  /** @param reached whether the archive has said that it has nothing older of this chat */
  setHistoryStart(id: ChatId, reached = true): void {
    this.#set(id, 'history_start', reached ? 1 : 0);
  }

  /**
   * Everything up to and including this message has been seen; the position never goes back.
   * @returns whether it moved
   * @throws AppError `not-found` where the message is not in the chat
   */
  setReadUpTo(id: ChatId, upTo: MessageId): boolean {
    return this.#database.transaction(() => {
      const sql = 'SELECT sort_at FROM messages WHERE id = $upTo AND chat_id = $id';
      const message = this.#database.one<{ sort_at: number }>(sql, { id, upTo });
      if (message === undefined) throw new AppError('not-found', 'no such message in this chat');
      return this.#read(id, upTo, message.sort_at);
    });
  }

  /**
   * Another own device has read up to this entry of the archive (XEP-0490); never back (section 5.1). Where
   * the message is not here yet, the position waits for it.
   * @returns whether it moved
   */
  setReadUpToArchiveId(id: ChatId, archiveId: string): boolean {
    return this.#database.transaction(() => {
      const sql = 'SELECT id, sort_at FROM messages WHERE chat_id = $id AND archive_id = $archiveId';
      const message = this.#database.one<{ id: MessageId; sort_at: number }>(sql, { id, archiveId });
      this.#database.changeOne(
        'UPDATE chats SET read_published_id = $archiveId, read_awaited_id = $awaited WHERE id = $id',
        { id, archiveId, awaited: message === undefined ? archiveId : null },
      );
      return message !== undefined && this.#read(id, message.id, message.sort_at);
    });
  }

  /** A message of the archive is here: it may be the one up to which another device has read. */
  readAwaited(message: {
    readonly chatId: ChatId;
    readonly id: MessageId;
    readonly sortAt: number;
    readonly archiveId?: string | undefined;
  }): void {
    const { chatId, archiveId } = message;
    if (archiveId === undefined) return;
    const sql = `UPDATE chats SET read_awaited_id = NULL WHERE id = $chatId AND read_awaited_id = $archiveId`;
    if (this.#database.run(sql, { chatId, archiveId }) > 0) this.#read(chatId, message.id, message.sortAt);
  }

  /** What has been read here and the other devices do not know yet (XEP-0490 section 4.2). */
  unpublishedReads(accountId: AccountId): readonly UnpublishedRead[] {
    return this.#database.all<UnpublishedRead>(unpublishedSql, { accountId });
  }

  /** The other devices know that this chat was read up to this entry of the archive. */
  setReadPublished(id: ChatId, archiveId: string): void {
    this.#database.changeOne('UPDATE chats SET read_published_id = $archiveId WHERE id = $id', {
      id,
      archiveId,
    });
  }

  /**
   * Moves the chat up in the list, and tells that what it shows has changed.
   * @param activeAt milliseconds since 1970; an older time than the present one moves nothing
   */
  touch(id: ChatId, activeAt: number): void {
    this.#database.changeOne(
      'UPDATE chats SET active_at = max(active_at, $activeAt), rev = $rev WHERE id = $id',
      {
        id,
        // A place may have a fraction.
        activeAt: Math.floor(activeAt),
        rev: this.#revisions.next(),
      },
    );
  }

  /** Somebody writes in a chat that is being deleted: the chat stays, its history still goes. */
  #revive(accountId: AccountId, jid: string): void {
    this.#database.run(
      `UPDATE deletions SET with_chat = 0 WHERE with_chat = 1
       AND chat_id = (SELECT c.id FROM chats c JOIN accounts a ON a.id = c.account_id AND a.removed = 0
         WHERE c.account_id = $accountId AND c.jid = $jid)`,
      { accountId, jid },
    );
  }

  #read(id: ChatId, upTo: MessageId, sortAt: number): boolean {
    const changes = this.#database.run(
      `UPDATE chats SET read_sort_at = $sortAt, read_id = $upTo, rev = $rev
       WHERE id = $id AND (read_sort_at, read_id) < ($sortAt, $upTo)`,
      { id, upTo, sortAt, rev: this.#revisions.next() },
    );
    return changes > 0;
  }

  #set(id: ChatId, column: keyof ChatRow, value: string | number | null): void {
    const rev = this.#revisions.next();
    this.#database.changeOne(`UPDATE chats SET ${column} = $value, rev = $rev WHERE id = $id`, {
      id,
      value,
      rev,
    });
  }
}

import { AppError } from '#shared/errors.ts';
import type { AccountId, ChatId, MessageId } from '#shared/ids.ts';
import type { MessageDirection, MessageState } from '#shared/views.ts';
import type { Database } from './database.ts';
import type { Revisions } from './revisions.ts';
import type { ChatRow } from './rows.ts';

/** A conversation with what the chat list shows of it. */
export interface Chat {
  readonly id: ChatId;
  readonly accountId: AccountId;
  /** Bare JID of the other side. */
  readonly jid: string;
  readonly draft: string;
  /** Milliseconds since 1970, UTC; never goes back. */
  readonly activeAt: number;
  /** Incoming messages after the read position. */
  readonly unread: number;
  readonly firstUnreadId: MessageId | undefined;
  readonly last: LastMessage | undefined;
  /** Grows whenever one of the above changes. */
  readonly rev: number;
}

/** The newest message in timeline order. */
export interface LastMessage {
  readonly id: MessageId;
  /** The start of the body, up to 400 characters, line breaks included. */
  readonly start: string;
  readonly direction: MessageDirection;
  readonly state: MessageState;
}

interface ChatListRow extends Omit<ChatRow, 'read_sort_at' | 'read_id'> {
  readonly unread: number;
  readonly first_unread_id: MessageId | null;
  readonly last_id: MessageId | null;
  readonly last_start: string | null;
  readonly last_direction: MessageDirection | null;
  readonly last_state: MessageState | null;
}

/** Exported for its test. Each subquery reads a range of an index: its cost is that of the unread messages, not of the history. */
export const chatListSql = `
  SELECT c.id, c.account_id, c.jid, c.draft, c.active_at, c.rev,
    (SELECT count(*) FROM messages u
      WHERE u.chat_id = c.id AND u.direction = 'in' AND (u.sort_at, u.id) > (c.read_sort_at, c.read_id)) AS unread,
    (SELECT u.id FROM messages u
      WHERE u.chat_id = c.id AND u.direction = 'in' AND (u.sort_at, u.id) > (c.read_sort_at, c.read_id)
      ORDER BY u.sort_at, u.id LIMIT 1) AS first_unread_id,
    l.id AS last_id, substr(l.body, 1, 400) AS last_start, l.direction AS last_direction, l.state AS last_state
  FROM chats c LEFT JOIN messages l ON l.id =
    (SELECT m.id FROM messages m WHERE m.chat_id = c.id ORDER BY m.sort_at DESC, m.id DESC LIMIT 1)`;

const toLast = (row: ChatListRow): LastMessage | undefined =>
  row.last_id === null || row.last_direction === null || row.last_state === null
    ? undefined
    : { id: row.last_id, start: row.last_start ?? '', direction: row.last_direction, state: row.last_state };

const toChat = (row: ChatListRow): Chat => ({
  id: row.id,
  accountId: row.account_id,
  jid: row.jid,
  draft: row.draft,
  activeAt: row.active_at,
  unread: row.unread,
  firstUnreadId: row.first_unread_id ?? undefined,
  last: toLast(row),
  rev: row.rev,
});

/** Conversations. Methods that take the id of a chat throw AppError `not-found` where there is none. */
export class ChatStore {
  readonly #database: Database;
  readonly #revisions: Revisions;

  constructor(database: Database, revisions: Revisions) {
    this.#database = database;
    this.#revisions = revisions;
  }

  /** The chats of all accounts, the most recently active first. */
  list(): readonly Chat[] {
    return this.#database.all<ChatListRow>(`${chatListSql} ORDER BY c.active_at DESC, c.id DESC`).map(toChat);
  }

  get(id: ChatId): Chat | undefined {
    const row = this.#database.one<ChatListRow>(`${chatListSql} WHERE c.id = $id`, { id });
    return row === undefined ? undefined : toChat(row);
  }

  require(id: ChatId): Chat {
    const chat = this.get(id);
    if (chat === undefined) throw new AppError('not-found', 'no such chat');
    return chat;
  }

  find(accountId: AccountId, jid: string): Chat | undefined {
    const sql = `${chatListSql} WHERE c.account_id = $accountId AND c.jid = $jid`;
    const row = this.#database.one<ChatListRow>(sql, { accountId, jid });
    return row === undefined ? undefined : toChat(row);
  }

  /**
   * The chat with a bare JID, made where there is none.
   * @param now milliseconds since 1970: the `activeAt` of a new chat
   * @throws AppError `not-found` where there is no such account
   */
  findOrCreate(accountId: AccountId, jid: string, now: number): Chat {
    return this.#database.transaction(() => {
      const known = this.find(accountId, jid);
      if (known !== undefined) return known;
      const account = this.#database.one('SELECT 1 FROM accounts WHERE id = $accountId', { accountId });
      if (account === undefined) throw new AppError('not-found', 'no such account');
      const id = this.#database.insert(
        'INSERT INTO chats (account_id, jid, active_at, rev) VALUES ($accountId, $jid, $now, $rev)',
        { accountId, jid, now, rev: this.#revisions.next() },
      );
      return this.require(id as ChatId);
    });
  }

  /** @param draft the empty text removes it */
  setDraft(id: ChatId, draft: string): void {
    const rev = this.#revisions.next();
    this.#database.changeOne('UPDATE chats SET draft = $draft, rev = $rev WHERE id = $id', {
      id,
      draft,
      rev,
    });
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
      const changes = this.#database.run(
        `UPDATE chats SET read_sort_at = $sortAt, read_id = $upTo, rev = $rev
         WHERE id = $id AND (read_sort_at, read_id) < ($sortAt, $upTo)`,
        { id, upTo, sortAt: message.sort_at, rev: this.#revisions.next() },
      );
      return changes > 0;
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
        activeAt,
        rev: this.#revisions.next(),
      },
    );
  }
}

import { AppError } from '#shared/errors.ts';
import type { AccountId, ChatId, MessageId } from '#shared/ids.ts';
import type { MessageDirection, MessageState, Protection } from '#shared/views.ts';
import type { ChatStore } from './chats.ts';
import type { Database } from './database.ts';
import { mayFollow } from './message-state.ts';
import { readPage, type PageRequest } from './message-pages.ts';
import type { OutboxStore } from './outbox.ts';
import type { Revisions } from './revisions.ts';
import { columns, type MessageRow } from './rows.ts';

/** A message as it is kept. Times are milliseconds since 1970, UTC. */
export interface StoredMessage {
  readonly id: MessageId;
  readonly chatId: ChatId;
  readonly direction: MessageDirection;
  /** Bare JID of the author; in a room the occupant's full JID. */
  readonly senderJid: string;
  readonly body: string;
  readonly at: number;
  /** Place in the timeline, then the id. */
  readonly sortAt: number;
  readonly state: MessageState;
  /** As in `MessageView`. */
  readonly failure: string | undefined;
  readonly protection: Protection;
  /** The `id` attribute of the stanza. */
  readonly stanzaId: string | undefined;
  /** XEP-0359 `<origin-id/>`. */
  readonly originId: string | undefined;
  /** XEP-0359 `<stanza-id/>` of the entity that this chat's archive trusts: the own server, or the room. */
  readonly archiveId: string | undefined;
  /** RFC 6121 section 5.2.5. */
  readonly thread: string | undefined;
  readonly rev: number;
}

export interface NewIncoming {
  readonly chatId: ChatId;
  readonly senderJid: string;
  readonly body: string;
  readonly at: number;
  readonly sortAt: number;
  readonly protection: Protection;
  /** `not-decryptable`: the body is then only what the sender's client says to clients without the key. */
  readonly failure?: string | undefined;
  readonly stanzaId?: string | undefined;
  readonly originId?: string | undefined;
  readonly archiveId?: string | undefined;
  readonly thread?: string | undefined;
}

export interface NewOutgoing {
  readonly chatId: ChatId;
  /** Bare JID of the account. */
  readonly senderJid: string;
  readonly body: string;
  readonly at: number;
  readonly sortAt: number;
  readonly protection: Protection;
  readonly stanzaId: string;
  readonly originId: string;
  readonly thread?: string | undefined;
}

/** Rows in timeline order, oldest first. */
export interface StoredPage {
  readonly rows: readonly StoredMessage[];
  readonly hasOlder: boolean;
  readonly hasNewer: boolean;
}

const all = columns.messages.join(', ');

const toMessage = (row: MessageRow): StoredMessage => ({
  id: row.id,
  chatId: row.chat_id,
  direction: row.direction,
  senderJid: row.sender_jid,
  body: row.body,
  at: row.at,
  sortAt: row.sort_at,
  state: row.state,
  failure: row.failure ?? undefined,
  protection: row.protection,
  stanzaId: row.stanza_id ?? undefined,
  originId: row.origin_id ?? undefined,
  archiveId: row.archive_id ?? undefined,
  thread: row.thread ?? undefined,
  rev: row.rev,
});

/**
 * The messages of all chats. What changes here also raises the `rev` of the chat, because its last
 * message and unread count may have changed. An unknown id throws AppError `not-found`.
 */
export class MessageStore {
  readonly #database: Database;
  readonly #revisions: Revisions;
  readonly #chats: Pick<ChatStore, 'touch'>;
  readonly #outbox: Pick<OutboxStore, 'add' | 'removeOf'>;

  constructor(
    database: Database,
    revisions: Revisions,
    chats: Pick<ChatStore, 'touch'>,
    outbox: Pick<OutboxStore, 'add' | 'removeOf'>,
  ) {
    this.#database = database;
    this.#revisions = revisions;
    this.#chats = chats;
    this.#outbox = outbox;
  }

  /** Stores the message (`queued`) and its outbox entry together, and moves the chat up. */
  insertOutgoing(message: NewOutgoing): StoredMessage {
    return this.#database.transaction(() => {
      const stored = this.#insert({ ...message, archiveId: undefined }, 'out', 'queued');
      this.#outbox.add({
        chatId: stored.chatId,
        messageId: stored.id,
        kind: 'message',
        createdAt: message.at,
      });
      return stored;
    });
  }

  /**
   * Stores a message (`received`) and moves the chat up. Look for duplicates first; a second message
   * with the same archive id in a chat is refused with AppError `storage`.
   */
  insertIncoming(message: NewIncoming): StoredMessage {
    return this.#database.transaction(() => this.#insert(message, 'in', 'received'));
  }

  get(id: MessageId): StoredMessage | undefined {
    const row = this.#database.one<MessageRow>(`SELECT ${all} FROM messages WHERE id = $id`, { id });
    return row === undefined ? undefined : toMessage(row);
  }

  /** @throws AppError `not-found` */
  require(id: MessageId): StoredMessage {
    const message = this.get(id);
    if (message === undefined) throw new AppError('not-found', 'no such message');
    return message;
  }

  /**
   * The message with an archive id (XEP-0359 section 4), to recognise a duplicate. Within the chat only:
   * the archive of a room cannot make a message of another chat look known.
   */
  findByArchiveId(chatId: ChatId, archiveId: string): StoredMessage | undefined {
    return this.#find('archive_id = $id', { chatId, id: archiveId });
  }

  /** The message that this author marked with an origin-id (XEP-0359 section 3). */
  findByOriginId(chatId: ChatId, senderJid: string, originId: string): StoredMessage | undefined {
    return this.#find('origin_id = $id AND sender_jid = $senderJid', { chatId, senderJid, id: originId });
  }

  /** The newest message of this author with an `id` attribute; some clients use the same one again. */
  findByStanzaId(chatId: ChatId, senderJid: string, stanzaId: string): StoredMessage | undefined {
    return this.#find('stanza_id = $id AND sender_jid = $senderJid', { chatId, senderJid, id: stanzaId });
  }

  /** Rows in timeline order. @throws AppError `not-found` where the anchor is not in the chat */
  page(request: PageRequest): StoredPage {
    const { rows, hasOlder, hasNewer } = readPage(this.#database, request);
    return { rows: rows.map(toMessage), hasOlder, hasNewer };
  }

  /**
   * Moves an outgoing message forward; see `mayFollow`. When the server has it, or it failed, its outbox
   * entry goes in the same transaction: nothing is sent again that need not be.
   * @param failure the condition, for `failed`
   * @returns the new row, or undefined where the message had come as far already
   */
  setState(id: MessageId, state: MessageState, failure?: string): StoredMessage | undefined {
    return this.#database.transaction(() => {
      const message = this.require(id);
      if (!mayFollow(message.state, state)) return undefined;
      if (state !== 'sending' && state !== 'sent') this.#outbox.removeOf(id);
      return this.#writeState(message, state, state === 'failed' ? (failure ?? 'undefined-condition') : null);
    });
  }

  /**
   * "Send again": a failed message returns to `queued` with the same ids and a new outbox entry.
   * @returns the new row, or undefined where the message has not failed
   */
  requeue(id: MessageId, now: number): StoredMessage | undefined {
    return this.#database.transaction(() => {
      const message = this.require(id);
      if (message.state !== 'failed') return undefined;
      this.#outbox.add({ chatId: message.chatId, messageId: id, kind: 'message', createdAt: now });
      return this.#writeState(message, 'queued', null);
    });
  }

  /**
   * Messages that were being written when the application or the stream ended wait again: at start for
   * all accounts, or for one.
   * @returns the new rows, oldest first
   */
  requeueSending(accountId?: AccountId): readonly StoredMessage[] {
    const ofAccount = 'AND chat_id IN (SELECT id FROM chats WHERE account_id = $accountId)';
    const sql = `SELECT ${all} FROM messages
      WHERE state = 'sending' ${accountId === undefined ? '' : ofAccount} ORDER BY id`;
    return this.#database.transaction(() =>
      this.#database
        .all<MessageRow>(sql, accountId === undefined ? {} : { accountId })
        .map((row) => this.#writeState(toMessage(row), 'queued', null)),
    );
  }

  #find(
    condition: string,
    parameters: { chatId: ChatId; id: string; senderJid?: string },
  ): StoredMessage | undefined {
    const sql = `SELECT ${all} FROM messages WHERE chat_id = $chatId AND ${condition} ORDER BY id DESC LIMIT 1`;
    const row = this.#database.one<MessageRow>(sql, parameters);
    return row === undefined ? undefined : toMessage(row);
  }

  #insert(message: NewIncoming, direction: MessageDirection, state: MessageState): StoredMessage {
    this.#chats.touch(message.chatId, message.sortAt);
    const id = this.#database.insert(
      `INSERT INTO messages (chat_id, direction, sender_jid, body, at, sort_at, state, failure, protection,
         stanza_id, origin_id, archive_id, thread, rev)
       VALUES ($chatId, $direction, $senderJid, $body, $at, $sortAt, $state, $failure, $protection,
         $stanzaId, $originId, $archiveId, $thread, $rev)`,
      {
        chatId: message.chatId,
        direction,
        senderJid: message.senderJid,
        body: message.body,
        at: message.at,
        sortAt: message.sortAt,
        state,
        failure: message.failure ?? null,
        protection: message.protection,
        stanzaId: message.stanzaId ?? null,
        originId: message.originId ?? null,
        archiveId: message.archiveId ?? null,
        thread: message.thread ?? null,
        rev: this.#revisions.next(),
      },
    );
    return this.require(id as MessageId);
  }

  #writeState(message: StoredMessage, state: MessageState, failure: string | null): StoredMessage {
    this.#database.changeOne(
      'UPDATE messages SET state = $state, failure = $failure, rev = $rev WHERE id = $id',
      {
        id: message.id,
        state,
        failure,
        rev: this.#revisions.next(),
      },
    );
    this.#chats.touch(message.chatId, 0);
    return this.require(message.id);
  }
}

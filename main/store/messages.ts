import { AppError } from '#shared/errors.ts';
import type { AccountId, ChatId, MessageId } from '#shared/ids.ts';
import type { MessageDirection, MessageState, Protection } from '#shared/views.ts';
import type { ArchiveStore } from './archive.ts';
import type { ChatStore } from './chats.ts';
import type { Database } from './database.ts';
import type { DeletionMemory } from './deletion-memory.ts';
import { MessageLookup, type MessageIds } from './message-lookup.ts';
import { mayFollow } from './message-state.ts';
import { readPage, type PageRequest } from './message-pages.ts';
import {
  insertMessageSql,
  insertParameters,
  messageColumns,
  toMessage,
  type NewArchived,
  type NewIncoming,
  type NewOutgoing,
  type StoredMessage,
} from './message-rows.ts';
import type { OutboxStore } from './outbox.ts';
import { leaveReadPosition, moveReadPosition } from './read-position.ts';
import type { Revisions } from './revisions.ts';
import type { MessageRow } from './rows.ts';
import type { SearchIndex } from './search-index.ts';

export type { NewArchived, NewIncoming, NewOutgoing, StoredMessage } from './message-rows.ts';

/** Rows in timeline order, oldest first. */
export interface StoredPage {
  readonly rows: readonly StoredMessage[];
  readonly hasOlder: boolean;
  readonly hasNewer: boolean;
}

/** By what an own message is recognised when it comes back, and what the echo tells about it. */
export interface Echo extends MessageIds {
  /** The place that the archive gives it; undefined for an echo that arrives live. */
  readonly sortAt?: number | undefined;
}

/** What became of a message of the archive; the message that is here now. */
export interface ArchivedOutcome {
  /** `completed`: it was here without its archive id, or elsewhere; `ignored`: it was deleted here. */
  readonly kind: 'inserted' | 'known' | 'completed' | 'ignored';
  readonly messageId: MessageId | undefined;
}

export interface MessageParts {
  readonly chats: Pick<ChatStore, 'touch' | 'accountOf' | 'readAwaited'>;
  readonly outbox: Pick<OutboxStore, 'add' | 'remove' | 'removeOf' | 'ofMessage'>;
  readonly archive: Pick<ArchiveStore, 'placeLive' | 'raiseHead'>;
  readonly memory: Pick<DeletionMemory, 'knows' | 'isGoing'>;
  readonly search: Pick<SearchIndex, 'purging'>;
}

/**
 * The messages of all chats. What changes here also raises the `rev` of the chat, because its last
 * message and unread count may have changed. An unknown id throws AppError `not-found`.
 */
export class MessageStore {
  readonly #database: Database;
  readonly #revisions: Revisions;
  readonly #parts: MessageParts;
  readonly #lookup: MessageLookup;

  constructor(database: Database, revisions: Revisions, parts: MessageParts) {
    this.#database = database;
    this.#revisions = revisions;
    this.#parts = parts;
    this.#lookup = new MessageLookup(database);
  }

  /** Stores the message (`queued`) and its outbox entry together, and moves the chat up. */
  insertOutgoing(message: NewOutgoing): StoredMessage {
    return this.#database.transaction(() => {
      const stored = this.#insert(message, 'out', 'queued');
      this.#parts.outbox.add({
        chatId: stored.chatId,
        messageId: stored.id,
        kind: 'message',
        createdAt: message.at,
        notBefore: message.notBefore,
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

  /**
   * Stores what another device of ours sent (`acked`: the server has it), without an outbox entry. Try
   * `completeByEcho` first.
   */
  insertOwn(message: NewIncoming): StoredMessage {
    return this.#database.transaction(() => this.#insert(message, 'out', 'acked'));
  }

  /**
   * Stores messages of the archive in one transaction, at the places of `ArchiveStore.placePage`. What is
   * here already is recognised, completed with its archive id and moved to its place, never doubled.
   * @returns one outcome for each message, in the same order
   */
  insertArchived(messages: readonly NewArchived[]): readonly ArchivedOutcome[] {
    return this.#database.transaction(() => {
      const newest = new Map<ChatId, number>();
      for (const { chatId, sortAt } of messages)
        newest.set(chatId, Math.max(sortAt, newest.get(chatId) ?? 0));
      // Once for each chat, not for each of thousands of rows.
      for (const [chatId, sortAt] of newest) {
        this.#parts.archive.raiseHead(this.#parts.chats.accountOf(chatId), sortAt);
        this.#parts.chats.touch(chatId, sortAt);
      }
      return messages.map((message) => this.#insertArchived(message));
    });
  }

  get(id: MessageId): StoredMessage | undefined {
    const row = this.#database.one<MessageRow>(`SELECT ${messageColumns} FROM messages WHERE id = $id`, {
      id,
    });
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
    return this.#lookup.byArchiveId(chatId, archiveId);
  }

  /** The message that this author marked with an origin-id (XEP-0359 section 3). */
  findByOriginId(chatId: ChatId, senderJid: string, originId: string): StoredMessage | undefined {
    return this.#lookup.byOriginId(chatId, senderJid, originId);
  }

  /** The newest message of this author with an `id` attribute; some clients use the same one again. */
  findByStanzaId(chatId: ChatId, senderJid: string, stanzaId: string): StoredMessage | undefined {
    return this.#lookup.byStanzaId(chatId, senderJid, stanzaId);
  }

  /** Rows in timeline order. @throws AppError `not-found` where the anchor is not in the chat */
  page(request: PageRequest): StoredPage {
    const { rows, hasOlder, hasNewer } = readPage(this.#database, request);
    return { rows: rows.map(toMessage), hasOlder, hasNewer };
  }

  /**
   * An own message came back by carbon, archive or room: the server has it. Its archive id and place are
   * noted, and its outbox entry goes in the same transaction. What has failed stays failed.
   * @param ownJid bare JID of the account, in a room the own occupant's full JID
   * @returns the row as it is now; undefined where none of ours is meant
   */
  completeByEcho(chatId: ChatId, ownJid: string, echo: Echo): StoredMessage | undefined {
    return this.#database.transaction(() => {
      const { archiveId } = echo;
      const archived = archiveId === undefined ? undefined : this.findByArchiveId(chatId, archiveId);
      const message = archived ?? this.#lookup.known(chatId, ownJid, echo);
      if (message === undefined || message.senderJid !== ownJid) return undefined;
      const placed = this.#adopt(message, echo);
      return this.setState(placed.id, 'acked') ?? placed;
    });
  }

  /**
   * A message that is here already was found in the archive: it learns its archive id, unless it has one,
   * and moves to the place that `ArchiveStore.placePage` gave.
   * @returns the row as it is now
   */
  adopt(id: MessageId, archiveId: string, sortAt: number): StoredMessage {
    return this.#database.transaction(() => this.#adopt(this.require(id), { archiveId, sortAt }));
  }

  /**
   * Moves an outgoing message forward; see `mayFollow`. When the server has it, or it failed, its outbox
   * entry goes in the same transaction: nothing is sent again that need not be.
   * @param failure the condition, for `failed`
   * @param failureText what the other side's server said about it
   * @returns the new row, or undefined where the message had come as far already
   */
  setState(
    id: MessageId,
    state: MessageState,
    failure?: string,
    failureText?: string,
  ): StoredMessage | undefined {
    return this.#database.transaction(() => {
      const message = this.require(id);
      if (!mayFollow(message.state, state)) return undefined;
      if (state !== 'sending' && state !== 'sent') this.#parts.outbox.removeOf(id);
      if (state !== 'failed') return this.#writeState(message, state);
      return this.#writeState(message, state, failure ?? 'undefined-condition', failureText);
    });
  }

  /**
   * "Send again": a failed message returns to `queued` with the same ids and a new outbox entry.
   * @returns the new row, or undefined where the message has not failed
   */
  requeue(id: MessageId, now: number): StoredMessage | undefined {
    return this.#database.transaction(() => {
      const message = this.require(id);
      if (message.state !== 'failed' || message.retractedAt !== undefined) return undefined;
      this.#parts.outbox.add({ chatId: message.chatId, messageId: id, kind: 'message', createdAt: now });
      return this.#writeState(message, 'queued');
    });
  }

  /**
   * Messages that were on their way when the application or the stream ended wait again: at start for all
   * accounts, or for one.
   * @returns the new rows, oldest first
   */
  requeueSending(accountId?: AccountId): readonly StoredMessage[] {
    const ofAccount = 'AND chat_id IN (SELECT id FROM chats WHERE account_id = $accountId)';
    const sql = `SELECT ${messageColumns} FROM messages
      WHERE id IN (SELECT id FROM messages WHERE state = 'sending' UNION SELECT m.id
        FROM outbox o JOIN messages m ON m.id = o.message_id WHERE m.state = 'sent')
      ${accountId === undefined ? '' : ofAccount} ORDER BY id`;
    return this.#database.transaction(() =>
      this.#database
        .all<MessageRow>(sql, accountId === undefined ? {} : { accountId })
        .map((row) => this.#writeState(toMessage(row), 'queued')),
    );
  }

  /**
   * Undo: a message that has not been sealed disappears with its outbox entry.
   * @returns what it was, for the composer; undefined where it may have left already
   */
  withdraw(id: MessageId): StoredMessage | undefined {
    return this.#parts.search.purging(() => {
      const message = this.#unsealed(id);
      if (message === undefined) return undefined;
      leaveReadPosition(this.#database, id);
      this.#database.changeOne('DELETE FROM messages WHERE id = $id', { id });
      this.#parts.chats.touch(message.chatId, 0);
      return message;
    });
  }

  /**
   * Says how a message is protected, where that was left open; never again after that.
   * @throws AppError `not-found` where it is settled
   */
  settleProtection(id: MessageId, protection: Exclude<Protection, 'unsettled'>): StoredMessage {
    const message = this.require(id);
    if (message.protection !== 'unsettled') throw new AppError('not-found', 'the protection is settled');
    return this.#write(message, 'protection = $protection', { protection });
  }

  /** Another text for a message that has not been sealed. @returns the new row; undefined where it may have left */
  changeText(id: MessageId, body: string): StoredMessage | undefined {
    return this.#parts.search.purging(() => {
      const message = this.#unsealed(id);
      return message && this.#write(message, 'body = $body', { body });
    });
  }

  /**
   * Takes a message back (XEP-0424): text, earlier versions, quotation, reactions and what waits to be sent of
   * it go, its place stays.
   * @param at when, milliseconds since 1970
   * @param senderJid who says so; another one than the author changes nothing (section 5)
   * @returns the new row; undefined where it is not his, or was retracted before
   */
  retract(id: MessageId, at: number, senderJid?: string): StoredMessage | undefined {
    return this.#parts.search.purging(() => {
      const message = this.require(id);
      if (message.retractedAt !== undefined) return undefined;
      if (senderJid !== undefined && senderJid !== message.senderJid) return undefined;
      this.#database.run('DELETE FROM message_edits WHERE message_id = $id', { id });
      this.#database.run('DELETE FROM reactions WHERE message_id = $id', { id });
      // The sealed stanza holds the text too; what never left need not be retracted elsewhere either.
      this.#database.run(
        `DELETE FROM outbox WHERE message_id = $id OR (about_id = $id AND kind IN ('edit', 'reaction'))`,
        { id },
      );
      const emptied = `body = '', retracted_at = $at, edited_at = NULL, failure_text = NULL,
        reply_to = NULL, reply_jid = NULL, reply_quote = NULL, has_file = 0`;
      return this.#write(message, emptied, { at });
    });
  }

  #unsealed(id: MessageId): StoredMessage | undefined {
    const entry = this.#parts.outbox.ofMessage(id);
    return entry === undefined || entry.stanza !== undefined ? undefined : this.require(id);
  }

  /**
   * Gives a row the archive id and the place of its echo. Of a message that was sent twice the archive has two
   * entries, and the later one may be seen first: the one that stands first in the archive counts.
   */
  #adopt(message: StoredMessage, { archiveId, sortAt }: Echo): StoredMessage {
    const isFirst = archiveId !== undefined && message.archiveId === undefined;
    const isOther =
      archiveId !== undefined && message.archiveId !== undefined && message.archiveId !== archiveId;
    const accountId = this.#parts.chats.accountOf(message.chatId);
    // Live, the end of the timeline so far is the archive's end too.
    const live = isFirst ? this.#parts.archive.placeLive(accountId, message.sortAt) : message.sortAt;
    const isEarlier = isOther && sortAt !== undefined && sortAt < message.sortAt;
    const staysHere = (isOther && !isEarlier) || this.#isGoing(message);
    const place = staysHere ? message.sortAt : (sortAt ?? live);
    if (!isFirst && place === message.sortAt) return message;
    this.#parts.archive.raiseHead(accountId, place);
    const placed = this.#write(message, 'archive_id = $archiveId, sort_at = $place', {
      archiveId: (isEarlier ? archiveId : (message.archiveId ?? archiveId)) ?? null,
      place,
    });
    moveReadPosition(this.#database, placed);
    this.#parts.chats.readAwaited(placed);
    return placed;
  }

  /** What is being deleted must not leave the range of it; what waits to be sent is spared. */
  #isGoing({ id, chatId, sortAt }: StoredMessage): boolean {
    return this.#parts.memory.isGoing(chatId, sortAt) && this.#parts.outbox.ofMessage(id) === undefined;
  }

  #insertArchived(message: NewArchived): ArchivedOutcome {
    const { chatId, senderJid, body, direction } = message;
    const found =
      this.findByArchiveId(chatId, message.archiveId) ?? this.#lookup.known(chatId, senderJid, message, body);
    if (found === undefined) {
      if (this.#parts.memory.knows(chatId, message)) return { kind: 'ignored', messageId: undefined };
      const state = direction === 'in' ? 'received' : 'acked';
      const row = { direction, state, rev: this.#revisions.next() } as const;
      const id = this.#database.insert(insertMessageSql, insertParameters(message, row)) as MessageId;
      this.#parts.chats.readAwaited({ ...message, id });
      return { kind: 'inserted', messageId: id };
    }
    const placed = this.#adopt(found, message);
    const isSame = found.archiveId !== undefined && placed.sortAt === found.sortAt;
    this.setState(found.id, 'acked');
    return { kind: isSame ? 'known' : 'completed', messageId: found.id };
  }

  #insert(message: NewIncoming, direction: MessageDirection, state: MessageState): StoredMessage {
    const accountId = this.#parts.chats.accountOf(message.chatId);
    const sortAt = message.sortAt ?? this.#endOf(accountId, message);
    if (message.archiveId !== undefined) this.#parts.archive.raiseHead(accountId, sortAt);
    this.#parts.chats.touch(message.chatId, sortAt);
    const row = { direction, state, rev: this.#revisions.next() };
    const id = this.#database.insert(
      insertMessageSql,
      insertParameters({ ...message, sortAt }, row),
    ) as MessageId;
    this.#parts.chats.readAwaited({ ...message, sortAt, id });
    return this.require(id);
  }

  /** Never above what is on the screen already, should the clock have been set back. */
  #endOf(accountId: AccountId, { chatId, at, archiveId }: NewIncoming): number {
    const sql = 'SELECT max(sort_at) AS place FROM messages WHERE chat_id = $chatId';
    const last = this.#database.one<{ place: number | null }>(sql, { chatId })?.place ?? at;
    const wanted = Math.max(at, last);
    return archiveId === undefined ? wanted : this.#parts.archive.placeLive(accountId, wanted);
  }

  #writeState(message: StoredMessage, state: MessageState, failure?: string, text?: string): StoredMessage {
    // What cannot be read, of another own device, stays so however far it comes.
    const kept = message.state === 'failed' ? undefined : message.failure;
    return this.#write(message, 'state = $state, failure = $failure, failure_text = $text', {
      state,
      failure: failure ?? kept ?? null,
      text: text ?? null,
    });
  }

  #write(
    message: StoredMessage,
    assignments: string,
    values: Readonly<Record<string, string | number | null>>,
  ): StoredMessage {
    this.#database.changeOne(`UPDATE messages SET ${assignments}, rev = $rev WHERE id = $id`, {
      ...values,
      id: message.id,
      rev: this.#revisions.next(),
    });
    this.#parts.chats.touch(message.chatId, 0);
    return this.require(message.id);
  }
}

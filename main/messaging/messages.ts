import { randomUUID } from 'node:crypto';
import type { AccountId, ChatId, MessageId } from '#shared/ids.ts';
import { AppError } from '#shared/errors.ts';
import type { Protection } from '#shared/views.ts';
import { NOT_DECRYPTABLE, type NewOutgoing, type StoredMessage } from '#main/store/message-rows.ts';
import type { Store } from '#main/store/store.ts';
import type { Changes } from '#main/util/changes.ts';
import type { Clock } from '#main/util/clock.ts';

export interface MessageServiceDependencies {
  readonly store: Store;
  readonly changes: Changes;
  readonly clock: Clock;
  /** Tells the account's outbox that there is something to send. */
  readonly poke: (accountId: AccountId) => void;
  /** For how many seconds a message can be taken back before it leaves; 0 is off. */
  readonly undoSeconds: () => number;
  /** How the next message of a chat is to be protected; without it: not at all. */
  readonly protectionOf?: ((chatId: ChatId) => Protection) | undefined;
}

export interface SendOptions {
  /** A message of the same chat that this one answers. */
  readonly replyTo?: MessageId | undefined;
  /** Not before this time, milliseconds since 1970. */
  readonly sendAt?: number | undefined;
}

/** Somebody to write to, from one of the user's accounts. */
export interface Addressee {
  readonly accountId: AccountId;
  readonly jid: string;
}

/** What was written, after it was withdrawn. */
export interface WithdrawnMessage {
  readonly text: string;
  readonly replyTo: MessageId | undefined;
}

/** By what others know a message; undefined where its sender's client gave it no id. */
export const referenceId = ({ originId, stanzaId }: StoredMessage): string | undefined =>
  originId ?? stanzaId;

/** What the user does with messages on their way out. */
export class MessageService {
  readonly #deps: MessageServiceDependencies;

  constructor(deps: MessageServiceDependencies) {
    this.#deps = deps;
  }

  /**
   * Stores the message and its outbox entry in one transaction, then lets it go.
   * @throws AppError `not-found` where the chat, or the answered message in it, does not exist
   */
  send(chatId: ChatId, text: string, options: SendOptions = {}): StoredMessage {
    const { store } = this.#deps;
    const stored = store.transaction(() => {
      const message = this.#store(chatId, text, options);
      // Who answers has read.
      store.chats.setReadUpTo(chatId, message.id);
      if (store.chats.properties(chatId).draft !== '') store.chats.setDraft(chatId, '');
      return message;
    });
    return this.#goOn(stored);
  }

  /**
   * Sends the text of a message to others, in one transaction for all; leaves their drafts alone.
   * @throws AppError `not-found` for what was retracted or could not be decrypted
   */
  forward(messageId: MessageId, to: readonly Addressee[]): readonly StoredMessage[] {
    const { store, clock } = this.#deps;
    const { body, retractedAt, failure } = store.messages.require(messageId);
    const isReadable = retractedAt === undefined && failure !== NOT_DECRYPTABLE;
    if (!isReadable || body.trim() === '') throw new AppError('not-found', 'there is no text to forward');
    const stored = store.transaction(() => {
      const chatIds = to.map(
        ({ accountId, jid }) => store.chats.findOrCreate(accountId, jid, clock.now()).id,
      );
      return [...new Set(chatIds)].map((chatId) => this.#store(chatId, body, {}));
    });
    return stored.map((message) => this.#goOn(message));
  }

  /** The row and its outbox entry; only within a transaction. */
  #store(chatId: ChatId, text: string, { replyTo, sendAt }: SendOptions): StoredMessage {
    const { store, clock } = this.#deps;
    const { accountId, standing } = store.chats.properties(chatId);
    const now = clock.now();
    const id = randomUUID();
    // Who writes to a stranger has let them in.
    if (standing === 'request') store.chats.setStanding(chatId, 'open');
    return store.messages.insertOutgoing({
      chatId,
      senderJid: store.accounts.require(accountId).jid,
      body: text,
      at: now,
      protection: this.#deps.protectionOf?.(chatId) ?? 'none',
      stanzaId: id,
      originId: id,
      reply: replyTo === undefined ? undefined : this.#replyTo(chatId, replyTo),
      receiptWanted: true,
      markable: true,
      notBefore: this.#notBefore(now, sendAt),
    });
  }

  /** Queues a failed message again, under the same id. */
  resend(messageId: MessageId): StoredMessage {
    const { store, clock, protectionOf } = this.#deps;
    const message = this.#requireOwn(messageId);
    const queued = store.transaction(() => {
      const again = store.messages.requeue(messageId, clock.now());
      // Nobody would say whether they have OMEMO: the user may have decided without them.
      const decided = protectionOf?.(message.chatId) ?? 'unsettled';
      return again?.protection === 'unsettled' && decided !== 'unsettled'
        ? store.messages.settleProtection(messageId, decided)
        : again;
    });
    // Not failed any more: a second click, or the answer came after all.
    if (queued === undefined) return message;
    return this.#goOn(queued);
  }

  /** Takes back a message that has not left; undefined where it has. */
  cancel(messageId: MessageId): WithdrawnMessage | undefined {
    const { store, changes } = this.#deps;
    const { chatId, reply } = this.#requireOwn(messageId);
    const answered = reply === undefined ? undefined : store.references.find(chatId, reply.id);
    const withdrawn = store.messages.withdraw(messageId);
    if (withdrawn === undefined) return undefined;
    changes.announce({ kind: 'messages-removed', chatId, messageIds: [messageId] }, { kind: 'chat', chatId });
    return { text: withdrawn.body, replyTo: answered?.id };
  }

  /** Does not wait for the time of a message any longer. */
  sendNow(messageId: MessageId): StoredMessage {
    return this.#reschedule(messageId, undefined);
  }

  /** @param sendAt milliseconds since 1970 */
  reschedule(messageId: MessageId, sendAt: number): StoredMessage {
    return this.#reschedule(messageId, sendAt);
  }

  #reschedule(messageId: MessageId, sendAt: number | undefined): StoredMessage {
    const { store } = this.#deps;
    const message = this.#requireOwn(messageId);
    const entry = store.outbox.ofMessage(messageId);
    // It has left, or is on its way: there is nothing to wait for.
    if (entry?.notBefore === undefined) return message;
    store.outbox.reschedule(entry.id, sendAt, this.#deps.clock.now());
    return this.#goOn(message);
  }

  #goOn(message: StoredMessage): StoredMessage {
    this.#announce(message);
    this.#deps.poke(this.#deps.store.chats.accountOf(message.chatId));
    return this.#deps.store.messages.require(message.id);
  }

  #notBefore(now: number, sendAt: number | undefined): number | undefined {
    if (sendAt !== undefined) return sendAt;
    const seconds = this.#deps.undoSeconds();
    return seconds === 0 ? undefined : now + seconds * 1000;
  }

  #replyTo(chatId: ChatId, messageId: MessageId): NewOutgoing['reply'] {
    const answered = this.#deps.store.messages.require(messageId);
    const id = referenceId(answered);
    const isThere = answered.chatId === chatId && answered.retractedAt === undefined;
    if (!isThere || id === undefined) throw new AppError('not-found', 'there is no such message to answer');
    // Its text is looked up when it is needed: it may be edited or taken back meanwhile.
    return { id, jid: answered.senderJid, quote: undefined };
  }

  #requireOwn(messageId: MessageId): StoredMessage {
    const message = this.#deps.store.messages.require(messageId);
    if (message.direction === 'out') return message;
    throw new AppError('not-found', 'this is no message of the user');
  }

  #announce(message: StoredMessage): void {
    this.#deps.changes.announce(
      { kind: 'message', messageId: message.id },
      { kind: 'chat', chatId: message.chatId },
    );
  }
}

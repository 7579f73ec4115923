import { randomUUID } from 'node:crypto';
import type { AccountId, ChatId, MessageId } from '#shared/ids.ts';
import { AppError } from '#shared/errors.ts';
import type { StoredMessage } from '#main/store/messages.ts';
import type { Store } from '#main/store/store.ts';
import type { Changes } from '#main/util/changes.ts';
import type { Clock } from '#main/util/clock.ts';

export interface MessageServiceDependencies {
  readonly store: Store;
  readonly changes: Changes;
  readonly clock: Clock;
  /** Tells the account's outbox that there is something to send. */
  readonly poke: (accountId: AccountId) => void;
}

/** What the user does with messages. */
export class MessageService {
  readonly #deps: MessageServiceDependencies;

  constructor(deps: MessageServiceDependencies) {
    this.#deps = deps;
  }

  /** Stores the message and its outbox entry in one transaction, then lets it go. */
  send(chatId: ChatId, text: string): StoredMessage {
    const { store, clock } = this.#deps;
    const { message, accountId } = store.transaction(() => {
      const chat = store.chats.require(chatId);
      const account = store.accounts.require(chat.accountId);
      const now = clock.now();
      const id = randomUUID();
      const stored = store.messages.insertOutgoing({
        chatId,
        senderJid: account.jid,
        body: text,
        at: now,
        // Never above what is on the screen already, should the clock have been set back.
        sortAt: Math.max(now, store.messages.page({ kind: 'latest', chatId, limit: 1 }).rows[0]?.sortAt ?? 0),
        protection: 'none',
        stanzaId: id,
        originId: id,
      });
      // Who answers has read.
      store.chats.setReadUpTo(chatId, stored.id);
      if (chat.draft !== '') store.chats.setDraft(chatId, '');
      return { message: stored, accountId: chat.accountId };
    });
    this.#announce(message);
    this.#deps.poke(accountId);
    return this.#deps.store.messages.require(message.id);
  }

  /** Queues a failed message again, under the same id. */
  resend(messageId: MessageId): StoredMessage {
    const { store } = this.#deps;
    const message = store.messages.require(messageId);
    if (message.direction !== 'out') throw new AppError('not-found', 'only own messages can be sent again');
    const queued = store.messages.requeue(messageId, this.#deps.clock.now());
    // Not failed any more: a second click, or the answer came after all.
    if (queued === undefined) return message;
    this.#announce(queued);
    this.#deps.poke(store.chats.require(message.chatId).accountId);
    return store.messages.require(messageId);
  }

  #announce(message: StoredMessage): void {
    this.#deps.changes.announce(
      { kind: 'message', messageId: message.id },
      { kind: 'chat', chatId: message.chatId },
    );
  }
}

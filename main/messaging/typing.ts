import { randomUUID } from 'node:crypto';
import type { AccountId, ChatId } from '#shared/ids.ts';
import type { Store } from '#main/store/store.ts';
import { chatStateMessage } from '#main/xmpp/features/message.ts';
import type { Stream } from '#main/xmpp/port.ts';

export interface TypingServiceDependencies {
  readonly store: Store;
  readonly enabled: () => boolean;
  /** The account's stream, while it can be used. */
  readonly stream: (accountId: AccountId) => Stream | undefined;
  /** Whether the contact may see our presence, is online, and understands chat states (XEP-0085 section 5.1). */
  readonly understands: (accountId: AccountId, jid: string) => boolean;
}

/** Tells others that we are writing, when they may know it and can use it. Never kept, never repeated. */
export class TypingService {
  readonly #deps: TypingServiceDependencies;
  readonly #told = new Map<ChatId, boolean>();

  constructor(deps: TypingServiceDependencies) {
    this.#deps = deps;
  }

  set(chatId: ChatId, typing: boolean): void {
    const chat = this.#deps.store.chats.properties(chatId);
    if ((this.#told.get(chatId) ?? false) === typing) return;
    const stream = this.#deps.stream(chat.accountId);
    // Switched off meanwhile, "paused" would still tell something: the other side's client forgets by itself.
    if (stream === undefined || !this.#deps.enabled() || !this.#deps.understands(chat.accountId, chat.jid)) {
      this.#told.delete(chatId);
      return;
    }
    this.#told.set(chatId, typing);
    // A text says `active` by itself (section 5.2); after one there is nothing to take back.
    stream
      .send(chatStateMessage(chat.jid, randomUUID(), typing ? 'composing' : 'paused'))
      .catch(() => undefined);
  }

  /** A text has been sent: the other side knows that we have stopped writing. */
  sent(chatId: ChatId): void {
    this.#told.delete(chatId);
  }
}

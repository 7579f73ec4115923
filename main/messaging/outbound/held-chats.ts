import type { ChatId } from '#shared/ids.ts';
import type { OutboxId } from '#main/store/outbox.ts';

/**
 * Chats whose next message waits for keys, with all that is behind it: other chats go on meanwhile, and within a
 * chat the order stays.
 */
export class HeldChats {
  readonly #held = new Map<ChatId, OutboxId[]>();

  /** Takes an entry where its chat waits already. @returns whether it does */
  join(chatId: ChatId, id: OutboxId): boolean {
    const held = this.#held.get(chatId);
    held?.push(id);
    return held !== undefined;
  }

  /** A chat begins to wait, with this entry. */
  hold(chatId: ChatId, id: OutboxId): void {
    this.#held.set(chatId, [id]);
  }

  /** What waits in a chat, in its order. */
  waiting(chatId: ChatId): readonly OutboxId[] {
    return this.#held.get(chatId) ?? [];
  }

  /** The chat waits no longer. @returns what waited, in its order */
  release(chatId: ChatId): readonly OutboxId[] {
    const held = this.#held.get(chatId) ?? [];
    this.#held.delete(chatId);
    return held;
  }

  clear(): void {
    this.#held.clear();
  }
}

import type { ChatId } from '#shared/ids.ts';
import type { Clock } from '#main/util/clock.ts';

/** A writer whose client vanished never says "paused"; after this long nobody believes it any more. */
const BELIEVED_MS = 30_000;

/** Who is writing to us, in memory only. */
export class TypingBook {
  readonly #clock: Clock;
  readonly #changed: (chatId: ChatId) => void;
  readonly #cancel = new Map<ChatId, () => void>();

  constructor(clock: Clock, changed: (chatId: ChatId) => void) {
    this.#clock = clock;
    this.#changed = changed;
  }

  set(chatId: ChatId, typing: boolean): void {
    const was = this.#cancel.get(chatId);
    was?.();
    if (typing) {
      this.#cancel.set(
        chatId,
        this.#clock.after(BELIEVED_MS, () => this.set(chatId, false)),
      );
    } else {
      this.#cancel.delete(chatId);
    }
    if (typing !== (was !== undefined)) this.#changed(chatId);
  }

  isTyping(chatId: ChatId): boolean {
    return this.#cancel.has(chatId);
  }

  dispose(): void {
    for (const cancel of this.#cancel.values()) cancel();
    this.#cancel.clear();
  }
}

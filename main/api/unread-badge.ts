import type { ChatId } from '#shared/ids.ts';
import type { ChatView } from '#shared/views.ts';

/** The number on the application's icon: unread messages of all open chats. */
export class UnreadBadge {
  readonly #show: (unread: number) => void;
  readonly #unread = new Map<ChatId, number>();
  #shown = -1;

  constructor(show: (unread: number) => void) {
    this.#show = show;
  }

  /** Starts again from all chats. */
  reset(chats: readonly ChatView[]): void {
    this.#unread.clear();
    this.update(chats);
  }

  update(chats: readonly ChatView[]): void {
    for (const { id, unread, standing } of chats) {
      // Strangers do not get at the user's attention by writing more.
      if (unread > 0 && standing === 'open') this.#unread.set(id, unread);
      else this.#unread.delete(id);
    }
    const total = [...this.#unread.values()].reduce((sum, unread) => sum + unread, 0);
    if (total === this.#shown) return;
    this.#shown = total;
    this.#show(total);
  }
}

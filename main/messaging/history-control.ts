import type { ChatId, MessageId } from '#shared/ids.ts';
import type { Retention } from '#shared/views.ts';
import type { Store } from '#main/store/store.ts';
import type { Changes } from '#main/util/changes.ts';
import type { Clock } from '#main/util/clock.ts';
import type { Disposable } from '#main/util/disposables.ts';
import type { Logger } from '#main/log/logger.ts';

export interface HistoryControlDependencies {
  readonly store: Store;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly log: Logger;
  /** How long chats that do not say otherwise keep their messages, as the settings say now. */
  readonly retention: () => Retention;
}

/** What is to be purged daily is looked for again after this long; at start, when the windows are up. */
const PURGE_EVERY_MS = 86_400_000;
const FIRST_PURGE_MS = 60_000;
/** A shorter retention is seen to work, and a slip of the finger can still be taken back. */
const CHANGED_PURGE_MS = 10_000;
/** What was just read in a chat that keeps nothing must stay long enough to be answered. */
const JUST_READ_MS = 300_000;
/** Between two slices the main thread belongs to the others. */
const BETWEEN_SLICES_MS = 5;

/** The user's control over the history on this computer, and what goes by itself. */
export class HistoryControl implements Disposable {
  readonly #deps: HistoryControlDependencies;
  /** Chats that lose messages in the slices to come. */
  readonly #losing = new Set<ChatId>();
  #cancelSlice: (() => void) | undefined;
  #cancelPurge = (): void => undefined;
  #stopListening = (): void => undefined;
  #isDisposed = false;

  constructor(deps: HistoryControlDependencies) {
    this.#deps = deps;
  }

  /** Goes on with what an earlier run has begun, and looks once a day for what has become too old. */
  start(): void {
    this.#stopListening = this.#deps.changes.on(({ kind }) => {
      // The store has taken it from sight; its messages leave slice by slice.
      if (kind === 'account-removed') this.#work();
    });
    this.#work();
    this.#purgeIn(FIRST_PURGE_MS);
  }

  /** Deletes one message on this computer. @throws AppError `not-found` */
  deleteMessage(messageId: MessageId): void {
    const { store, changes } = this.#deps;
    const { chatId } = store.messages.require(messageId);
    store.deletions.deleteMessage(messageId);
    changes.announce({ kind: 'messages-removed', chatId, messageIds: [messageId] }, { kind: 'chat', chatId });
  }

  /** Deletes the messages of a chat; what waits to be sent stays. @throws AppError `not-found` */
  clear(chatId: ChatId): void {
    this.#deps.store.chats.properties(chatId);
    this.#deps.store.deletions.deleteHistory(chatId);
    this.#lose([chatId]);
  }

  /** Deletes a chat with all of its messages. @throws AppError `not-found` */
  deleteChat(chatId: ChatId): void {
    this.#deps.store.chats.properties(chatId);
    this.#deps.store.deletions.deleteChat(chatId);
    this.#deps.changes.announce({ kind: 'chat-removed', chatId });
    this.#work();
  }

  /** @throws AppError `not-found` */
  setRetention(chatId: ChatId, retention: 'default' | Retention): void {
    this.#deps.store.chats.setRetention(chatId, retention);
    this.#deps.changes.announce({ kind: 'chat', chatId });
    this.retentionChanged();
  }

  /** Something was read: a chat that keeps nothing loses it, some minutes after the last of it. */
  wasRead(chatId: ChatId): void {
    const { retention } = this.#deps.store.chats.require(chatId);
    if ((retention === 'default' ? this.#deps.retention() : retention) === 0) this.#purgeIn(JUST_READ_MS);
  }

  /** What is too old by the new rule goes soon. */
  retentionChanged(): void {
    this.#purgeIn(CHANGED_PURGE_MS);
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#stopListening();
    this.#cancelPurge();
    this.#cancelSlice?.();
  }

  #purgeIn(ms: number): void {
    this.#cancelPurge();
    this.#cancelPurge = this.#deps.clock.after(ms, () => this.#purge());
  }

  #purge(): void {
    const { store, clock, log } = this.#deps;
    this.#purgeIn(PURGE_EVERY_MS);
    const retention = this.#deps.retention();
    try {
      this.#lose(
        store.deletions.deleteOlderThan(clock.now(), retention === 'forever' ? undefined : retention),
      );
    } catch (error) {
      // A full disk, say: tomorrow is another day.
      log.error('old messages could not be deleted', {}, error);
    }
  }

  #lose(chatIds: readonly ChatId[]): void {
    for (const chatId of chatIds) this.#losing.add(chatId);
    this.#announce(chatIds);
    this.#work();
  }

  #work(): void {
    if (this.#isDisposed) return;
    this.#cancelSlice ??= this.#deps.clock.after(BETWEEN_SLICES_MS, () => this.#slice());
  }

  #slice(): void {
    this.#cancelSlice = undefined;
    try {
      if (this.#deps.store.maintain()) {
        this.#work();
        return;
      }
    } catch (error) {
      // It is noted on disk and goes on with the next deletion, or the next start.
      this.#deps.log.error('a deletion could not go on', {}, error);
    }
    const done = [...this.#losing];
    this.#losing.clear();
    this.#announce(done);
  }

  #announce(chatIds: readonly ChatId[]): void {
    this.#deps.changes.announce(
      ...chatIds.flatMap((chatId) => [
        { kind: 'timeline', chatId } as const,
        { kind: 'chat', chatId } as const,
      ]),
    );
  }
}

import type { OutboxEntry } from '#main/store/outbox.ts';
import type { StoredMessage } from '#main/store/messages.ts';
import type { Store } from '#main/store/store.ts';
import type { Logger } from '#main/log/logger.ts';
import type { Clock } from '#main/util/clock.ts';

export interface OnWireDependencies {
  readonly store: Pick<Store, 'transaction' | 'messages'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Servers mostly acknowledge within this time; a state that lasts shorter is worth neither a write nor a look. */
const WAIT_MS = 1_000;

/** Messages that have left this computer, and of which the server has not said yet that it has them. */
export class OnWire {
  readonly #deps: OnWireDependencies;
  readonly #changed: (messages: readonly StoredMessage[]) => void;
  #entries: OutboxEntry[] = [];
  #cancel: (() => void) | undefined;

  constructor(deps: OnWireDependencies, changed: (messages: readonly StoredMessage[]) => void) {
    this.#deps = deps;
    this.#changed = changed;
  }

  note(entry: OutboxEntry): void {
    this.#entries.push(entry);
    this.#cancel ??= this.#deps.clock.after(WAIT_MS, () => this.#settle());
  }

  /** The stream is over: nobody knows how far they have come. */
  clear(): void {
    this.#entries = [];
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #settle(): void {
    const { store, log } = this.#deps;
    const entries = this.#entries;
    this.clear();
    try {
      this.#changed(
        store.transaction(() =>
          entries.flatMap(({ messageId }) =>
            messageId !== undefined && store.messages.get(messageId)?.state === 'sending'
              ? (store.messages.setState(messageId, 'sent') ?? [])
              : [],
          ),
        ),
      );
    } catch (error) {
      // Only how far it has come is not shown.
      log.error('what is on the wire could not be noted', {}, error);
    }
  }
}

import type { AccountId } from '#shared/ids.ts';
import type { Logger } from '#main/log/logger.ts';
import type { OutboxEntry, OutboxId } from '#main/store/outbox.ts';
import type { Store } from '#main/store/store.ts';
import type { Changes } from '#main/util/changes.ts';
import { stanzaIdAttribute } from '#main/xmpp/features/message.ts';
import type { Stream } from '#main/xmpp/port.ts';
import { parseStanza } from '#main/xmpp/stanza.ts';
import type { StoredMessage } from '#main/store/messages.ts';
import { seal } from './seal.ts';

export interface OutboxDependencies {
  readonly store: Store;
  readonly changes: Changes;
  readonly log: Logger;
  /** Whether chat states may be told (XEP-0085), as the settings say now. */
  readonly sendTyping: () => boolean;
  /** The server has something that it did not have before. */
  readonly arrived?: (accountId: AccountId) => void;
}

/**
 * The durable queue of one account. Entries leave in the order in which they were written, and stay on
 * disk until the server has acknowledged them; after a break the same stanza goes out again, with the
 * same id.
 */
export class Outbox {
  readonly #deps: OutboxDependencies;
  readonly #accountId: AccountId;
  #stream: Stream | undefined;
  /** The entry that was given to the present stream last. */
  #last: OutboxId | undefined;

  constructor(accountId: AccountId, deps: OutboxDependencies) {
    this.#accountId = accountId;
    this.#deps = deps;
  }

  /**
   * Starts sending over a stream.
   * @param acknowledged serialised stanzas of an earlier stream that the server turned out to have
   */
  run(stream: Stream, acknowledged: readonly string[] = []): void {
    for (const text of acknowledged) this.#hasArrived(text);
    this.#stream = stream;
    this.#last = undefined;
    this.poke();
  }

  /** Stops: what is not acknowledged waits for the next stream. */
  hold(): void {
    this.#stream = undefined;
    this.#last = undefined;
    this.#announce(...this.#deps.store.messages.requeueSending(this.#accountId));
  }

  /** Sends what has been added; does nothing without a stream. */
  poke(): void {
    for (let stream = this.#stream; stream !== undefined; stream = this.#stream) {
      const entry = this.#deps.store.outbox.next(this.#accountId, this.#last);
      if (entry === undefined) return;
      this.#last = entry.id;
      this.#give(entry, stream);
    }
  }

  #give(entry: OutboxEntry, stream: Stream): void {
    const stanza = this.#sealed(entry);
    if (stanza === undefined) return;
    stream.send(parseStanza(stanza)).then(
      () => this.#acknowledged(entry),
      // The stream has ended; `hold` follows, and the entry waits for the next one.
      () => this.#deps.log.debug('not acknowledged', { entry: entry.id }),
    );
  }

  /** The stanza of an entry, made once and kept; undefined where the message may not leave. */
  #sealed(entry: OutboxEntry): string | undefined {
    const { store } = this.#deps;
    const { messageId } = entry;
    if (messageId === undefined) return undefined;
    const outcome = store.transaction(() => {
      const message = store.messages.require(messageId);
      const sending = store.messages.setState(messageId, 'sending');
      store.outbox.countAttempt(entry.id);
      if (entry.stanza !== undefined) return { stanza: entry.stanza, changed: sending };
      const sealed = seal(message, store.chats.require(entry.chatId), {
        sendTyping: this.#deps.sendTyping(),
      });
      if (sealed.kind === 'refused') {
        return { stanza: undefined, changed: store.messages.setState(messageId, 'failed', sealed.condition) };
      }
      const stanza = sealed.stanza.toString();
      store.outbox.storeSealed(entry.id, stanza);
      return { stanza, changed: sending };
    });
    if (outcome.changed !== undefined) this.#announce(outcome.changed);
    return outcome.stanza;
  }

  #acknowledged(entry: OutboxEntry): void {
    if (entry.messageId === undefined) return;
    try {
      // The account may have been removed meanwhile, and the message with it.
      if (this.#deps.store.messages.get(entry.messageId) === undefined) return;
      const changed = this.#deps.store.messages.setState(entry.messageId, 'acked');
      if (changed !== undefined) this.#announce(changed);
      this.#deps.arrived?.(this.#accountId);
    } catch (error) {
      // The entry is still there: the message goes out once more, and the other side knows its id.
      this.#deps.log.error('an acknowledgement could not be stored', { entry: entry.id }, error);
    }
  }

  #hasArrived(text: string): void {
    const id = stanzaIdAttribute(parseStanza(text));
    const { store } = this.#deps;
    for (let entry = store.outbox.next(this.#accountId); entry !== undefined;) {
      if (entry.stanza !== undefined && stanzaIdAttribute(parseStanza(entry.stanza)) === id) {
        this.#acknowledged(entry);
        return;
      }
      entry = store.outbox.next(this.#accountId, entry.id);
    }
  }

  #announce(...messages: readonly StoredMessage[]): void {
    this.#deps.changes.announce(
      ...messages.flatMap(({ id, chatId }) => [
        { kind: 'message', messageId: id } as const,
        { kind: 'chat', chatId } as const,
      ]),
    );
  }
}

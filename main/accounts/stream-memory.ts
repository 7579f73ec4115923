import type { AccountId } from '#shared/ids.ts';
import type { Logger } from '#main/log/logger.ts';
import type { Outbox } from '#main/messaging/outbound/outbox.ts';
import type { Store } from '#main/store/store.ts';
import type { Changes } from '#main/util/changes.ts';
import type { ResumeState, Stream } from '#main/xmpp/port.ts';
import type { PresenceBook } from './presence-book.ts';

/** What of a stream outlives the process, so that the stream does (XEP-0198 section 5). */
export interface ResumeMemory {
  /** What could be resumed; undefined where there is nothing. */
  load(): ResumeState | undefined;
  /** A stream has begun: nothing was sent or handled on it, or since it was resumed. @throws AppError */
  begin(stream: Stream): void;
  /** A presence of this contact was handled. */
  heard(jid: string): void;
  /** The server is about to be told that so many stanzas are handled. @throws AppError */
  acknowledging(inbound: number): void;
  /** The stream has ended. @param state undefined where it cannot be resumed */
  end(state: ResumeState | undefined): void;
}

export interface StreamMemoryDependencies {
  readonly store: Store;
  readonly changes: Changes;
  readonly presence: PresenceBook;
  readonly outbox: Pick<Outbox, 'begin'>;
  readonly log: Logger;
}

type StoredState = Omit<ResumeState, 'unacked'>;

/**
 * Keeps the state of an account's stream in the database. Three rules make a resumption safe after a crash:
 *
 * - The stored count of handled stanzas is never ahead of what is stored of them, and it is stored before the
 *   server is told: a message is in the database before it counts, a presence gets there with the count.
 *   What was handled and not yet told comes again, and is recognised.
 * - What we sent is known by the outbox: an entry is stored with its place on the stream before it leaves, so
 *   the server's count says which have arrived. Requests and presence on their way are forgotten: the first
 *   sync after a restart asks and says everything again.
 * - The places belong to one stream: they are settled and cleared before anything is sent on the next one.
 */
export class StreamMemory implements ResumeMemory {
  readonly #accountId: AccountId;
  readonly #deps: StreamMemoryDependencies;
  #state: StoredState | undefined;
  /** Contacts whose presence differs from what is stored. */
  readonly #heard = new Set<string>();

  constructor(accountId: AccountId, deps: StreamMemoryDependencies) {
    this.#accountId = accountId;
    this.#deps = deps;
  }

  load(): ResumeState | undefined {
    const text = this.#deps.store.accounts.resumeState(this.#accountId);
    return text === undefined ? undefined : { ...(JSON.parse(text) as StoredState), unacked: undefined };
  }

  begin(stream: Stream): void {
    const { store, outbox } = this.#deps;
    const state = stream.resumeState();
    this.#heard.clear();
    store.transaction(() => {
      outbox.begin(stream.earlierHandled);
      if (!stream.resumed) store.contacts.clearPresences(this.#accountId);
      this.#keep(state);
    });
    if (stream.resumed) this.#recallPresence();
  }

  heard(jid: string): void {
    this.#heard.add(jid);
  }

  acknowledging(inbound: number): void {
    const state = this.#state;
    if (state === undefined || (state.inbound === inbound && this.#heard.size === 0)) return;
    this.#deps.store.transaction(() => {
      this.#keepPresence();
      this.#keep({ ...state, inbound });
    });
  }

  end(state: ResumeState | undefined): void {
    try {
      this.#deps.store.transaction(() => {
        // Nothing of it is worth keeping when no stream will go on with it.
        if (state === undefined) this.#deps.store.contacts.clearPresences(this.#accountId);
        else this.#keepPresence();
        this.#keep(state);
      });
    } catch (error) {
      // What is stored is older and true: more will come again, or the resumption is refused.
      this.#deps.log.error('the state of a stream could not be stored', {}, error);
    }
  }

  #keep(state: StoredState | undefined): void {
    this.#state = state;
    const { id, jid, inbound, outbound, offers } = state ?? {};
    const text = state && JSON.stringify({ id, jid, inbound, outbound, offers });
    this.#deps.store.accounts.setResumeState(this.#accountId, text);
  }

  #keepPresence(): void {
    const { store, presence } = this.#deps;
    for (const jid of this.#heard)
      store.contacts.setPresence(this.#accountId, jid, presence.devices(this.#accountId, jid));
    this.#heard.clear();
  }

  /** The server tells of presence only what has changed since. */
  #recallPresence(): void {
    const { store, presence, changes } = this.#deps;
    for (const [jid, devices] of store.contacts.presences(this.#accountId)) {
      presence.recall(this.#accountId, jid, devices);
      changes.announce({ kind: 'contact', accountId: this.#accountId, jid });
    }
  }
}

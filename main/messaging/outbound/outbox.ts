import type { AccountId, ChatId } from '#shared/ids.ts';
import type { AskOutcome, EncryptionScheme, ProtectOutcome } from '#main/crypto/scheme.ts';
import type { Logger } from '#main/log/logger.ts';
import type { OutboxEntry, OutboxId } from '#main/store/outbox.ts';
import type { Store } from '#main/store/store.ts';
import type { Changes } from '#main/util/changes.ts';
import type { Clock } from '#main/util/clock.ts';
import { isCovered } from '#main/xmpp/ack-book.ts';
import type { Stream } from '#main/xmpp/port.ts';
import { UnsendableStanza } from '#main/xmpp/serialize.ts';
import { parseStanza, type Element } from '#main/xmpp/stanza.ts';
import type { StoredMessage } from '#main/store/messages.ts';
import type { Protection } from '#shared/views.ts';
import { HeldChats } from './held-chats.ts';
import { OnWire } from './on-wire.ts';
import { seal, sealSignal, type Sealed, type SealOptions } from './seal.ts';

export interface OutboxDependencies {
  readonly store: Store;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly log: Logger;
  /** Whether chat states may be told (XEP-0085), as the settings say now. */
  readonly sendTyping: () => boolean;
  /** Encrypts what is to be protected; without it such messages are refused. */
  readonly scheme?: EncryptionScheme | undefined;
  /** How the next message of a chat would be protected; raises what was left open where the user wants more now. */
  readonly protectionOf?: ((chatId: ChatId) => Protection) | undefined;
}

/** The longest time that timers take; beyond it they fire at once (a signed 32-bit number of milliseconds). */
const MAX_TIMER_MS = 2_147_483_647;
/** So many leave with one commit; thousands that waited must not make one long transaction. */
const MAX_TOGETHER = 50;

/** What the outbox needs of a stream. */
export type OutboxStream = Pick<Stream, 'send' | 'sentCount'>;

/** A disk that is full, say, may have room again after this long. */
const AGAIN_MS = 10_000;

/** An entry on its way out. */
interface Ready {
  readonly entry: OutboxEntry;
  /** What is noted of its place on the stream. */
  readonly position: number | undefined;
  /** Undefined where it may not leave. */
  readonly stanza: Element | undefined;
  /** The message whose state has changed. */
  readonly changed: StoredMessage | undefined;
}

/**
 * The durable queue of one account. Entries leave in the order in which they were written, or when their
 * time has come, and stay on disk until the server has acknowledged them; after a break the same stanza goes
 * out again, with the same id.
 */
export class Outbox {
  readonly #deps: OutboxDependencies;
  readonly #accountId: AccountId;
  #stream: OutboxStream | undefined;
  /** The entry that was given to the present stream last. */
  #last: OutboxId | undefined;
  #cancelTimer = (): void => undefined;
  #cancelAgain = (): void => undefined;
  #willPoke = false;
  /** Chats that wait for keys, on the present stream. */
  readonly #held = new HeldChats();
  /** Entries that the server has; to be stored together. */
  #arrived: OutboxEntry[] = [];

  readonly #onWire: OnWire;

  constructor(accountId: AccountId, deps: OutboxDependencies) {
    this.#accountId = accountId;
    this.#deps = deps;
    this.#onWire = new OnWire(deps, (messages) => this.#announce(...messages));
  }

  /**
   * A stream has begun, and nothing was sent on it: what the one before got across is settled, in this run of
   * the application or an earlier one, and the rest is to be sent again.
   * @param handled how many stanzas of the stream before the server has (XEP-0198 section 5), if it said so
   */
  begin(handled: number | undefined): void {
    const { store } = this.#deps;
    this.#settleArrived();
    const settled = store.transaction(() => {
      const entries = handled === undefined ? [] : store.outbox.onTheirWay(this.#accountId);
      store.outbox.clearPositions(this.#accountId);
      return entries.flatMap((entry) =>
        entry.position !== undefined && handled !== undefined && isCovered(entry.position, handled)
          ? (this.#settle(entry) ?? [])
          : [],
      );
    });
    this.#announce(...settled);
  }

  /** Starts sending over a stream. */
  run(stream: OutboxStream): void {
    this.#stream = stream;
    this.#last = undefined;
    this.#held.clear();
    this.poke();
  }

  /** Stops: what is not acknowledged waits for the next stream. Never throws: the end of a stream is no choice. */
  hold(): void {
    this.#stream = undefined;
    this.#last = undefined;
    this.#held.clear();
    this.#cancelTimer();
    this.#cancelAgain();
    this.#onWire.clear();
    this.#settleArrived();
    try {
      this.#announce(...this.#deps.store.messages.requeueSending(this.#accountId));
    } catch (error) {
      // They are sent by the next stream all the same; until then they look as if they were on their way.
      this.#deps.log.error('messages on their way could not be put back', {}, error);
    }
  }

  /** Sends what has been added or is due; does nothing without a stream. */
  poke(): void {
    for (let stream = this.#stream; stream !== undefined; stream = this.#stream) {
      const ready = this.#prepare(stream, () => this.#next());
      this.#giveAll(ready, stream);
      if (ready.length < MAX_TOGETHER) break;
    }
    this.#setTimer();
  }

  #giveAll(ready: readonly Ready[], stream: OutboxStream): void {
    for (const one of ready) this.#give(one, stream);
    this.#announce(...ready.flatMap(({ changed }) => changed ?? []));
  }

  /** The next entry whose chat does not wait for keys. */
  #next(): OutboxEntry | undefined {
    const { store, clock } = this.#deps;
    for (;;) {
      const entry = store.outbox.next(this.#accountId, this.#last, clock.now());
      if (entry === undefined) return undefined;
      this.#last = entry.id;
      // What was sealed on an earlier stream goes out again as it was.
      if (entry.stanza !== undefined || !this.#held.join(entry.chatId, entry.id)) return entry;
    }
  }

  /** A chat has its keys, or has none to expect: what waited goes on in its order. */
  #release(chatId: ChatId, stream: OutboxStream): void {
    if (this.#stream !== stream) return;
    const waiting = [...this.#held.release(chatId)];
    const next = (): OutboxEntry | undefined => {
      for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
        const entry = this.#deps.store.outbox.get(id);
        // Taken back, put off, or sent meanwhile.
        if (entry === undefined || entry.stanza !== undefined || entry.notBefore !== undefined) continue;
        if (!this.#held.join(chatId, id)) return entry;
      }
      return undefined;
    };
    try {
      while (waiting.length > 0) this.#giveAll(this.#prepare(stream, next), stream);
    } catch (error) {
      // The entries are there for the next stream.
      this.#deps.log.error('what waited for keys could not go on', {}, error);
    }
  }

  /** Whoever was asked has answered, or will not: nothing leaves on a guess. */
  #asked(answer: AskOutcome, chatId: ChatId, stream: OutboxStream): void {
    // What waits goes on with the next stream.
    if (answer === 'lost' || this.#stream !== stream) return;
    try {
      if (answer === 'unanswered') this.#refuseUnsettled(chatId);
    } catch (error) {
      // They wait for the next stream: asking at once would go on for ever.
      this.#deps.log.error('messages without an answer could not be marked', {}, error);
      return;
    }
    this.#release(chatId, stream);
  }

  #refuseUnsettled(chatId: ChatId): void {
    const { store } = this.#deps;
    const refused = store.transaction(() =>
      this.#held.waiting(chatId).flatMap((id) => {
        const entry = store.outbox.get(id);
        const message = entry?.messageId === undefined ? undefined : store.messages.get(entry.messageId);
        if (entry === undefined || message?.protection !== 'unsettled') return [];
        return this.#refuse(entry, 'devices-unknown') ?? [];
      }),
    );
    this.#announce(...refused);
  }

  /** As `poke`, when what has just happened was told to the windows; once for all that happened. */
  pokeSoon(): void {
    if (this.#willPoke) return;
    this.#willPoke = true;
    setImmediate(() => {
      this.#willPoke = false;
      this.#pokeUnasked();
    });
  }

  /** Nobody waits for this who could be told that it failed: it is tried again. */
  #pokeUnasked(): void {
    try {
      this.poke();
    } catch (error) {
      this.#deps.log.error('the outbox could not go on', {}, error);
      this.#goOnSoon();
    }
  }

  #goOnSoon(): void {
    this.#cancelAgain();
    if (this.#stream === undefined) return;
    this.#cancelAgain = this.#deps.clock.after(AGAIN_MS, () => {
      this.#settleArrived();
      this.#pokeUnasked();
    });
  }

  /** Readies the next entries, with one commit for all of them. */
  #prepare(stream: OutboxStream, next: () => OutboxEntry | undefined): readonly Ready[] {
    const { store } = this.#deps;
    const before = this.#last;
    try {
      return store.transaction(() => {
        const ready: Ready[] = [];
        while (ready.length < MAX_TOGETHER) {
          const entry = next();
          if (entry === undefined) break;
          const position = nextPosition(stream, ready.filter(({ stanza }) => stanza !== undefined).length);
          const one = this.#sealed(entry, position, stream);
          if (one !== undefined) ready.push(one);
        }
        return ready;
      });
    } catch (error) {
      this.#last = before;
      throw error;
    }
  }

  /** Wakes the outbox when the next entry is due; what is due without a stream leaves with the next one. */
  #setTimer(): void {
    this.#cancelTimer();
    const due = this.#stream === undefined ? undefined : this.#deps.store.outbox.nextDueAt(this.#accountId);
    if (due === undefined) return;
    const { clock } = this.#deps;
    const ms = Math.min(Math.max(due - clock.now(), 0), MAX_TIMER_MS);
    this.#cancelTimer = clock.after(ms, () => this.#pokeUnasked());
  }

  #give({ entry, stanza, position }: Ready, stream: OutboxStream): void {
    if (stanza === undefined) return;
    const actual = nextPosition(stream, 0);
    // One before it could not be sent. It must be right on the disk before the stanza leaves: an entry whose
    // place somebody else has would count as arrived.
    if (actual !== undefined && actual !== position) this.#deps.store.outbox.setPosition(entry.id, actual);
    const written = (): void => {
      if (this.#stream === stream) this.#onWire.note(entry);
    };
    stream.send(stanza, written).then(
      () => this.#acknowledged(entry),
      (error: unknown) => this.#unsent(entry, error),
    );
  }

  #unsent(entry: OutboxEntry, error: unknown): void {
    if (!(error instanceof UnsendableStanza)) {
      // The stream has ended; `hold` follows, and the entry waits for the next one.
      this.#deps.log.debug('not acknowledged', { entry: entry.id });
      return;
    }
    // No other attempt would go better, and what is behind it must not wait for it.
    const failed = this.#refuse(entry, error.reason === 'size' ? 'policy-violation' : 'not-acceptable');
    if (failed !== undefined) this.#announce(failed);
  }

  /** The stanza of an entry is made once and kept. @returns undefined where it waits for keys */
  #sealed(entry: OutboxEntry, position: number | undefined, stream: OutboxStream): Ready | undefined {
    const { store } = this.#deps;
    const { messageId, chatId } = entry;
    const sealed: Sealed =
      entry.stanza === undefined ? this.#seal(entry) : { kind: 'sealed', stanza: parseStanza(entry.stanza) };
    if (sealed.kind === 'preparing') {
      this.#held.hold(chatId, entry.id);
      void sealed.ready.then(() => this.#release(chatId, stream));
      return undefined;
    }
    if (sealed.kind === 'asking') {
      this.#held.hold(chatId, entry.id);
      void sealed.answer.then((answer) => this.#asked(answer, chatId, stream));
      return undefined;
    }
    const sending = messageId === undefined ? undefined : store.messages.setState(messageId, 'sending');
    store.outbox.countAttempt(entry.id);
    if (sealed.kind === 'refused') {
      return { entry, stanza: undefined, position, changed: this.#refuse(entry, sealed.condition) };
    }
    if (entry.stanza === undefined) store.outbox.storeSealed(entry.id, sealed.stanza.toString());
    if (position !== undefined) store.outbox.setPosition(entry.id, position);
    return { entry, stanza: sealed.stanza, position, changed: sending };
  }

  #seal(entry: OutboxEntry): Sealed {
    const { store, sendTyping } = this.#deps;
    const id = entry.messageId ?? entry.aboutId;
    const message = id === undefined ? undefined : store.messages.get(id);
    const reply = message?.reply;
    const answered = reply === undefined ? undefined : store.references.find(entry.chatId, reply.id);
    const chat = store.chats.properties(entry.chatId);
    const options = { sendTyping: sendTyping(), answered, encrypt: this.#encryptFor(chat.jid) };
    if (entry.messageId === undefined || message === undefined)
      return sealSignal(entry, message, chat, options);
    if (message.protection !== 'unsettled') return seal(message, chat, options);
    const outcome = this.#protect(entry.chatId, chat.jid);
    if (outcome === undefined) return seal(message, chat, options);
    if (outcome.kind === 'asking') return outcome;
    return seal(store.messages.settleProtection(message.id, outcome.protection), chat, options);
  }

  /** For a message whose protection was left open; undefined where nothing here could protect it. */
  #protect(chatId: ChatId, peer: string): ProtectOutcome | undefined {
    const { scheme, store, protectionOf } = this.#deps;
    // Meanwhile the user may have asked for more, never for less.
    if (protectionOf?.(chatId) === 'omemo') return { kind: 'settled', protection: 'omemo' };
    const own = store.accounts.require(this.#accountId).jid;
    return scheme?.protect({ accountId: this.#accountId, own, peer });
  }

  #encryptFor(peer: string): SealOptions['encrypt'] {
    const { scheme, store } = this.#deps;
    const accountId = this.#accountId;
    if (scheme === undefined) return undefined;
    const own = store.accounts.require(accountId).jid;
    return (text, messageId) => scheme.seal({ accountId, own, peer }, text, messageId);
  }

  /** Only a message can show that it failed; what was said about one stays unsaid. */
  #refuse(entry: OutboxEntry, condition: string): StoredMessage | undefined {
    const { store, log } = this.#deps;
    if (entry.messageId !== undefined) return store.messages.setState(entry.messageId, 'failed', condition);
    log.info('not sent', { kind: entry.kind, condition });
    store.outbox.remove(entry.id);
    return undefined;
  }

  /** One answer of the server often covers many: they are stored together, behind the last of them. */
  #acknowledged(entry: OutboxEntry): void {
    if (this.#arrived.push(entry) === 1) queueMicrotask(() => this.#settleArrived());
  }

  #settleArrived(): void {
    const entries = this.#arrived.splice(0);
    if (entries.length === 0) return;
    const { store } = this.#deps;
    try {
      this.#announce(...store.transaction(() => entries.flatMap((entry) => this.#settle(entry) ?? [])));
    } catch (error) {
      // Should the application end before that, they go out once more, and the other side knows their ids.
      this.#deps.log.error('acknowledgements could not be stored', { count: entries.length }, error);
      this.#arrived.unshift(...entries);
      this.#goOnSoon();
    }
  }

  /** @returns the message whose state has changed */
  #settle({ id, messageId }: OutboxEntry): StoredMessage | undefined {
    const { store } = this.#deps;
    if (messageId === undefined) {
      store.outbox.remove(id);
      return undefined;
    }
    // The account may have been removed meanwhile, and the message with it.
    return store.messages.get(messageId) && store.messages.setState(messageId, 'acked');
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

/** The count of stanzas on the stream with the one that leaves after `more` others. */
const nextPosition = ({ sentCount }: OutboxStream, more: number): number | undefined =>
  sentCount === undefined ? undefined : (sentCount + more + 1) % 2 ** 32;

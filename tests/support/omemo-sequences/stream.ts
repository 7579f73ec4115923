/** The Stream port over a network in memory, whose two directions a test can hold, cut and resume. */
import {
  StanzaError,
  StreamError,
  type ResumeState,
  type Stream,
  type StreamOffers,
} from '#main/xmpp/port.ts';
import { parseStanza, type Element } from '#main/xmpp/stanza.ts';
import type { Clock } from '#main/util/clock.ts';

const offers: StreamOffers = { rosterVersioning: false, clientState: false, maxBytes: 10_000_000 };

/** So many stanzas are handled before the server asks for it, and forgets them. */
const ASKED_AFTER = 4;
const DEFAULT_TIMEOUT_MS = 30_000;

/** What the server knows of a stream, also while there is no connection (XEP-0198). */
export class ServerSession {
  readonly id: string;
  /** Full JID. */
  readonly jid: string;
  /** Whose computer it is. */
  readonly owner: string;
  /** How many stanzas of the client the server has. */
  handled = 0;
  /** Stanzas for the client that it has not said to have handled, oldest first. */
  readonly untold: string[] = [];
  /** How many it has said to have handled. */
  told = 0;
  /** What came while there was no connection. */
  readonly waiting: string[] = [];
  stream: MemoryStream | undefined;

  constructor(id: string, jid: string, owner: string) {
    this.id = id;
    this.jid = jid;
    this.owner = owner;
  }

  give(stanza: string): void {
    if (this.stream === undefined) this.waiting.push(stanza);
    else this.stream.down.push({ kind: 'stanza', stanza });
  }
}

export type Upward =
  | { readonly kind: 'stanza'; readonly stanza: string; readonly settle: PromiseWithResolvers<void> }
  | { readonly kind: 'request'; readonly iq: string; readonly settle: PromiseWithResolvers<Element> };

export type Downward =
  | { readonly kind: 'stanza'; readonly stanza: string }
  | {
      readonly kind: 'answer';
      readonly answer: string | StanzaError;
      readonly settle: PromiseWithResolvers<Element>;
    }
  | { readonly kind: 'ack'; readonly settle: PromiseWithResolvers<void> };

export interface StreamWatch {
  /** Called before anything leaves; what it throws is the test's failure. */
  sent(stanza: string): void;
  /** Called before the client gets it. */
  delivered(stanza: string): void;
}

export class MemoryStream implements Stream {
  readonly jid: string;
  readonly resumed: boolean;
  readonly unhandled: readonly string[];
  readonly earlierHandled: number | undefined;
  readonly carbons = true;
  readonly rosterVersioning = false;
  sentCount: number;
  /** On its way to the server, and to the client. */
  readonly up: Upward[] = [];
  readonly down: Downward[] = [];
  readonly session: ServerSession;
  readonly #clock: Clock;
  readonly #watch: StreamWatch;
  /** Without an acknowledgement, with what was sent. */
  readonly #unacked: { readonly stanza: string; readonly settle: PromiseWithResolvers<void> }[] = [];
  readonly #asked = new Set<PromiseWithResolvers<Element>>();
  #inbound: number;
  #isBusy = false;
  #over: StreamError | undefined;
  #isResumable = true;
  #handle: ((stanza: Element) => Promise<void> | void) | undefined;
  #acknowledging: (inbound: number) => void = () => undefined;
  #ended: ((error: StreamError | undefined) => void) | undefined;

  constructor(
    session: ServerSession,
    from: {
      readonly clock: Clock;
      readonly watch: StreamWatch;
      /** What is resumed. */
      readonly resume: ResumeState | undefined;
      /** What the server says of the stream before, where it does not resume it. */
      readonly earlierHandled: number | undefined;
    },
  ) {
    const { resume } = from;
    this.session = session;
    this.jid = session.jid;
    this.#clock = from.clock;
    this.#watch = from.watch;
    this.resumed = resume !== undefined;
    this.earlierHandled = resume === undefined ? from.earlierHandled : session.handled;
    this.unhandled = resume?.unacked?.slice(session.handled - resume.outbound) ?? [];
    this.sentCount = session.handled;
    this.#inbound = resume?.inbound ?? 0;
  }

  get isOver(): boolean {
    return this.#over !== undefined;
  }

  send(stanza: Element): Promise<void> {
    const settle = Promise.withResolvers<void>();
    settle.promise.catch(() => undefined);
    if (this.#over !== undefined) {
      settle.reject(this.#over);
      return settle.promise;
    }
    const text = stanza.toString();
    this.#watch.sent(text);
    this.sentCount += 1;
    this.#unacked.push({ stanza: text, settle });
    this.up.push({ kind: 'stanza', stanza: text, settle });
    return settle.promise;
  }

  request(iq: Element, timeoutMs = DEFAULT_TIMEOUT_MS): Promise<Element> {
    const settle = Promise.withResolvers<Element>();
    if (this.#over !== undefined) {
      settle.reject(this.#over);
      return settle.promise;
    }
    const cancel = this.#clock.after(timeoutMs, () =>
      settle.reject(new StanzaError('remote-server-timeout', 'wait')),
    );
    this.#asked.add(settle);
    const done = (): void => {
      cancel();
      this.#asked.delete(settle);
    };
    settle.promise.then(done, done);
    const text = iq.toString();
    this.#watch.sent(text);
    this.up.push({ kind: 'request', iq: text, settle });
    return settle.promise;
  }

  onStanza(handle: (stanza: Element) => Promise<void> | void): void {
    this.#handle = handle;
  }

  onAcknowledging(note: (inbound: number) => void): void {
    this.#acknowledging = note;
  }

  onEnd(ended: (error: StreamError | undefined) => void): void {
    this.#ended = ended;
  }

  resumeState(): ResumeState | undefined {
    if (!this.#isResumable) return undefined;
    const unacked = this.#unacked.map(({ stanza }) => stanza);
    const outbound = this.sentCount - unacked.length;
    return { id: this.session.id, jid: this.jid, inbound: this.#inbound, outbound, unacked, offers };
  }

  close(): Promise<void> {
    this.#isResumable = false;
    this.#stop();
    return Promise.resolve();
  }

  abort(): void {
    this.#stop();
  }

  setActive(): void {
    // The server takes no interest.
  }

  probe(): void {
    // A line that is held is not dead.
  }

  /** The connection breaks; the client hears of it. */
  cut(isResumable: boolean): void {
    this.#isResumable = isResumable;
    const error = this.#stop();
    this.#ended?.(error);
  }

  /** The computer is gone at once: nobody hears of anything any more. */
  die(): void {
    this.#over ??= lost();
    this.#detach();
  }

  /** Hands one thing to the client. @returns whether there was one that it could take */
  deliver(): boolean {
    if (this.#isBusy || this.#over !== undefined) return false;
    const [next] = this.down;
    if (next === undefined || (next.kind === 'stanza' && this.#handle === undefined)) return false;
    this.down.shift();
    switch (next.kind) {
      case 'ack':
        this.#acknowledge(next.settle);
        return true;
      case 'answer':
        if (typeof next.answer !== 'string') next.settle.reject(next.answer);
        else {
          this.#watch.delivered(next.answer);
          next.settle.resolve(parseStanza(next.answer));
        }
        return true;
      case 'stanza':
        void this.#give(next.stanza);
        return true;
    }
  }

  async #give(stanza: string): Promise<void> {
    this.#isBusy = true;
    this.session.untold.push(stanza);
    this.#watch.delivered(stanza);
    await this.#handle?.(parseStanza(stanza));
    this.#isBusy = false;
    this.#inbound += 1;
    if (this.#over !== undefined || this.#inbound - this.session.told < ASKED_AFTER) return;
    this.#acknowledging(this.#inbound);
    this.session.untold.splice(0, this.#inbound - this.session.told);
    this.session.told = this.#inbound;
  }

  /** XEP-0198: the server's count covers all that was sent before. */
  #acknowledge(settle: PromiseWithResolvers<void>): void {
    const place = this.#unacked.findIndex((one) => one.settle === settle);
    for (const one of this.#unacked.splice(0, place + 1)) one.settle.resolve();
  }

  #stop(): StreamError {
    const error = (this.#over ??= lost());
    for (const settle of this.#asked) settle.reject(error);
    for (const { settle } of this.#unacked) settle.reject(error);
    this.#detach();
    return error;
  }

  /** What did not get there waits for a stream that goes on. */
  #detach(): void {
    if (this.session.stream !== this) return;
    this.session.stream = undefined;
    for (const one of this.down.splice(0)) if (one.kind === 'stanza') this.session.waiting.push(one.stanza);
    this.up.splice(0);
  }
}

const lost = (): StreamError =>
  new StreamError({ code: 'connection-lost', step: 'session', advice: 'retry-now' }, 'cut');

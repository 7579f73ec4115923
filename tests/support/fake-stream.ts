import { StreamError, type ResumeState, type Stream } from '#main/xmpp/port.ts';
import { parseStanza, type Element } from '#main/xmpp/stanza.ts';

type Expectation =
  | { readonly kind: 'send'; readonly check: (stanza: Element) => void; readonly answer: 'ack' | 'hold' }
  | { readonly kind: 'request'; readonly check: (iq: Element) => void; readonly result: string | Error };

interface Held {
  readonly stanza: Element;
  readonly settle: PromiseWithResolvers<void>;
}

/**
 * The Stream port with ordered expectations: what is sent must be what the test expects next, and
 * `finish` fails when something expected was not sent. A stanza that nobody expected fails the test.
 */
export class FakeStream implements Stream {
  readonly jid: string;
  readonly resumed: boolean;
  readonly unhandled: readonly string[];
  readonly carbons = false;
  readonly earlierHandled: number | undefined;
  sentCount: number | undefined;
  readonly rosterVersioning: boolean;
  readonly #expected: Expectation[] = [];
  readonly #held: Held[] = [];
  readonly #surprises: string[] = [];
  readonly #waiting: string[];
  #handle: ((stanza: Element) => Promise<void> | void) | undefined;
  #acknowledging: ((inbound: number) => void) | undefined;
  #ended: ((error: StreamError | undefined) => void) | undefined;
  probes = 0;
  /** What the server was told of the window. */
  readonly activity: boolean[] = [];
  open = true;

  /** @param options.waiting what the server hands out as soon as somebody listens, as after a resumption */
  constructor(
    options: {
      jid?: string;
      resumed?: boolean;
      unhandled?: readonly string[];
      rosterVersioning?: boolean;
      earlierHandled?: number;
      /** Where the count begins; null for a server without stream management. */
      sent?: number | null;
      waiting?: readonly string[];
    } = {},
  ) {
    this.#waiting = [...(options.waiting ?? [])];
    this.jid = options.jid ?? 'alice@localhost/here';
    this.resumed = options.resumed ?? false;
    this.unhandled = options.unhandled ?? [];
    this.earlierHandled = options.earlierHandled;
    const { sent = options.earlierHandled ?? 0 } = options;
    this.sentCount = sent ?? undefined;
    this.rosterVersioning = options.rosterVersioning ?? false;
  }

  /** The next stanza sent; `ack` acknowledges it at once, `hold` leaves it to `acknowledge` or the end. */
  expectSend(check: (stanza: Element) => void, answer: 'ack' | 'hold' = 'ack'): this {
    this.#expected.push({ kind: 'send', check, answer });
    return this;
  }

  /** The next iq request, answered with this stanza or rejected with this error. */
  expectRequest(check: (iq: Element) => void, result: string | Error): this {
    this.#expected.push({ kind: 'request', check, result });
    return this;
  }

  /** Nothing more may be expected, and nothing unexpected may have come. */
  finish(): void {
    if (this.#surprises.length > 0) throw new Error(`not expected: ${this.#surprises.join('\n')}`);
    if (this.#expected.length > 0) throw new Error(`still expected: ${this.#expected.length} stanza(s)`);
  }

  /** A stanza from the server; resolves when it counts as handled. */
  async receive(stanza: string): Promise<void> {
    await this.#handle?.(parseStanza(stanza));
  }

  /** The server acknowledges the oldest held stanza. */
  acknowledge(): void {
    const held = this.#held.shift();
    if (held === undefined) throw new Error('nothing waits for an acknowledgement');
    held.settle.resolve();
  }

  /** The server asks how much was handled. */
  askHandled(inbound: number): void {
    this.#acknowledging?.(inbound);
  }

  /** The connection breaks. */
  break(error?: StreamError): void {
    if (!this.open) return;
    this.open = false;
    const lost =
      error ?? new StreamError({ code: 'connection-lost', step: 'session', advice: 'retry-now' }, 'cut');
    for (const { settle } of this.#held) settle.reject(lost);
    this.#ended?.(lost);
  }

  send(stanza: Element): Promise<void> {
    const next = this.#expected[0];
    if (next?.kind !== 'send') {
      this.#surprises.push(stanza.toString());
      return Promise.resolve();
    }
    this.#expected.shift();
    next.check(stanza);
    if (this.sentCount !== undefined) this.sentCount++;
    if (next.answer === 'ack') return Promise.resolve();
    const settle = Promise.withResolvers<void>();
    this.#held.push({ stanza, settle });
    return settle.promise;
  }

  request(iq: Element): Promise<Element> {
    const next = this.#expected[0];
    if (next?.kind !== 'request') {
      this.#surprises.push(iq.toString());
      return Promise.reject(new Error('not expected'));
    }
    this.#expected.shift();
    next.check(iq);
    return typeof next.result === 'string'
      ? Promise.resolve(parseStanza(next.result))
      : Promise.reject(next.result);
  }

  onAcknowledging(note: (inbound: number) => void): void {
    this.#acknowledging = note;
  }

  onStanza(handle: (stanza: Element) => Promise<void> | void): void {
    this.#handle = handle;
    for (const stanza of this.#waiting.splice(0)) void handle(parseStanza(stanza));
  }

  onEnd(ended: (error: StreamError | undefined) => void): void {
    this.#ended = ended;
  }

  resumeState(): ResumeState | undefined {
    const unacked = this.#held.map(({ stanza }) => stanza.toString());
    const offers = { rosterVersioning: this.rosterVersioning, clientState: true, maxBytes: 262_144 };
    return { id: 'sm', jid: this.jid, inbound: 0, outbound: 0, unacked, offers };
  }

  close(): Promise<void> {
    this.open = false;
    return Promise.resolve();
  }

  abort(): void {
    this.open = false;
  }

  setActive(active: boolean): void {
    this.activity.push(active);
  }

  probe(): void {
    this.probes++;
  }
}

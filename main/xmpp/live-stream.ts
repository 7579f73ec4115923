import { formatJid, parseJid } from '#shared/jid.ts';
import type { Logger } from '#main/log/logger.ts';
import type { Clock } from '#main/util/clock.ts';
import { AckExchange, BadAcknowledgement, NS_SM } from './ack-exchange.ts';
import { clientState } from './features/csi.ts';
import { HandlerQueue } from './handler-queue.ts';
import { IqRequests } from './iq-requests.ts';
import { Liveness } from './liveness.ts';
import { OutgoingGate, type Durable } from './outgoing-gate.ts';
import type { Negotiated } from './negotiation.ts';
import { StanzaError, type ResumeState, type Stream, type StreamError } from './port.ts';
import { serializeStanza } from './serialize.ts';
import { NS, xml, type Element } from './stanza.ts';
import { connectionLost, isStanza, notStored, protocolFailure, streamErrorText } from './stream-failures.ts';
import type { Wire } from './wire.ts';

const REQUEST_MS = 30_000;
/** With the closing of the socket after them, 3 s at the latest. */
const LAST_WORDS_MS = 500;
const GOODBYE_MS = 1_500;
const ignored = (): void => undefined;

export interface LiveStreamDependencies {
  readonly clock: Clock;
  readonly log: Logger;
  readonly durable: Durable;
}

/** A stream after login: RFC 6120 section 8, XEP-0198. */
export class LiveStream implements Stream {
  readonly jid: string;
  readonly resumed: boolean;
  readonly unhandled: readonly string[];
  readonly earlierHandled: number | undefined;
  readonly rosterVersioning: boolean;
  readonly carbons: boolean;
  readonly #negotiated: Negotiated;
  readonly #wire: Wire;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #acks: AckExchange | undefined;
  readonly #liveness: Liveness;
  readonly #requests: IqRequests;
  readonly #queue: HandlerQueue;
  readonly #gate: OutgoingGate;
  #onAcknowledging: (inbound: number) => void = ignored;
  #handle: (stanza: Element) => Promise<void> | void = ignored;
  #onEnd: ((error: StreamError | undefined) => void) | undefined;
  /** Set as soon as nothing may be sent any more. */
  #over: StreamError | undefined;
  #resumable = true;
  /** What the server takes our window for (XEP-0352). */
  #active: boolean;
  /** Settles when the socket is closed. */
  #ending: Promise<void> | undefined;
  /** What `onEnd` is told, once there is somebody to tell. */
  #outcome: { readonly error: StreamError | undefined } | undefined;

  constructor(wire: Wire, negotiated: Negotiated, { clock, log, durable }: LiveStreamDependencies) {
    this.jid = formatJid(negotiated.jid);
    this.resumed = negotiated.resumed;
    this.unhandled = negotiated.earlier.unhandled;
    this.earlierHandled = negotiated.earlier.handled;
    this.rosterVersioning = negotiated.offers.rosterVersioning;
    this.carbons = negotiated.carbons;
    this.#active = negotiated.active;
    this.#negotiated = negotiated;
    this.#wire = wire;
    this.#log = log;
    this.#clock = clock;
    this.#requests = new IqRequests(negotiated.jid, clock);
    this.#queue = new HandlerQueue(clock, (error) => log.error('a stanza could not be handled', {}, error));
    this.#gate = new OutgoingGate({
      durable,
      write: (text, done) => wire.write(text, done),
      failed: (error) => void this.#end(notStored(error, 'session'), { resumable: true }),
    });
    this.#liveness = new Liveness({
      clock,
      heard: () => wire.heard,
      ask: () => this.#ask(),
      dead: () => void this.#end(connectionLost('the server is silent', 'session'), { resumable: true }),
    });
    this.#acks =
      negotiated.acks &&
      new AckExchange(negotiated.acks, {
        clock,
        write: (text, done) => this.#gate.write(text, done),
        tell: (text, inbound) => this.#tell(text, inbound),
        asked: () => this.#liveness.expectAnswer(),
        answered: (others) => this.#liveness.answered(others),
      });
    wire.step = 'session';
    for (const stanza of negotiated.early) this.#receiveStanza(stanza, ignored);
    wire.handOver(
      (element) => this.#receive(element),
      ({ error, resumable }) => void this.#end(error, { resumable }),
    );
  }

  get sentCount(): number | undefined {
    return this.#negotiated.acks?.sentCount;
  }

  send(stanza: Element, written?: () => void): Promise<void> {
    const sent = this.#send(stanza, written);
    // Whoever does not wait for it must not end the process when the stream ends.
    sent.catch(ignored);
    return sent;
  }

  async #send(stanza: Element, written?: () => void): Promise<void> {
    if (this.#over !== undefined) throw this.#over;
    await this.#transmit(serializeStanza(stanza, this.#negotiated.offers.maxBytes), written);
  }

  request(iq: Element, timeoutMs: number = REQUEST_MS): Promise<Element> {
    if (this.#over !== undefined) return Promise.reject(this.#over);
    const { answer, cancel } = this.#requests.expect(iq, timeoutMs, this.#queue.isInsideHandler);
    // An iq that cannot be sent has no answer; a stream that ends fails the answer by itself.
    this.#send(iq).catch(cancel);
    answer.catch(ignored);
    return answer;
  }

  onAcknowledging(note: (inbound: number) => void): void {
    this.#onAcknowledging = note;
  }

  onStanza(handle: (stanza: Element) => Promise<void> | void): void {
    this.#handle = handle;
    this.#queue.open();
  }

  onEnd(ended: (error: StreamError | undefined) => void): void {
    this.#onEnd = ended;
    this.#report();
  }

  resumeState(): ResumeState | undefined {
    const { acks, resumeId, offers } = this.#negotiated;
    if (acks === undefined || resumeId === undefined || !this.#resumable) return undefined;
    const { inbound, outbound, unacked } = acks;
    return { id: resumeId, jid: this.jid, inbound, outbound, unacked, offers };
  }

  async close(): Promise<void> {
    if (this.#over !== undefined) return this.#ending;
    this.#stop(connectionLost('closed', 'session'), false);
    this.#ending = this.#goodbye();
    await this.#ending;
    this.#outcome = { error: undefined };
    this.#report();
  }

  async #goodbye(): Promise<void> {
    if (this.#acks !== undefined) this.#gate.write(this.#acks.ackText);
    const slow = Promise.withResolvers<void>();
    const cancel = this.#clock.after(LAST_WORDS_MS, slow.resolve);
    await Promise.race([this.#gate.finish(), slow.promise]);
    cancel();
    this.#gate.stop();
    await this.#wire.sayGoodbye(GOODBYE_MS);
  }

  abort(reason: string): void {
    void this.#end(connectionLost(reason, 'session'), { resumable: true });
  }

  setActive(active: boolean): void {
    if (this.#over !== undefined || !this.#negotiated.offers.clientState || active === this.#active) return;
    this.#active = active;
    // Not a stanza: nothing counts or repeats it.
    this.#gate.write(clientState(active ? 'active' : 'inactive').toString());
  }

  probe(deadlineMs: number): void {
    if (this.#over === undefined) this.#liveness.probe(deadlineMs);
  }

  /** The server forgets what it is told of: it must be kept here before. */
  #tell(text: string, inbound: number): void {
    try {
      this.#onAcknowledging(inbound);
    } catch (error) {
      void this.#end(notStored(error, 'session'), { resumable: true });
      return;
    }
    this.#gate.write(text);
  }

  #transmit(text: string, written?: () => void): Promise<void> {
    // Without acknowledgements, what has left counts as arrived.
    if (this.#acks !== undefined)
      return this.#acks.transmit(text, () => {
        if (this.#over === undefined) written?.();
      });
    return new Promise((resolve, reject) => {
      this.#gate.write(text, () => (this.#over === undefined ? resolve() : reject(this.#over)));
    });
  }

  /** Asks the server for any sign of life. */
  #ask(): void {
    if (this.#acks !== undefined) {
      this.#acks.ask();
      return;
    }
    const ping = xml('iq', { type: 'get', to: this.#negotiated.jid.domain }, xml('ping', { xmlns: NS.ping }));
    const alive = (): void => this.#liveness.answered(false);
    this.request(ping).then(alive, (error: unknown) => {
      // "I do not know that" is an answer too; only silence is none.
      if (error instanceof StanzaError && error.condition !== 'remote-server-timeout') alive();
    });
  }

  #receive(element: Element): void {
    if (this.#over !== undefined) return;
    if (isStanza(element)) this.#receiveStanza(element, this.#acks?.received() ?? ignored);
    else if (element.getNS() === NS_SM) this.#receiveAck(element);
    else this.#log.debug('an element that nobody expected', { name: element.getName() });
  }

  #receiveStanza(stanza: Element, handled: () => void): void {
    const answer = this.#requests.match(stanza);
    if (answer !== undefined) {
      const deliver = (): void => {
        answer.deliver();
        handled();
      };
      if (answer.overtakes) deliver();
      else this.#queue.add('answer', deliver);
    } else if (!this.#isForHandler(stanza)) handled();
    else {
      this.#queue.add('stanza', async () => {
        try {
          await this.#handle(stanza);
        } finally {
          handled();
        }
      });
    }
  }

  #isForHandler(stanza: Element): boolean {
    const from = stanza.attrs['from'];
    const type = stanza.attrs['type'];
    const name = stanza.getName();
    if (from !== undefined && parseJid(from) === undefined) {
      // Somebody could take "not valid" for "not there", which means: from our own account.
      this.#log.warn('a stanza from an address that is none', { name });
      return false;
    }
    if (name !== 'iq' || type === 'get' || type === 'set') return true;
    this.#log.debug('an answer that nobody waits for', { type });
    return false;
  }

  #receiveAck(element: Element): void {
    try {
      this.#acks?.receive(element);
    } catch (error) {
      if (!(error instanceof BadAcknowledgement)) throw error;
      void this.#end(protocolFailure(error.message, 'session', 'undefined-condition'), {
        resumable: false,
        streamError: streamErrorText('undefined-condition', error.details),
      });
    }
  }

  async #end(
    error: StreamError,
    how: { readonly resumable: boolean; readonly streamError?: string },
  ): Promise<void> {
    if (this.#over !== undefined) return;
    this.#stop(error, how.resumable);
    this.#gate.stop();
    this.#ending = how.resumable ? this.#wire.drop() : this.#wire.end(how.streamError);
    await this.#ending;
    this.#outcome = { error };
    this.#report();
  }

  /** From here on nothing is sent, nothing is handled and no timer runs. */
  #stop(error: StreamError, resumable: boolean): void {
    this.#over = error;
    this.#resumable = resumable;
    this.#acks?.stop();
    this.#liveness.stop();
    this.#queue.stop();
    this.#requests.fail(error);
    this.#negotiated.acks?.lose(error);
  }

  #report(): void {
    if (this.#outcome === undefined || this.#onEnd === undefined) return;
    const ended = this.#onEnd;
    this.#onEnd = undefined;
    ended(this.#outcome.error);
  }
}

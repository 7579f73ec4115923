/** Composes a stream of the library's parts, over sockets that our own dialer has secured. */
import { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import { Client } from '@xmpp/client-core';
import ConnectionTCP from '@xmpp/connection-tcp';
import { Parser, type Element } from '@xmpp/xml';
import { bareJid, parseJid, type Jid } from '#shared/jid.ts';
import type { ConnectionStep } from '#shared/views.ts';
import type { Logger } from '#main/log/logger.ts';
import { systemClock, type Clock } from '#main/util/clock.ts';
import type { Dial } from './dial.ts';
import { LiveStream } from './live-stream.ts';
import { negotiate } from './negotiation.ts';
import type { Durable } from './outgoing-gate.ts';
import { StreamError, type OpenStream, type StreamOptions } from './port.ts';
import { NS } from './stanza.ts';
import {
  connectionLost,
  isStreamError,
  notStored,
  protocolFailure,
  streamErrorFailure,
  streamErrorText,
  xmlFailure,
} from './stream-failures.ts';
import type { Wire, WireEnd } from './wire.ts';
import { XmlError, XmlGate, type XmlLimits } from './xml-gate.ts';

/** Before login nobody has anything long to say. */
const STRANGER_LIMITS: XmlLimits = { stanzaBytes: 65_536, depth: 10, elements: 1_000 };
/**
 * What servers take from each other is 512 KiB at most, but their own answers may be longer: a roster of
 * some thousand contacts, the rooms of a big service. Too low a limit here would lock such an account out.
 */
const SERVER_LIMITS: XmlLimits = { stanzaBytes: 4_194_304, depth: 100, elements: 100_000 };
/** What a closing socket may take to get rid of the last words. */
const CLOSING_MS = 1_000;
const CLOSING_TAG = '</stream:stream>';

export interface OpenStreamDependencies {
  readonly dial: Dial;
  readonly clock?: Clock;
  readonly log: Logger;
  readonly durable: Durable;
  /** Within this an attempt succeeds or fails; default 30 s. Tor needs longer. */
  readonly attemptMs?: number;
}

const ATTEMPT_MS = 30_000;

/** Makes the function that opens streams. It rejects with StreamError only. */
export const createOpenStream = (deps: OpenStreamDependencies): OpenStream => {
  const clock = deps.clock ?? systemClock;
  return async (options, signal) => {
    const account = parseJid(options.jid);
    if (account === undefined || account.local === '') {
      throw new StreamError(
        { code: 'auth-failed', step: 'auth', advice: 'needs-user' },
        'not the address of an account',
      );
    }
    const attempt = new AbortController();
    const giveUp = (): void => attempt.abort(connectionLost('the attempt was given up', 'tcp'));
    const late = (): void => attempt.abort('late');
    const cancelLate = clock.after(deps.attemptMs ?? ATTEMPT_MS, late);
    signal.addEventListener('abort', giveUp, { once: true });
    if (signal.aborted) giveUp();
    try {
      return await open(options, account, attempt.signal, { ...deps, clock });
    } catch (error) {
      if (error instanceof StreamError) throw error;
      deps.log.error('an attempt failed for a reason of our own', {}, error);
      throw protocolFailure('internal error', 'stream');
    } finally {
      cancelLate();
      signal.removeEventListener('abort', giveUp);
    }
  };
};

const timedOut = (step: ConnectionStep, host?: string): StreamError =>
  new StreamError({ code: 'connection-timeout', step, advice: 'retry-now', host }, 'the login took too long');

/** Why an attempt was aborted, told with the step that it had reached. */
const abortError = (signal: AbortSignal, step: ConnectionStep): StreamError =>
  signal.reason instanceof StreamError ? connectionLost(signal.reason.message, step) : timedOut(step);

const open = async (
  options: StreamOptions,
  account: Jid,
  signal: AbortSignal,
  deps: Required<Pick<OpenStreamDependencies, 'clock'>> & OpenStreamDependencies,
): Promise<LiveStream> => {
  const { host, port, directTls, pinnedSpki, ca } = options;
  const outcome = await deps.dial({ domain: account.domain, host, port, directTls, pinnedSpki, ca }, signal);
  if (!outcome.ok) {
    if (signal.aborted) throw abortError(signal, outcome.failure.step);
    throw new StreamError(outcome.failure, outcome.message, outcome.cause);
  }
  const { socket, endpoint, channelBindings } = outcome;
  const wire = new LibraryWire(socket, account, deps.clock);
  const aborted = (): void => wire.fail({ error: abortError(signal, wire.step), resumable: true });
  signal.addEventListener('abort', aborted, { once: true });
  try {
    if (signal.aborted) aborted();
    // A resumption tells what we have handled.
    await deps.durable()?.catch((error: unknown) => {
      throw notStored(error, wire.step);
    });
    const negotiated = await negotiate(wire, { options, account, channelBindings });
    deps.log.info('stream open', { resumed: negotiated.resumed, acks: negotiated.acks !== undefined });
    return new LiveStream(wire, negotiated, deps);
  } catch (error) {
    // What was given up may already be resumed over there: a goodbye would end it for the next attempt too.
    await (signal.aborted ? wire.drop() : wire.end());
    if (!(error instanceof StreamError)) throw error;
    const { code, step, advice, condition } = error;
    throw new StreamError({ code, step, advice, condition, host: endpoint.host }, error.message, error.cause);
  } finally {
    signal.removeEventListener('abort', aborted);
  }
};

/** The client of the library with its reactions to errors and redirections taken out. */
class Entity extends Client {
  readonly #deliver: (element: Element) => void;

  constructor(domain: string, deliver: (element: Element) => void) {
    // No xml:lang: the server would pass it on as the language of every message, and we do not know that.
    super({ domain });
    // Our watchdog is the only one; the library's timers would outlive a stream that ends early.
    this.timeout = 0;
    this.#deliver = deliver;
  }

  override _onElement(element: Element): void {
    this.#deliver(element);
  }
}

/** What the library needs to make a socket and a parser: the socket is there, the parser gets a gate. */
const transportOver = (socket: Duplex, limits: () => XmlLimits): typeof ConnectionTCP => {
  class Secured extends EventEmitter {
    readonly secure = true;

    connect(): void {
      queueMicrotask(() => this.emit('connect'));
    }

    /** What is written in one turn of the event loop leaves as one: a burst of stanzas is not one packet each. */
    write(text: string, done: (error?: Error | null) => void): void {
      if (socket.writableCorked === 0) {
        socket.cork();
        process.nextTick(() => socket.uncork());
      }
      socket.write(text, done);
    }
  }

  class GatedParser extends Parser {
    readonly #gate = new XmlGate(limits(), (token) => super.write(token));

    override write(text: string): void {
      this.#gate.write(text);
    }

    /** An 'error' would make the library end the stream in its own way, with timers that stay behind. */
    override emit(event: string, ...args: readonly unknown[]): boolean {
      if (event === 'error') throw args[0];
      return super.emit(event, ...args);
    }
  }

  class Transport extends ConnectionTCP {
    override socketParameters(): unknown {
      return {};
    }
  }
  Transport.prototype.NS = NS.client;
  Transport.prototype.Socket = Secured;
  Transport.prototype.Parser = GatedParser;
  return Transport;
};

class LibraryWire implements Wire {
  step: ConnectionStep = 'stream';
  heard = 0;
  readonly #socket: Duplex;
  readonly #clock: Clock;
  readonly #entity: Entity;
  readonly #domain: string;
  /** Characters may be cut by the border of two packets; bytes that are no UTF-8 end the stream. */
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  #limits = STRANGER_LIMITS;
  #opened = false;
  #unread: Element[] = [];
  #reader:
    | { readonly resolve: (element: Element) => void; readonly reject: (error: Error) => void }
    | undefined;
  #rejectOpen: ((error: Error) => void) | undefined;
  #receive: ((element: Element) => void) | undefined;
  #ended: ((end: WireEnd) => void) | undefined;
  #end: WireEnd | undefined;
  #ownError: string | undefined;
  #closing: Promise<void> | undefined;

  constructor(socket: Duplex, account: Jid, clock: Clock) {
    this.#socket = socket;
    this.#clock = clock;
    this.#domain = account.domain;
    this.#entity = new Entity(account.domain, (element) => this.#deliver(element));
    this.#entity.transports.push(transportOver(socket, () => this.#limits));
    this.#entity._jid(bareJid(account));
    this.#entity.on('error', () => undefined);
    this.#entity.on('close', () => this.#peerClosed());
    socket.on('close', this.#socketClosed);
    socket.on('error', () => undefined);
    if (socket.destroyed) this.#socketClosed();
  }

  async open(): Promise<void> {
    if (this.#end !== undefined) throw this.#end.error;
    // The first stream ended with the login; nothing of it may be taken for a part of the second.
    if (this.#unread.length > 0) throw xmlFailure(undefined, this.step);
    const { promise, resolve, reject } = Promise.withResolvers<Element>();
    // It may fail before anybody waits for it.
    promise.catch(() => undefined);
    this.#rejectOpen = reject;
    if (this.#opened) {
      this.#limits = SERVER_LIMITS;
      this.#entity.restart().then(resolve, reject);
    } else {
      this.#opened = true;
      await this.#entity.connect('secured');
      this.#entity.open({ domain: this.#domain }).then(resolve, reject);
      this.#socket.on('data', this.#data);
    }
    const root = await promise;
    this.#rejectOpen = undefined;
    const isStream = root.getName() === 'stream' && root.getNS() === 'http://etherx.jabber.org/streams';
    // RFC 6120 section 4.7.5: without a version there would be no features to wait for.
    if (!isStream || !/^[1-9]/.test(root.attrs['version'] ?? '')) throw xmlFailure(undefined, this.step);
  }

  next(): Promise<Element> {
    const element = this.#unread.shift();
    if (element !== undefined) return Promise.resolve(element);
    if (this.#end !== undefined) return Promise.reject(this.#end.error);
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
    });
  }

  handOver(receive: (element: Element) => void, ended: (end: WireEnd) => void): void {
    this.#receive = receive;
    this.#ended = ended;
    for (const element of this.#unread.splice(0)) receive(element);
    if (this.#end !== undefined) ended(this.#end);
  }

  write(text: string, done: () => void = () => undefined): void {
    this.#entity.write(text).then(done, done);
  }

  drop(): Promise<void> {
    return this.#close(undefined);
  }

  end(streamError = this.#ownError ?? ''): Promise<void> {
    return this.#close(this.#opened ? `${streamError}${CLOSING_TAG}` : undefined);
  }

  async sayGoodbye(ms: number): Promise<void> {
    this.#receive = (): void => undefined;
    if (this.#end === undefined) {
      const answered = new Promise<void>((resolve) => {
        const cancel = this.#clock.after(ms, resolve);
        this.#ended = (): void => {
          cancel();
          resolve();
        };
      });
      this.write(CLOSING_TAG);
      await answered;
    }
    return this.#close('');
  }

  /** Ends the wire for everybody who waits for it; the socket stays until it is closed. */
  fail(end: WireEnd): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    this.#reader?.reject(end.error);
    this.#reader = undefined;
    this.#rejectOpen?.(end.error);
    this.#ended?.(end);
  }

  readonly #data = (chunk: Uint8Array): void => {
    this.heard += 1;
    if (this.#end !== undefined) return;
    try {
      this.#entity._onData(this.#decoder.decode(chunk, { stream: true }));
    } catch (error) {
      const failure = xmlFailure(error, this.step);
      this.#ownError = streamErrorText(error instanceof XmlError ? error.condition : 'not-well-formed');
      this.fail({ error: failure, resumable: false });
    }
  };

  readonly #socketClosed = (): void => {
    this.fail({ error: connectionLost('the connection was lost', this.step), resumable: true });
  };

  #peerClosed(): void {
    this.fail({ error: connectionLost('the server closed the stream', this.step), resumable: false });
  }

  #deliver(element: Element): void {
    if (isStreamError(element))
      this.fail({ error: streamErrorFailure(element, this.step), resumable: false });
    else if (this.#receive !== undefined) this.#receive(element);
    else if (this.#reader !== undefined) {
      this.#reader.resolve(element);
      this.#reader = undefined;
    } else this.#unread.push(element);
  }

  /** @param lastWords undefined to close without a word */
  #close(lastWords: string | undefined): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      const socket = this.#socket;
      const cancel = this.#clock.after(CLOSING_MS, () => socket.destroy());
      const closed = (): void => {
        cancel();
        this.#detach();
        resolve();
      };
      if (socket.closed) return closed();
      socket.once('close', closed);
      if (lastWords === undefined || !socket.writable) socket.destroy();
      else socket.end(lastWords, () => socket.destroy());
    });
    return this.#closing;
  }

  #detach(): void {
    this.#socketClosed();
    this.#socket.removeListener('data', this.#data);
    this.#socket.removeListener('close', this.#socketClosed);
    this.#entity._detachParser();
    this.#entity._detachSocket();
    this.#entity.removeAllListeners();
  }
}

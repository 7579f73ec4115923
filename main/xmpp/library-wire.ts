/** Composes the parts of the library into a wire, over sockets that our own dialer has secured. */
import { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import { Client } from '@xmpp/client-core';
import ConnectionTCP from '@xmpp/connection-tcp';
import { Parser, type Element } from '@xmpp/xml';
import { bareJid, type Jid } from '#shared/jid.ts';
import type { ConnectionStep } from '#shared/views.ts';
import type { Clock } from '#main/util/clock.ts';
import { NS_SASL2 } from './login.ts';
import { NS } from './stanza.ts';
import {
  connectionLost,
  isStreamError,
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
const transportOver = (socket: Duplex, limits: XmlLimits): typeof ConnectionTCP => {
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
    readonly #gate = new XmlGate(limits, (token) => super.write(token));

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

/** The one wire there is; see `Wire`. */
export class LibraryWire implements Wire {
  step: ConnectionStep = 'stream';
  heard = 0;
  readonly #socket: Duplex;
  readonly #clock: Clock;
  readonly #entity: Entity;
  readonly #domain: string;
  /** Characters may be cut by the border of two packets; bytes that are no UTF-8 end the stream. */
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  readonly #limits = { ...STRANGER_LIMITS };
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
    this.#entity.transports.push(transportOver(socket, this.#limits));
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
      this.#trust();
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

  unread(elements: readonly Element[]): void {
    this.#unread.unshift(...elements);
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

  /** The login is through. */
  #trust(): void {
    Object.assign(this.#limits, SERVER_LIMITS);
  }

  #deliver(element: Element): void {
    // XEP-0388 section 2.6.1: what follows in the same packet belongs to the stream after the login already.
    if (element.getName() === 'success' && element.getNS() === NS_SASL2) this.#trust();
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

import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { TLSSocket, createSecureContext, type SecureContextOptions } from 'node:tls';
import type { CertificateFiles } from './certificates.ts';

/** A fake XMPP server that says exactly what a test wants, in raw XML over real TCP and TLS. */

export interface StubOptions {
  /** `plain` and `starttls` begin in the clear; the script of the latter calls `startTls`. */
  readonly mode?: 'direct' | 'starttls' | 'plain';
  readonly certificate: Pick<CertificateFiles, 'cert' | 'key'>;
  readonly tls?: SecureContextOptions;
}

export type StubScript = (peer: StubPeer) => Promise<void>;

export interface TlsStub {
  readonly port: number;
  /** Connections accepted so far. */
  readonly connections: number;
  /** Connections that are open now. */
  readonly open: number;
  /** What all connections together have received in the clear. */
  readonly clear: string;
  /** What all connections together have received over TLS. */
  readonly received: string;
  /** Ends everything; throws what a script threw. */
  stop(): Promise<void>;
}

/** Starts a stub; the script runs for each connection, in its order (the last one for all that follow). */
export const startStub = async (
  options: StubOptions,
  ...scripts: readonly StubScript[]
): Promise<TlsStub> => {
  const peers: StubPeer[] = [];
  const failures: unknown[] = [];
  const running = new Set<Promise<void>>();
  let stopped = false;
  const server = createServer((socket) => {
    const peer = new StubPeer(socket, options);
    const script = scripts[Math.min(peers.length, scripts.length - 1)];
    peers.push(peer);
    const run = (async (): Promise<void> => {
      try {
        if (options.mode === undefined || options.mode === 'direct') await peer.startTls();
        await script?.(peer);
      } catch (error) {
        if (!stopped && !(error instanceof HandshakeRefused)) failures.push(error);
      }
    })();
    running.add(run);
    void run.finally(() => running.delete(run));
  });
  await listen(server);
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return peers.length;
    },
    get open() {
      return peers.filter((peer) => !peer.isGone).length;
    },
    get clear() {
      return peers.map((peer) => peer.clear).join('');
    },
    get received() {
      return peers.map((peer) => peer.received).join('');
    },
    stop: async () => {
      stopped = true;
      for (const peer of peers) peer.cut();
      await Promise.all([...running, new Promise((resolve) => server.close(resolve))]);
      if (failures.length > 0) throw failures[0];
    },
  };
};

const listen = (server: Server): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });

/** A client that does not like the certificate leaves in the middle of the handshake: no failure of the script. */
class HandshakeRefused extends Error {}

export class StubPeer {
  readonly #options: StubOptions;
  #socket: Socket;
  #unread = '';
  #wake: (() => void) | undefined;
  #gone = false;
  /** Everything received over TLS. */
  received = '';
  /** Everything received before TLS. */
  clear = '';

  constructor(socket: Socket, options: StubOptions) {
    this.#options = options;
    this.#socket = socket;
    this.#listen(socket, (text) => {
      this.clear += text;
    });
  }

  get socket(): Socket {
    return this.#socket;
  }

  get isGone(): boolean {
    return this.#gone;
  }

  #listen(socket: Socket, note: (text: string) => void): void {
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#gone = true;
      this.#wake?.();
    });
    socket.on('data', (chunk: Buffer) => {
      const text = chunk.toString('utf8');
      note(text);
      this.#unread += text;
      this.#wake?.();
    });
  }

  /** The server's half of a handshake. Resolves when it is through. */
  startTls(): Promise<void> {
    const raw = this.#socket;
    raw.removeAllListeners('data');
    const { cert, key } = this.#options.certificate;
    const secured = new TLSSocket(raw, {
      isServer: true,
      secureContext: createSecureContext({ cert, key, ...this.#options.tls }),
      ALPNProtocols: ['xmpp-client'],
    });
    this.#socket = secured;
    this.#unread = '';
    this.#listen(secured, (text) => {
      this.received += text;
    });
    return new Promise((resolve, reject) => {
      secured.once('secure', () => resolve());
      secured.once('close', () => reject(new HandshakeRefused('the client left during the handshake')));
    });
  }

  /** Sends text or bytes, in one write. */
  send(data: string | Uint8Array): void {
    if (!this.#gone) this.#socket.write(data);
  }

  /** Sends bytes one by one, each in a TLS record of its own. */
  async trickle(text: string, size = 1): Promise<void> {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length && !this.#gone; at += size) {
      await new Promise<void>((resolve) => {
        this.#socket.write(bytes.subarray(at, at + size), () => resolve());
      });
    }
  }

  /** Waits until what has arrived matches, and takes it up to the end of the match. */
  async expect(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.#unread);
      if (match !== null) {
        this.#unread = this.#unread.slice(match.index + match[0].length);
        return match;
      }
      if (this.#gone)
        throw new Error(`the client left while ${String(pattern)} was expected; unread: ${this.#unread}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Resolves when the client has closed the connection. */
  async untilGone(): Promise<void> {
    while (!this.#gone) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Breaks the connection without a goodbye. */
  cut(): void {
    this.#socket.destroy();
  }

  /** Closes the connection cleanly. */
  end(): void {
    this.#socket.end();
  }
}

export const openTag = (domain = 'stub.test'): string =>
  `<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='s1' from='${domain}' version='1.0'>`;

export const features = (content: string): string => `<stream:features>${content}</stream:features>`;

export const mechanisms = (...names: readonly string[]): string =>
  `<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>${names.map((name) => `<mechanism>${name}</mechanism>`).join('')}</mechanisms>`;

export const BIND = "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>";
export const SM = "<sm xmlns='urn:xmpp:sm:3'/>";

/** Lets a client log in by PLAIN up to the features that follow it. */
export const loginPlain = async (peer: StubPeer, after = BIND): Promise<void> => {
  await peer.expect(/<stream:stream[^>]*>/);
  peer.send(openTag() + features(mechanisms('PLAIN')));
  await peer.expect(/<auth[^>]*mechanism="PLAIN"[^>]*>[^<]*<\/auth>/);
  peer.send("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
  await peer.expect(/<stream:stream[^>]*>/);
  peer.send(openTag() + features(after));
};

/** Binds `alice@stub.test/stub`. */
export const acceptBind = async (peer: StubPeer, jid = 'alice@stub.test/stub'): Promise<void> => {
  const [, id] = await peer.expect(/<iq[^>]*id="([^"]+)"[^>]*><bind.*?<\/iq>/);
  peer.send(
    `<iq type='result' id='${id}'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>${jid}</jid></bind></iq>`,
  );
};

/** Logs in, binds and enables stream management: the client's stream is open after this. */
export const acceptSession = async (
  peer: StubPeer,
  enabled = "<enabled xmlns='urn:xmpp:sm:3' id='sm1' resume='true'/>",
): Promise<void> => {
  await loginPlain(peer, BIND + SM);
  await acceptBind(peer);
  await peer.expect(/<enable [^>]*>/);
  peer.send(enabled);
};

/** Logs in and binds, without stream management. */
export const acceptPlainSession = async (peer: StubPeer): Promise<void> => {
  await loginPlain(peer, BIND);
  await acceptBind(peer);
};

/** Asks for an acknowledgement (XEP-0198). */
export const SM_REQUEST = "<r xmlns='urn:xmpp:sm:3'/>";

/** The `h` of the client's next acknowledgement. */
export const acked = async (peer: StubPeer): Promise<number> =>
  Number((await peer.expect(/<a [^>]*h="(\d+)"[^>]*\/>/))[1]);

/** Waits for the acknowledgement of so many; while handlers run, lower ones may come before it. */
export const ackedUpTo = async (peer: StubPeer, h: number): Promise<void> => {
  for (let count = await acked(peer); count !== h; count = await acked(peer)) {
    if (count > h) throw new Error(`${count} acknowledged instead of ${h}`);
  }
};

/** A message with a body. */
export const said = (body: string, from = 'bob@stub.test/x'): string =>
  `<message from='${from}'><body>${body}</body></message>`;

/** The id of the client's next ping. */
export const expectPing = async (peer: StubPeer): Promise<string> =>
  (await peer.expect(/<iq[^>]*id="([^"]+)"[^>]*><ping/))[1] ?? '';

/** The answer to an iq. */
export const result = (id: string, from?: string, content = ''): string =>
  `<iq type='result' id='${id}'${from === undefined ? '' : ` from='${from}'`} to='alice@stub.test/stub'>${content}</iq>`;

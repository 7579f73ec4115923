import { connect, type LookupFunction, type Socket } from 'node:net';
import { SocksClient, type SocksClientOptions } from 'socks';
import { onAbort } from './deadline.ts';
import { DialError, socketFailure } from './dial-error.ts';

/** A SOCKS5 proxy such as Tor. Names travel to it unresolved. */
export interface Socks5Proxy {
  readonly host: string;
  readonly port: number;
  /** A name per account keeps the circuits of a Tor proxy apart. */
  readonly userId?: string | undefined;
  readonly password?: string | undefined;
}

export interface TcpTarget {
  /** ASCII host name or address. */
  readonly host: string;
  readonly port: number;
  readonly proxy?: Socks5Proxy | undefined;
  readonly lookup?: LookupFunction | undefined;
}

/** The kernel notices a dead peer on an idle connection, and middleboxes see that it lives. */
const KEEP_ALIVE_MS = 60_000;

/**
 * Connects, trying all addresses of the host (RFC 8305), or through the proxy.
 * @throws DialError dns-failed, connection-*, or the signal's reason
 */
export const connectTcp = async (target: TcpTarget, signal: AbortSignal): Promise<Socket> => {
  const { proxy } = target;
  if (proxy === undefined) return connectDirectly(target, signal);
  const socket = await connectDirectly({ host: proxy.host, port: proxy.port, lookup: target.lookup }, signal);
  const off = onAbort(signal, (reason) => socket.destroy(reason));
  try {
    await SocksClient.createConnection(socksOptions(target, proxy, socket));
    return socket;
  } catch (error) {
    socket.destroy();
    throw signal.aborted ? signal.reason : proxyFailure(error, target.host);
  } finally {
    off();
  }
};

const connectDirectly = (target: TcpTarget, signal: AbortSignal): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect({
      host: target.host,
      port: target.port,
      autoSelectFamily: true,
      ...(target.lookup === undefined ? {} : { lookup: target.lookup }),
    });
    const off = onAbort(signal, (reason) => socket.destroy(reason));
    socket.once('error', (error) => {
      off();
      reject(socketFailure(error, 'tcp', target.host));
    });
    socket.once('connect', () => {
      off();
      socket.removeAllListeners('error');
      // Whoever takes the socket over learns of its end by 'close'.
      socket.on('error', () => undefined);
      socket.setNoDelay(true);
      socket.setKeepAlive(true, KEEP_ALIVE_MS);
      resolve(socket);
    });
  });

const socksOptions = (target: TcpTarget, proxy: Socks5Proxy, socket: Socket): SocksClientOptions => ({
  command: 'connect',
  existing_socket: socket,
  destination: { host: target.host, port: target.port },
  proxy: {
    host: proxy.host,
    port: proxy.port,
    type: 5,
    ...(proxy.userId === undefined ? {} : { userId: proxy.userId, password: proxy.password ?? '' }),
  },
});

/** RFC 1928 section 6: the library names the reply at the end of its message. */
const proxyFailure = (error: unknown, host: string): DialError => {
  const message = error instanceof Error ? error.message : '';
  const failure = (code: 'connection-refused' | 'connection-timeout' | 'dns-failed'): DialError =>
    new DialError(
      { code, step: code === 'dns-failed' ? 'dns' : 'tcp', advice: 'retry-later', host },
      message,
      error,
    );
  // Tor answers so to names that it cannot resolve.
  if (/HostUnreachable/.test(message)) return failure('dns-failed');
  if (/TTLExpired|NetworkUnreachable|timed out/i.test(message)) return failure('connection-timeout');
  return failure('connection-refused');
};

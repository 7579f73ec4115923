import type { X509Certificate } from 'node:crypto';
import { isIP, type Socket } from 'node:net';
import { connect, getCACertificates, type TLSSocket } from 'node:tls';
import type { CertificateView } from '#shared/views.ts';
import { certificateView, endPointHash, refusalOf } from './certificate.ts';
import { DialError, socketFailure } from './dial-error.ts';
import { onAbort } from './deadline.ts';

export interface TlsOptions {
  /** ASCII form of the JID's domain: SNI and certificate are for it. */
  readonly domain: string;
  /** The host that was dialled, for messages. */
  readonly host: string;
  /** XEP-0368 section 4: direct TLS names the protocol by ALPN. */
  readonly directTls: boolean;
  readonly pinnedSpki: string | undefined;
  /** Additional authorities, PEM. */
  readonly ca: string | undefined;
}

export interface SecureSocket {
  readonly socket: TLSSocket;
  readonly certificate: CertificateView;
  readonly channelBindings: ChannelBindings;
  /** `TLSv1.3`, say. */
  readonly tlsVersion: string | undefined;
}

/** What both ends know of this very connection, by the names of SASL channel binding. */
export interface ChannelBindings {
  /**
   * RFC 9266, 32 bytes. Not below TLS 1.3, where the value is only safe with an extended master secret,
   * and Node does not tell whether there is one.
   */
  readonly 'tls-exporter'?: Uint8Array;
  /** RFC 5929 section 4: a hash of the server's certificate. Not for signatures without one hash of their own. */
  readonly 'tls-server-end-point'?: Uint8Array;
}

/**
 * Secures a connected socket and decides about the certificate before a byte is written.
 * The decision is taken here and not in `checkServerIdentity`, which Node calls neither for an
 * untrusted chain nor for a resumed session.
 * @throws DialError tls-failed, certificate-*, connection-lost, or the signal's reason
 */
export const secure = (raw: Socket, options: TlsOptions, signal: AbortSignal): Promise<SecureSocket> =>
  new Promise((resolve, reject) => {
    const socket = connect({
      socket: raw,
      // RFC 6066 section 3: an address is no server name.
      ...(isIP(options.domain) === 0 ? { servername: options.domain } : {}),
      ...(options.directTls ? { ALPNProtocols: ['xmpp-client'] } : {}),
      ...(options.ca === undefined ? {} : { ca: [...getCACertificates('default'), options.ca] }),
      minVersion: 'TLSv1.2',
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
    });
    const off = onAbort(signal, (reason) => socket.destroy(reason));
    const fail = (error: unknown): void => {
      off();
      socket.destroy();
      reject(socketFailure(error, 'tls', options.host));
    };
    const closed = (): void => fail(Object.assign(new Error('closed'), { code: 'ECONNRESET' }));
    socket.once('error', fail);
    socket.once('close', closed);
    socket.once('secureConnect', () => {
      try {
        resolve(inspect(socket, options));
        off();
        socket.off('close', closed);
        socket.off('error', fail);
        // The stream learns from 'close'; without any listener an error would end the process.
        socket.on('error', () => undefined);
      } catch (error) {
        fail(error);
      }
    });
  });

const inspect = (socket: TLSSocket, options: TlsOptions): SecureSocket => {
  // Once only: asked a second time, Node answers undefined.
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) {
    throw new DialError(
      { code: 'tls-failed', step: 'tls', advice: 'retry-later', host: options.host },
      'the server showed no certificate',
    );
  }
  const refusal = refusalOf({
    domain: options.domain,
    certificate,
    chainError: socket.authorized ? undefined : chainErrorOf(socket),
    pinnedSpki: options.pinnedSpki,
  });
  const view = certificateView(certificate);
  if (refusal !== undefined) {
    throw new DialError(
      { code: refusal, step: 'tls', advice: 'needs-user', host: options.host, certificate: view },
      `the certificate was refused: ${refusal}`,
    );
  }
  const tlsVersion = socket.getProtocol() ?? undefined;
  return { socket, certificate: view, channelBindings: channelBindingsOf(socket, certificate), tlsVersion };
};

/** Typed as Error, but a code such as 'CERT_HAS_EXPIRED' in fact. */
const chainErrorOf = (socket: TLSSocket): string => {
  const error: unknown = socket.authorizationError;
  if (typeof error === 'string') return error;
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
};

const channelBindingsOf = (socket: TLSSocket, certificate: X509Certificate): ChannelBindings => {
  const endPoint = endPointHash(certificate);
  return {
    ...(socket.getProtocol() === 'TLSv1.3'
      ? { 'tls-exporter': socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0)) }
      : {}),
    ...(endPoint === undefined ? {} : { 'tls-server-end-point': endPoint }),
  };
};

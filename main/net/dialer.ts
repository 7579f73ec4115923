import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { domainToASCII } from 'node:url';
import type { CertificateView } from '#shared/views.ts';
import { systemClock, type Clock } from '#main/util/clock.ts';
import { withDeadline } from './deadline.ts';
import { DialError, type DialFailure } from './dial-error.ts';
import { DIRECT_TLS_PORT, planEndpoints, STARTTLS_PORT, UNAVAILABLE, type Endpoint } from './endpoints.ts';
import { systemResolver, type Resolver } from './resolver.ts';
import { startTls } from './starttls.ts';
import { connectTcp, type Socks5Proxy } from './tcp.ts';
import { secure, type ChannelBindings, type SecureSocket } from './tls.ts';

/** Finds the server of a domain and gives out nothing but secured connections to it. */

export interface DialTarget {
  /** Domain of the JID: what the certificate must be for, wherever the server stands. */
  readonly domain: string;
  /** Given by the user: no SRV lookup. */
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  /** TLS from the first byte; with neither host nor port: never STARTTLS. */
  readonly directTls: boolean;
  /** base64 SHA-256 of the one public key that is trusted instead of the authorities. */
  readonly pinnedSpki?: string | undefined;
  /** Additional authorities, PEM. */
  readonly ca?: string | undefined;
}

export type DialOutcome =
  | {
      readonly ok: true;
      /** Paused until it is read; errors are followed by 'close'. */
      readonly socket: Duplex;
      readonly endpoint: Endpoint;
      readonly certificate: CertificateView;
      readonly channelBindings: ChannelBindings;
      /** `TLSv1.3`, say. */
      readonly tlsVersion: string | undefined;
    }
  | { readonly ok: false; readonly failure: DialFailure; readonly message: string; readonly cause: unknown };

export type Dial = (target: DialTarget, signal: AbortSignal) => Promise<DialOutcome>;

export interface DialerOptions {
  /**
   * Default the system's name servers; with a proxy none at all, because a lookup would tell the local
   * network what the proxy is there to hide. Give one that asks through the proxy, if there is one.
   */
  readonly resolver?: Resolver | undefined;
  readonly proxy?: Socks5Proxy | undefined;
  readonly clock?: Clock;
  /** Uniform in [0, 1); draws among SRV records of equal priority. */
  readonly random?: () => number;
}

/** Per endpoint. A proxy builds its circuit in the first of the two. */
export const DIAL_LIMITS = { connectMs: 10_000, proxyConnectMs: 45_000, secureMs: 15_000 } as const;

/**
 * Endpoints are tried in the order of planEndpoints, each encrypted or not at all. A refused certificate
 * ends the attempt: another endpoint would only hide it from the user.
 */
export const createDialer = (options: DialerOptions = {}): Dial => {
  const clock = options.clock ?? systemClock;
  return async (target, signal) => {
    const failures: DialError[] = [];
    try {
      for (const endpoint of await endpointsOf(target, options, signal)) {
        try {
          const secured = await reach(endpoint, target, options, clock, signal);
          return { ok: true, endpoint, ...secured };
        } catch (error) {
          if (!(error instanceof DialError) || signal.aborted || error.failure.certificate !== undefined)
            throw error;
          failures.push(error);
        }
      }
      throw worstOf(failures);
    } catch (error) {
      if (!(error instanceof DialError)) throw error;
      return { ok: false, failure: error.failure, message: error.message, cause: error.cause };
    }
  };
};

const endpointsOf = async (
  target: DialTarget,
  options: DialerOptions,
  signal: AbortSignal,
): Promise<readonly Endpoint[]> => {
  const { directTls } = target;
  const domain = asciiName(target.domain);
  if (target.host !== undefined || target.port !== undefined || isIP(domain) !== 0) {
    const port = target.port ?? (directTls ? DIRECT_TLS_PORT : STARTTLS_PORT);
    return [{ host: asciiName(target.host ?? target.domain), port, directTls }];
  }
  const resolver = options.resolver ?? (options.proxy === undefined ? systemResolver : undefined);
  const [direct, starttls] = await Promise.all([
    resolver?.srv(`_xmpps-client._tcp.${domain}`, signal) ?? [],
    resolver?.srv(`_xmpp-client._tcp.${domain}`, signal) ?? [],
  ]);
  const planned = planEndpoints(domain, { direct, starttls }, options.random ?? Math.random);
  const usable =
    planned === UNAVAILABLE ? [] : planned.filter((endpoint) => endpoint.directTls || !directTls);
  if (usable.length > 0) return usable;
  throw new DialError(
    { code: 'service-unavailable', step: 'dns', advice: 'retry-later', host: domain },
    'the domain says that it has no XMPP service',
  );
};

const reach = async (
  endpoint: Endpoint,
  target: DialTarget,
  options: DialerOptions,
  clock: Clock,
  signal: AbortSignal,
): Promise<SecureSocket> => {
  const { host, port, directTls } = endpoint;
  const { proxy } = options;
  const late = (step: 'tcp' | 'tls') => (): DialError =>
    new DialError({ code: 'connection-timeout', step, advice: 'retry-now', host }, 'no answer in time');
  const connectMs = proxy === undefined ? DIAL_LIMITS.connectMs : DIAL_LIMITS.proxyConnectMs;
  const socket = await withDeadline(clock, signal, connectMs, late('tcp'), (limited) =>
    connectTcp({ host, port, proxy, lookup: options.resolver?.lookup }, limited),
  );
  return withDeadline(clock, signal, DIAL_LIMITS.secureMs, late('tls'), async (limited) => {
    if (!directTls) await startTls(socket, target.domain, host, limited);
    const { pinnedSpki, ca } = target;
    return secure(socket, { domain: asciiName(target.domain), host, directTls, pinnedSpki, ca }, limited);
  });
};

/** What DNS, SNI and certificates call a domain; an IPv6 address without its brackets. */
const asciiName = (name: string): string => {
  const bare = name.replace(/^\[(.*)\]$/, '$1');
  return isIP(bare) === 0 ? domainToASCII(bare) || bare : bare;
};

const progress = { dns: 0, tcp: 1, tls: 2, stream: 3, auth: 4, bind: 4, session: 4 } as const;

/** Of several failed endpoints, the one that got furthest tells most; of equals, the first choice. */
const worstOf = (failures: readonly DialError[]): DialError => {
  const [first, ...rest] = failures;
  if (first === undefined) throw new Error('no endpoint was tried');
  return rest.reduce(
    (best, one) => (progress[one.failure.step] > progress[best.failure.step] ? one : best),
    first,
  );
};

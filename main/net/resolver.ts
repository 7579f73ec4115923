import { Resolver as DnsResolver } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';

export interface SrvRecord {
  /** Host name of the target; `.` or empty means that the service is decidedly not offered (RFC 2782). */
  readonly name: string;
  readonly port: number;
  /** The lower, the sooner. */
  readonly priority: number;
  /** Share among records of the same priority. */
  readonly weight: number;
}

/** How names become addresses; tests and, later, a resolver behind Tor put their own in place. */
export interface Resolver {
  /** SRV records of a name such as `_xmpp-client._tcp.example.org`; empty where there are none. */
  srv(name: string, signal: AbortSignal): Promise<readonly SrvRecord[]>;
  /** A and AAAA; default the system's. */
  readonly lookup?: LookupFunction;
}

/** A resolver that loses every packet is given up after this: the domain itself is tried then. */
const SRV_TIMEOUT_MS = 2_500;

/** The system's name servers. */
export const systemResolver: Resolver = {
  srv: async (name, signal) => {
    const resolver = new DnsResolver({ timeout: SRV_TIMEOUT_MS, tries: 2 });
    const cancel = (): void => resolver.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    try {
      return await resolver.resolveSrv(name);
    } catch {
      // RFC 6120 section 3.2.1: no usable answer leads to the fallback, whatever the reason.
      return [];
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  },
};

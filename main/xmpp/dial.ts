import type { Duplex } from 'node:stream';
import type { StreamError } from './port.ts';
import type { BindingType } from './sasl/scram.ts';

/** What a stream asks of the network; `main/net/dialer.ts` fits it. */
export type Dial = (target: DialTarget, signal: AbortSignal) => Promise<DialOutcome>;

export interface DialTarget {
  /** Domain of the JID: what the certificate is for. */
  readonly domain: string;
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly directTls: boolean;
  readonly pinnedSpki: string | undefined;
  readonly ca: string | undefined;
}

export type DialOutcome =
  | {
      readonly ok: true;
      /** Encrypted, its certificate accepted; paused until it is read. */
      readonly socket: Duplex;
      readonly endpoint: { readonly host: string };
      readonly channelBindings: Readonly<Partial<Record<BindingType, Uint8Array>>>;
      /** `TLSv1.3`, say. */
      readonly tlsVersion: string | undefined;
    }
  | {
      readonly ok: false;
      readonly failure: ConstructorParameters<typeof StreamError>[0];
      readonly message: string;
      readonly cause: unknown;
    };

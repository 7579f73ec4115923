import type { Element } from '@xmpp/xml';
import type { CertificateView, ConnectionStep, RetryAdvice } from '#shared/views.ts';
import type { ErrorCode } from '#shared/errors.ts';

/**
 * The port between accounts and the network. `xmpp/stream.ts` implements it over our own dialer;
 * tests implement it with ordered expectations.
 */

/** Why a stream could not be opened or has ended. Carries its advice, so that nobody else has to guess. */
export class StreamError extends Error {
  readonly code: ErrorCode;
  readonly step: ConnectionStep;
  readonly advice: RetryAdvice;
  /** RFC 6120 stream error or SASL failure condition. */
  readonly condition: string | undefined;
  readonly host: string | undefined;
  readonly certificate: CertificateView | undefined;

  constructor(
    failure: {
      readonly code: ErrorCode;
      readonly step: ConnectionStep;
      readonly advice: RetryAdvice;
      readonly condition?: string | undefined;
      readonly host?: string | undefined;
      readonly certificate?: CertificateView | undefined;
    },
    message: string,
    cause?: unknown,
  ) {
    super(message, { cause });
    this.name = 'StreamError';
    this.code = failure.code;
    this.step = failure.step;
    this.advice = failure.advice;
    this.condition = failure.condition;
    this.host = failure.host;
    this.certificate = failure.certificate;
  }
}

/** A secret that a server gave out in place of the password (XEP-0484). */
export interface FastToken {
  readonly token: string;
  /** The one mechanism that it is good for. */
  readonly mechanism: string;
  /** Milliseconds since 1970. */
  readonly expiry: number;
}

/** Where the token of an account is kept. */
export interface TokenKeeper {
  get(): Promise<FastToken | undefined>;
  /** Keeps another, or none. */
  set(token: FastToken | undefined): Promise<void>;
}

/** How a login was bound to its connection (RFC 5802 section 6). */
export interface LoginBinding {
  /** As registered: `SCRAM-SHA-256-PLUS`. */
  readonly mechanism: string;
  /** `tls-exporter`, say. */
  readonly type: string;
  /** `TLSv1.3`; undefined where the connection does not tell. */
  readonly tlsVersion: string | undefined;
}

/** Remembers how an account was logged in: less than that is refused, because somebody may have taken it away. */
export interface BindingKeeper {
  get(): LoginBinding | undefined;
  set(binding: LoginBinding): void;
}

/** What is needed to log in. */
export interface StreamOptions {
  /** Bare JID of the account. */
  readonly jid: string;
  /** Asked only where no token will do; undefined where there is no password. */
  readonly password: () => Promise<string | undefined>;
  /** Undefined where no token is wanted. */
  readonly tokens?: TokenKeeper | undefined;
  /** Undefined where nothing is known of earlier logins. */
  readonly binding?: BindingKeeper | undefined;
  /** A random UUID, version 4, by which the server knows this device of the account (XEP-0388). */
  readonly userAgent: string;
  /** Overrides the SRV lookup. */
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly directTls: boolean;
  /** base64 SHA-256 of the one public key that is trusted instead of the authorities. */
  readonly pinnedSpki?: string | undefined;
  /** Additional authorities, PEM; for the demo and the tests. */
  readonly ca?: string | undefined;
  /** The resource to ask for; the server may choose another. */
  readonly resource: string;
  /** Whether somebody looks at a window, for the beginning (XEP-0352); default true. */
  readonly active?: boolean | undefined;
  /** State of an earlier stream, to resume it (XEP-0198 section 5). */
  readonly resume?: ResumeState | undefined;
}

/** What a server grants to a stream after the login. */
export interface StreamOffers {
  /** Roster versioning (RFC 6121 section 2.6). */
  readonly rosterVersioning: boolean;
  /** Whether the server wants to know if somebody looks at the window (XEP-0352). */
  readonly clientState: boolean;
  /** What the server takes in one stanza, UTF-8 bytes. */
  readonly maxBytes: number;
}

/** What XEP-0198 needs to resume: plain data, so that it can be stored. */
export interface ResumeState {
  readonly id: string;
  /** Full JID of the stream. */
  readonly jid: string;
  /** `h`: how many stanzas of the server we have handled. */
  readonly inbound: number;
  /** How many stanzas of ours the server has acknowledged. */
  readonly outbound: number;
  /**
   * Serialised stanzas sent but not acknowledged, oldest first. Undefined after a restart: how much was on
   * its way is not known then, only whoever sent something durable knows of that.
   */
  readonly unacked: readonly string[] | undefined;
  readonly offers: StreamOffers;
}

/** A bound (or resumed) stream. All callbacks run in the order of the wire. */
export interface Stream {
  /** Full JID that the server bound. */
  readonly jid: string;
  /** True where an earlier stream went on: no new presence, no new roster. */
  readonly resumed: boolean;
  /**
   * After a resumption: the stanzas of `ResumeState.unacked` that the server does not have (XEP-0198
   * section 5, by the `h` of <resumed/>), oldest first. The stream does not send them again by itself:
   * whoever owns a stanza does. Empty where the stream is new.
   */
  readonly unhandled: readonly string[];
  /**
   * How many stanzas of the stream that was to be resumed the server has handled: its `h`, modulo 2^32. Also
   * where it would not resume but still knew the count; undefined where it did not say, or cannot be right.
   */
  readonly earlierHandled: number | undefined;
  /** How many stanzas were sent on this stream, modulo 2^32; undefined without stream management. */
  readonly sentCount: number | undefined;
  /** Whether copies of the messages of other devices come already (XEP-0280). */
  readonly carbons: boolean;
  /** Whether the server offers roster versioning (RFC 6121 section 2.6). */
  readonly rosterVersioning: boolean;

  /**
   * Sends a stanza. Resolves when the server has acknowledged it (XEP-0198), or, without stream
   * management, when it was written; rejects with StreamError when the stream ended first:
   * whether the server has it is then unknown.
   * @param written called when it has left for the network, if it does
   */
  send(stanza: Element, written?: () => void): Promise<void>;

  /**
   * Sends an iq and waits for the answer of the entity it was addressed to; answers from anybody else
   * are ignored. An answer of type error rejects with StanzaError.
   * @param timeoutMs default 30 000
   */
  request(iq: Element, timeoutMs?: number): Promise<Element>;

  /**
   * Receives message, presence and iq requests one at a time: the next stanza waits for the promise.
   * The stanza counts as handled (XEP-0198 `h`) only when the promise is settled. Set once, at once.
   */
  onStanza(handle: (stanza: Element) => Promise<void> | void): void;

  /**
   * Called whenever the server is about to be told how much we have handled, and before it is: it forgets what
   * that covers. Throwing ends the stream without telling. Set once, before `onStanza`.
   */
  onAcknowledging(note: (inbound: number) => void): void;

  /** Called once when the stream has ended; `error` is undefined after `close()`. */
  onEnd(ended: (error: StreamError | undefined) => void): void;

  /** The state with which the stream could be resumed, while stream management is on. */
  resumeState(): ResumeState | undefined;

  /** Ends the stream politely; resolves when the socket is closed, after 3 s at the latest. */
  close(): Promise<void>;

  /** Drops the connection without a goodbye (suspend, lost network): it stays resumable. */
  abort(reason: string): void;

  /**
   * Tells the server whether somebody looks at the window (XEP-0352), where it wants to know. Every stream
   * begins active, a resumed one as well, unless it was told otherwise with the login.
   */
  setActive(active: boolean): void;

  /** Asks the server for a sign of life (XEP-0198 <r/>, or a ping): no answer within the deadline ends the stream. */
  probe(deadlineMs: number): void;
}

/** Tells the server that the token of `options` is good for nothing any more. @throws StreamError */
export type RevokeToken = (options: StreamOptions, signal: AbortSignal) => Promise<void>;

/** Opens streams. Aborting the signal ends the attempt with `connection-lost`. */
export type OpenStream = (options: StreamOptions, signal: AbortSignal) => Promise<Stream>;

/** A stanza of type error, as an exception at the edge (RFC 6120 section 8.3). */
export class StanzaError extends Error {
  readonly condition: string;
  /** auth, cancel, continue, modify or wait */
  readonly type: string;
  readonly text: string | undefined;

  constructor(condition: string, type: string, text?: string) {
    super(`stanza error: ${condition}`);
    this.name = 'StanzaError';
    this.condition = condition;
    this.type = type;
    this.text = text;
  }
}

/** One exchange of a SASL mechanism, as the client sees it (RFC 4422). */
export interface SaslExchange {
  /** As registered: `SCRAM-SHA-256-PLUS`. */
  readonly mechanism: string;
  /** What of the connection is signed with the login; undefined where nothing is. */
  readonly binding?: string | undefined;
  /** The initial response. */
  readonly initial: Uint8Array;
  /** Answers a challenge. @throws SaslError */
  challenge(data: Uint8Array): Promise<Uint8Array>;
  /**
   * The server says that the exchange has succeeded; undefined where it added no data.
   * @throws SaslError where it has not shown that it knows the password
   */
  succeeded(data: Uint8Array | undefined): void;
}

/** Why we, not the server, end an exchange. */
export type SaslErrorCode = 'server-not-genuine' | 'auth-unsupported' | 'auth-failed' | 'binding-lost';

export class SaslError extends Error {
  readonly code: SaslErrorCode;

  constructor(code: SaslErrorCode, message: string) {
    super(message);
    this.name = 'SaslError';
    this.code = code;
  }
}

/**
 * The closed list of errors that cross the pipe. The renderer maps every code to a sentence
 * through a `Record`, so a new code does not compile until it has one.
 */
export const errorCodes = [
  // of the pipe itself
  'bad-request',
  'unknown-method',
  'denied',
  'disconnected',
  'internal',
  // of the profile
  'profile-in-use',
  'locked',
  'wrong-passphrase',
  'keychain-locked',
  'database-newer',
  'database-damaged',
  'disk-full',
  'storage',
  // of an account's connection
  'dns-failed',
  'service-unavailable',
  'connection-refused',
  'connection-timeout',
  'connection-lost',
  'tls-unavailable',
  'tls-failed',
  'certificate-untrusted',
  'certificate-expired',
  'certificate-wrong-name',
  'certificate-changed',
  'auth-failed',
  'auth-unsupported',
  'server-not-genuine',
  'binding-lost',
  'account-disabled',
  'host-unknown',
  'binding-failed',
  'conflict',
  'policy-violation',
  'server-shutdown',
  'protocol-error',
  'offline',
  // of what the user asked for
  'account-exists',
  'invalid-jid',
  'not-found',
  'stanza-error',
  'message-too-long',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** Only scalars: an error must survive structured clone and JSON, and must carry no secret. */
export type ErrorDetail = Readonly<Record<string, string | number | boolean>>;

/** What crosses the pipe. `message` is for logs and developers; users read the sentence of `code`. */
export interface ErrorData {
  readonly code: ErrorCode;
  readonly message: string;
  readonly detail?: ErrorDetail;
}

/** An error with a code the renderer has a sentence for. Anything else becomes `internal` at the pipe. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly detail: ErrorDetail | undefined;

  constructor(code: ErrorCode, message: string, options: { detail?: ErrorDetail; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.detail = options.detail;
  }
}

/**
 * Converts anything thrown into what may cross the pipe. The text of an unknown error stays behind:
 * it may hold paths or contents.
 */
export const toErrorData = (error: unknown): ErrorData =>
  error instanceof AppError
    ? {
        code: error.code,
        message: error.message,
        ...(error.detail === undefined ? {} : { detail: error.detail }),
      }
    : { code: 'internal', message: 'internal error' };

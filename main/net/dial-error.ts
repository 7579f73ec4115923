import type { ErrorCode } from '#shared/errors.ts';
import type { CertificateView, ConnectionStep, RetryAdvice } from '#shared/views.ts';

/** Why no secure connection came about, in the terms that the user is shown. */
export interface DialFailure {
  readonly code: ErrorCode;
  readonly step: ConnectionStep;
  readonly advice: RetryAdvice;
  /** The host that was tried, where one was. */
  readonly host?: string;
  /** RFC 6120 stream error condition, where the server gave one. */
  readonly condition?: string;
  /** What was offered by a server whose certificate was refused. */
  readonly certificate?: CertificateView;
}

/** Thrown inside this folder only; `createDialer` answers with the failure as a value. */
export class DialError extends Error {
  readonly failure: DialFailure;

  constructor(failure: DialFailure, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'DialError';
    this.failure = failure;
  }
}

/** The attempt was given up by whoever asked for it. */
export const givenUp = (): DialError =>
  new DialError({ code: 'connection-lost', step: 'tcp', advice: 'retry-now' }, 'the attempt was given up');

/**
 * What a socket error means before a connection stands (step `tcp`), or while it is being secured (`tls`).
 * Errors of several addresses tried at once come as AggregateError with the code of the last.
 */
export const socketFailure = (error: unknown, step: 'tcp' | 'tls', host: string): DialError => {
  if (error instanceof DialError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const failure = (known: Pick<DialFailure, 'code' | 'advice'>, at: ConnectionStep = step): DialError =>
    new DialError({ ...known, step: at, host }, code === '' ? 'the connection failed' : code, error);
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_FAIL':
    case 'EAI_NODATA':
    case 'EAI_NONAME':
      return failure({ code: 'dns-failed', advice: 'retry-now' }, 'dns');
    case 'ECONNREFUSED':
      return failure({ code: 'connection-refused', advice: 'retry-now' });
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ENETDOWN':
      return failure({ code: 'connection-timeout', advice: 'retry-now' });
    case 'ECONNRESET':
    case 'EPIPE':
      return failure({ code: 'connection-lost', advice: 'retry-now' });
    default:
      return step === 'tls'
        ? failure({ code: 'tls-failed', advice: 'retry-later' })
        : failure({ code: 'connection-lost', advice: 'retry-now' });
  }
};

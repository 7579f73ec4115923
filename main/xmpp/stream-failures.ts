/** What conditions mean for the user: RFC 6120 sections 4.9.3 (stream errors) and 6.5 (SASL). */
import { AppError, type ErrorCode } from '#shared/errors.ts';
import type { ConnectionStep, RetryAdvice } from '#shared/views.ts';
import { StreamError } from './port.ts';
import type { SaslError } from './sasl/mechanism.ts';
import { childrenOf, NS, type Element } from './stanza.ts';
import { XmlError } from './xml-gate.ts';

const NS_STREAM_ERRORS = 'urn:ietf:params:xml:ns:xmpp-streams';

type Meaning = readonly [ErrorCode, RetryAdvice];

const streamErrors: Readonly<Record<string, Meaning>> = {
  conflict: ['conflict', 'needs-user'],
  'host-unknown': ['host-unknown', 'needs-user'],
  'host-gone': ['host-unknown', 'needs-user'],
  'not-authorized': ['auth-failed', 'needs-user'],
  'system-shutdown': ['server-shutdown', 'retry-later'],
  'policy-violation': ['policy-violation', 'retry-later'],
  // Following it would mean to send the password wherever one server says (RFC 6120 section 4.9.3.19 warns).
  'see-other-host': ['service-unavailable', 'retry-later'],
  'internal-server-error': ['service-unavailable', 'retry-later'],
  'remote-connection-failed': ['service-unavailable', 'retry-later'],
  'resource-constraint': ['service-unavailable', 'retry-later'],
  'connection-timeout': ['connection-lost', 'retry-now'],
  reset: ['connection-lost', 'retry-now'],
};

/** The failure that a received `<stream:error/>` is. */
export const streamErrorFailure = (error: Element, step: ConnectionStep): StreamError => {
  const conditions = error.getChildElements().filter((part) => part.getNS() === NS_STREAM_ERRORS);
  const condition = conditions.find((part) => part.getName() !== 'text')?.getName() ?? 'undefined-condition';
  const [code, advice] = streamErrors[condition] ?? (['protocol-error', 'retry-later'] as const);
  return new StreamError({ code, step, advice, condition }, `stream error: ${condition}`);
};

const saslFailures: Readonly<Record<string, Meaning>> = {
  'not-authorized': ['auth-failed', 'needs-user'],
  'credentials-expired': ['auth-failed', 'needs-user'],
  'account-disabled': ['account-disabled', 'needs-user'],
  'encryption-required': ['auth-unsupported', 'needs-user'],
  'invalid-mechanism': ['auth-unsupported', 'needs-user'],
  'mechanism-too-weak': ['auth-unsupported', 'needs-user'],
  // The password may be right: the server cannot look it up at the moment.
  'temporary-auth-failure': ['service-unavailable', 'retry-later'],
  aborted: ['protocol-error', 'retry-later'],
};

const NS_SASL = 'urn:ietf:params:xml:ns:xmpp-sasl';

/** What we would say or acknowledge rests on something that could not be kept. */
export const notStored = (error: unknown, step: ConnectionStep): StreamError => {
  const code = error instanceof AppError ? error.code : 'storage';
  return new StreamError({ code, step, advice: 'retry-later' }, 'what is to be sent is not stored', error);
};

/** The failure that a received SASL `<failure/>` is. */
export const saslFailure = (failure: Element): StreamError => {
  const condition =
    failure
      .getChildElements()
      .find((part) => part.getNS() === NS_SASL && part.getName() !== 'text')
      ?.getName() ?? 'not-authorized';
  const [code, advice] = saslFailures[condition] ?? (['auth-failed', 'needs-user'] as const);
  return new LoginRefused({ code, step: 'auth', advice, condition }, `login refused: ${condition}`);
};

/** The server did not let us in; unlike other ends of an attempt it says something about the secret. */
class LoginRefused extends StreamError {}

/** Whether another secret might do: the server refused this one, and not only for the moment. */
export const isRefusal = (error: unknown): boolean =>
  error instanceof LoginRefused && error.advice === 'needs-user';

/** A token was refused: XEP-0484 section 4.1 asks to forget it and to log in otherwise. */
export class TokenRefused extends Error {
  constructor(cause: unknown) {
    super('the token was refused', { cause });
    this.name = 'TokenRefused';
  }
}

export const noPassword = (): StreamError =>
  new StreamError(
    { code: 'auth-failed', step: 'auth', advice: 'needs-user' },
    'there is no password for this account on this computer',
  );

/** The failure that our own half of SASL found. */
export const saslErrorFailure = (error: SaslError): StreamError =>
  new StreamError({ code: error.code, step: 'auth', advice: 'needs-user' }, error.message);

/** The refusal of a resource (RFC 6120 section 7.6.2). */
export const bindFailure = (condition: string): StreamError => {
  const isFull = condition === 'resource-constraint';
  const code = condition === 'conflict' ? 'conflict' : 'binding-failed';
  return new StreamError(
    { code, step: 'bind', advice: isFull ? 'retry-later' : 'needs-user', condition },
    `no resource: ${condition}`,
  );
};

/** XML that the peer should not have sent, or a bug of ours while reading it; texts of others stay out of the message. */
export const xmlFailure = (error: unknown, step: ConnectionStep): StreamError => {
  const condition = error instanceof XmlError ? error.condition : 'not-well-formed';
  const code = condition === 'policy-violation' ? 'policy-violation' : 'protocol-error';
  return new StreamError(
    { code, step, advice: 'retry-later', condition },
    `unusable XML: ${condition}`,
    error,
  );
};

export const protocolFailure = (message: string, step: ConnectionStep, condition?: string): StreamError =>
  new StreamError({ code: 'protocol-error', step, advice: 'retry-later', condition }, message);

/** A resumption that cannot go well: the next attempt begins anew. */
export const resumptionFailure = (message: string): StreamError =>
  new StreamError(
    { code: 'protocol-error', step: 'bind', advice: 'retry-now', condition: 'undefined-condition' },
    message,
  );

export const connectionLost = (message: string, step: ConnectionStep): StreamError =>
  new StreamError({ code: 'connection-lost', step, advice: 'retry-now' }, message);

export const isStreamError = (element: Element): boolean =>
  element.getName() === 'error' && element.getNS() === 'http://etherx.jabber.org/streams';

/** RFC 6120 section 8: what is counted by stream management and handled by the application. */
export const isStanza = (element: Element): boolean =>
  element.getNS() === NS.client && ['message', 'presence', 'iq'].includes(element.getName());

/** The `<stream:error/>` with which we end a stream, and its closing tag. */
export const streamErrorText = (condition: string, application = ''): string =>
  `<stream:error><${condition} xmlns='${NS_STREAM_ERRORS}'/>${application}</stream:error>`;

/** The texts of the children of a feature, such as `<mechanism/>`. */
export const featureTexts = (
  features: Element,
  feature: string,
  xmlns: string,
  part: string,
): readonly string[] | undefined => {
  const [found] = childrenOf(features, feature, xmlns);
  return found === undefined
    ? undefined
    : childrenOf(found, part, xmlns).map((element) => element.text().trim());
};

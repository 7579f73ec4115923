import type { ErrorCode } from '#shared/errors.ts';
import type { ConnectionStep } from '#shared/views.ts';
import type { Translate, TranslationKey } from './translate.ts';

interface Sentences {
  /** What happened. */
  readonly what: TranslationKey;
  /** What to do next. */
  readonly next: TranslationKey;
}

/** A new code does not compile until it has its sentences. */
export const errorSentences: Readonly<Record<ErrorCode, Sentences>> = {
  'bad-request': { what: 'errors.bad-request.what', next: 'errors.bad-request.next' },
  'unknown-method': { what: 'errors.unknown-method.what', next: 'errors.unknown-method.next' },
  denied: { what: 'errors.denied.what', next: 'errors.denied.next' },
  disconnected: { what: 'errors.disconnected.what', next: 'errors.disconnected.next' },
  internal: { what: 'errors.internal.what', next: 'errors.internal.next' },
  locked: { what: 'errors.locked.what', next: 'errors.locked.next' },
  'wrong-passphrase': { what: 'errors.wrong-passphrase.what', next: 'errors.wrong-passphrase.next' },
  'keychain-locked': { what: 'errors.keychain-locked.what', next: 'errors.keychain-locked.next' },
  'database-newer': { what: 'errors.database-newer.what', next: 'errors.database-newer.next' },
  'database-damaged': { what: 'errors.database-damaged.what', next: 'errors.database-damaged.next' },
  'disk-full': { what: 'errors.disk-full.what', next: 'errors.disk-full.next' },
  'profile-in-use': { what: 'errors.profile-in-use.what', next: 'errors.profile-in-use.next' },
  storage: { what: 'errors.storage.what', next: 'errors.storage.next' },
  'dns-failed': { what: 'errors.dns-failed.what', next: 'errors.dns-failed.next' },
  'service-unavailable': { what: 'errors.service-unavailable.what', next: 'errors.service-unavailable.next' },
  'connection-refused': { what: 'errors.connection-refused.what', next: 'errors.connection-refused.next' },
  'connection-timeout': { what: 'errors.connection-timeout.what', next: 'errors.connection-timeout.next' },
  'connection-lost': { what: 'errors.connection-lost.what', next: 'errors.connection-lost.next' },
  'tls-unavailable': { what: 'errors.tls-unavailable.what', next: 'errors.tls-unavailable.next' },
  'tls-failed': { what: 'errors.tls-failed.what', next: 'errors.tls-failed.next' },
  'certificate-untrusted': {
    what: 'errors.certificate-untrusted.what',
    next: 'errors.certificate-untrusted.next',
  },
  'certificate-expired': { what: 'errors.certificate-expired.what', next: 'errors.certificate-expired.next' },
  'certificate-wrong-name': {
    what: 'errors.certificate-wrong-name.what',
    next: 'errors.certificate-wrong-name.next',
  },
  'certificate-changed': { what: 'errors.certificate-changed.what', next: 'errors.certificate-changed.next' },
  'auth-failed': { what: 'errors.auth-failed.what', next: 'errors.auth-failed.next' },
  'auth-unsupported': { what: 'errors.auth-unsupported.what', next: 'errors.auth-unsupported.next' },
  'server-not-genuine': { what: 'errors.server-not-genuine.what', next: 'errors.server-not-genuine.next' },
  'binding-lost': { what: 'errors.binding-lost.what', next: 'errors.binding-lost.next' },
  'account-disabled': { what: 'errors.account-disabled.what', next: 'errors.account-disabled.next' },
  'host-unknown': { what: 'errors.host-unknown.what', next: 'errors.host-unknown.next' },
  'binding-failed': { what: 'errors.binding-failed.what', next: 'errors.binding-failed.next' },
  conflict: { what: 'errors.conflict.what', next: 'errors.conflict.next' },
  'policy-violation': { what: 'errors.policy-violation.what', next: 'errors.policy-violation.next' },
  'server-shutdown': { what: 'errors.server-shutdown.what', next: 'errors.server-shutdown.next' },
  'protocol-error': { what: 'errors.protocol-error.what', next: 'errors.protocol-error.next' },
  offline: { what: 'errors.offline.what', next: 'errors.offline.next' },
  'account-exists': { what: 'errors.account-exists.what', next: 'errors.account-exists.next' },
  'invalid-jid': { what: 'errors.invalid-jid.what', next: 'errors.invalid-jid.next' },
  'not-found': { what: 'errors.not-found.what', next: 'errors.not-found.next' },
  'stanza-error': { what: 'errors.stanza-error.what', next: 'errors.stanza-error.next' },
  'message-too-long': { what: 'errors.message-too-long.what', next: 'errors.message-too-long.next' },
};

/** What happened and what to do next, as two sentences. */
export const describeError = (t: Translate, code: ErrorCode): string =>
  `${t(errorSentences[code].what)} ${t(errorSentences[code].next)}`;

/** Where logging in stopped, and what to look at there. */
export const stepSentences: Readonly<Record<ConnectionStep, TranslationKey>> = {
  dns: 'steps.dns',
  tcp: 'steps.tcp',
  tls: 'steps.tls',
  stream: 'steps.stream',
  auth: 'steps.auth',
  bind: 'steps.bind',
  session: 'steps.session',
};

/** RFC 6120 section 8.3.3: why a message came back, in words. Other conditions are shown as they are. */
const failureSentences: ReadonlyMap<string, TranslationKey> = new Map([
  ['remote-server-not-found', 'failure.unreachable'],
  ['remote-server-timeout', 'failure.unreachable'],
  ['item-not-found', 'failure.noSuchAddress'],
  ['jid-malformed', 'failure.noSuchAddress'],
  ['gone', 'failure.moved'],
  ['redirect', 'failure.moved'],
  ['service-unavailable', 'failure.unavailable'],
  ['recipient-unavailable', 'failure.unavailable'],
  ['forbidden', 'failure.refused'],
  ['not-allowed', 'failure.refused'],
  ['not-authorized', 'failure.refused'],
  ['subscription-required', 'failure.refused'],
  ['policy-violation', 'failure.tooLarge'],
  ['resource-constraint', 'failure.tooLarge'],
  ['not-acceptable', 'failure.tooLarge'],
  ['internal-server-error', 'failure.serverError'],
  ['no-trusted-device', 'failure.noTrustedDevice'],
  ['no-device', 'failure.noDevice'],
  ['devices-unknown', 'failure.devicesUnknown'],
  ['keys-unusable', 'failure.keysUnusable'],
  ['keys-unreachable', 'failure.keysUnreachable'],
  ['encryption-unavailable', 'failure.cannotEncrypt'],
]);

/** @param condition of the stanza error, where the server gave one */
export const describeFailure = (t: Translate, condition: string | undefined): string => {
  if (condition === undefined) return t('failure.unknown');
  const known = failureSentences.get(condition);
  // The condition is the server's own text: only what looks like a condition is repeated.
  if (known === undefined && /^[a-z-]{1,64}$/.test(condition)) return t('failure.condition', { condition });
  return t(known ?? 'failure.unknown');
};

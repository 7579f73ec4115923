import type { ErrorCode } from '#shared/errors.ts';
import type { CertificateView } from '#shared/views.ts';

/** Where a failed login is shown: at the field the user has to look at, or above the whole form. */
export type LoginPlace = 'jid' | 'password' | 'server' | 'certificate' | 'form';

const places: ReadonlyMap<ErrorCode, LoginPlace> = new Map<ErrorCode, LoginPlace>([
  ['invalid-jid', 'jid'],
  ['account-exists', 'jid'],
  ['host-unknown', 'jid'],
  ['account-disabled', 'jid'],
  ['auth-failed', 'password'],
  ['dns-failed', 'server'],
  ['service-unavailable', 'server'],
  ['connection-refused', 'server'],
  ['connection-timeout', 'server'],
  ['certificate-untrusted', 'certificate'],
  ['certificate-expired', 'certificate'],
  ['certificate-wrong-name', 'certificate'],
  ['certificate-changed', 'certificate'],
]);

/** A certificate that cannot be shown cannot be trusted either: such an error is one of the form. */
export const placeOf = (code: ErrorCode, certificate: CertificateView | undefined): LoginPlace => {
  const place = places.get(code) ?? 'form';
  return place === 'certificate' && certificate === undefined ? 'form' : place;
};

import type { ErrorDetail } from '#shared/errors.ts';
import type { CertificateView } from '#shared/views.ts';

/**
 * The certificate that a failed login carries in its detail, field by field as in CertificateView.
 * @returns undefined where the error is about something else
 */
export const certificateOf = (detail: ErrorDetail | undefined): CertificateView | undefined => {
  if (detail === undefined) return undefined;
  const text = (key: string): string => (typeof detail[key] === 'string' ? detail[key] : '');
  const time = (key: string): number => (typeof detail[key] === 'number' ? detail[key] : 0);
  const certificate = {
    fingerprint256: text('fingerprint256'),
    spki: text('spki'),
    subject: text('subject'),
    issuer: text('issuer'),
    validFrom: time('validFrom'),
    validTo: time('validTo'),
  };
  return certificate.fingerprint256 === '' || certificate.spki === '' ? undefined : certificate;
};

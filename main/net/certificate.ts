import { createHash, type X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { ErrorCode } from '#shared/errors.ts';
import type { CertificateView } from '#shared/views.ts';

/** base64 SHA-256 of the public key: what a pin stores. It outlives a renewed certificate with the same key. */
export const spkiOf = (certificate: X509Certificate): string =>
  createHash('sha256')
    .update(certificate.publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64');

/** What the user must see to decide about a certificate. The names were written by whoever made it. */
export const certificateView = (certificate: X509Certificate): CertificateView => ({
  fingerprint256: certificate.fingerprint256,
  spki: spkiOf(certificate),
  subject: oneLine(certificate.subject),
  issuer: oneLine(certificate.issuer),
  validFrom: Date.parse(certificate.validFrom),
  validTo: Date.parse(certificate.validTo),
});

const MAX_NAME_LENGTH = 300;

/** Node gives one attribute per line; controls and direction overrides could make a name look like another. */
const oneLine = (name: string | undefined): string =>
  (name ?? '')
    .replaceAll('\n', ', ')
    .replace(/[\p{Cc}\p{Cf}]/gu, '\ufffd')
    .slice(0, MAX_NAME_LENGTH);

/** RFC 5929 section 4.1: the hash of the signature, and SHA-256 in place of MD5 and SHA-1. */
const signatureHashes: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.4': 'sha256',
  '1.2.840.113549.1.1.5': 'sha256',
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.1': 'sha256',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
};

/** `tls-server-end-point` of RFC 5929; undefined for signatures that name no single hash (RSA-PSS, Ed25519). */
export const endPointHash = (certificate: X509Certificate): Uint8Array | undefined => {
  const hash = signatureHashes[certificate.signatureAlgorithmOid];
  return hash === undefined ? undefined : createHash(hash).update(certificate.raw).digest();
};

export type CertificateRefusal = Extract<
  ErrorCode,
  'certificate-untrusted' | 'certificate-expired' | 'certificate-wrong-name' | 'certificate-changed'
>;

export interface CertificateQuestion {
  /** ASCII form of the JID's domain, never the host that SRV named (RFC 6120 section 13.7.2.1). */
  readonly domain: string;
  readonly certificate: X509Certificate;
  /** OpenSSL's verdict on the chain, `undefined` where it is good. */
  readonly chainError: string | undefined;
  /** base64 SHA-256 of the one public key that the user trusts instead of the authorities. */
  readonly pinnedSpki: string | undefined;
}

/** OpenSSL's names for "out of its time", of the certificate itself and of those above it. */
const OUT_OF_TIME = new Set(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID']);

/**
 * Decides about a certificate; undefined means that it is good.
 * A pin decides alone: it replaces authorities, name and expiry, and another key is never accepted beside it.
 */
export const refusalOf = (question: CertificateQuestion): CertificateRefusal | undefined => {
  const { certificate, chainError, domain, pinnedSpki } = question;
  if (pinnedSpki !== undefined) return spkiOf(certificate) === pinnedSpki ? undefined : 'certificate-changed';
  if (chainError !== undefined)
    return OUT_OF_TIME.has(chainError) ? 'certificate-expired' : 'certificate-untrusted';
  return isFor(certificate, domain) ? undefined : 'certificate-wrong-name';
};

/** RFC 6125 section 6.4.4: the common name is not looked at. */
const isFor = (certificate: X509Certificate, domain: string): boolean =>
  isIP(domain) === 0
    ? certificate.checkHost(domain, { subject: 'never', partialWildcards: false }) !== undefined
    : certificate.checkIP(domain) !== undefined;

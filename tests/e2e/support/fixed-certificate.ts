import { execFile } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** RFC 8410 section 7: what stands before the 32 bytes of an Ed25519 key in PKCS #8. */
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * Writes a certificate signed by itself that is the same in every run: Ed25519 signs without chance (RFC 8032
 * section 5.1.6), and key, serial number and dates are given. For pictures; it protects nothing.
 * @param validTo as `YYYYMMDDHHMMSSZ`
 */
export const writeFixedCertificate = async (
  name: string,
  validTo: string,
  certFile: string,
  keyFile: string,
): Promise<void> => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'chatsecure-certificate-'));
  const at = (file: string): string => path.join(folder, file);
  try {
    const der = Buffer.concat([PKCS8_ED25519, Buffer.alloc(32, name)]);
    const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    await writeFile(keyFile, key.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
    await writeFile(at('index.txt'), '');
    await writeFile(at('serial'), '01\n');
    await writeFile(
      at('ca.cnf'),
      [
        '[ca]',
        'default_ca=own',
        '[own]',
        `database=${at('index.txt')}`,
        `serial=${at('serial')}`,
        `new_certs_dir=${folder}`,
        'default_md=default',
        'policy=any',
        'x509_extensions=leaf',
        '[any]',
        'commonName=supplied',
        '[leaf]',
        'basicConstraints=critical,CA:FALSE',
        `subjectAltName=DNS:${name}`,
        '',
      ].join('\n'),
    );
    await run('openssl', ['req', '-new', '-key', keyFile, '-subj', `/CN=${name}`, '-out', at('request.pem')]);
    await run('openssl', [
      ...['ca', '-batch', '-notext', '-selfsign', '-config', at('ca.cnf'), '-keyfile', keyFile],
      ...['-startdate', '20260101000000Z', '-enddate', validTo, '-in', at('request.pem'), '-out', certFile],
    ]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

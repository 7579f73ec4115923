import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A throwaway certificate authority, made fresh for every run by the `openssl` command. */

const run = promisify(execFile);
const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

export interface CertificateFiles {
  /** PEM texts. */
  readonly cert: string;
  readonly key: string;
  readonly certFile: string;
  readonly keyFile: string;
}

export interface IssueOptions {
  /** Names in the subjectAltName; default the name of the certificate. */
  readonly names?: readonly string[];
  /** Not signed by the authority but by itself. */
  readonly selfSigned?: boolean;
  /** Its time ended in the year 2001. */
  readonly expired?: boolean;
}

export interface Authority {
  /** PEM of the authority's certificate. */
  readonly ca: string;
  /** Writes `<name>.crt` and `<name>.key` into the folder. */
  issue(name: string, options?: IssueOptions): Promise<CertificateFiles>;
}

/** Makes an authority in a folder that it may fill. */
export const createAuthority = async (dir: string): Promise<Authority> => {
  await mkdir(dir, { recursive: true });
  // Kept apart from the certificates: Prosody would take every file there for a host's.
  const own = join(dir, '.authority');
  await mkdir(own, { recursive: true });
  const caKey = join(own, 'key.pem');
  const caCert = join(own, 'cert.pem');
  await run('openssl', [
    'req',
    '-x509',
    ...KEY,
    '-days',
    '30',
    '-subj',
    '/CN=ChatSecure test authority',
    '-addext',
    'keyUsage=critical,keyCertSign,cRLSign',
    '-keyout',
    caKey,
    '-out',
    caCert,
  ]);
  return {
    ca: await readFile(caCert, 'utf8'),
    issue: async (name, options = {}) => {
      const certFile = join(dir, `${name}.crt`);
      const keyFile = join(dir, `${name}.key`);
      const names = (options.names ?? [name]).map((san) => `DNS:${san}`).join(',');
      if (options.expired === true) await issueExpired(own, name, names, certFile, keyFile);
      else {
        await run('openssl', [
          'req',
          '-x509',
          ...(options.selfSigned === true ? [] : ['-CA', caCert, '-CAkey', caKey]),
          ...KEY,
          '-days',
          '30',
          '-subj',
          `/CN=${name}`,
          '-addext',
          'basicConstraints=critical,CA:FALSE',
          '-addext',
          `subjectAltName=${names}`,
          '-keyout',
          keyFile,
          '-out',
          certFile,
        ]);
      }
      return {
        cert: await readFile(certFile, 'utf8'),
        key: await readFile(keyFile, 'utf8'),
        certFile,
        keyFile,
      };
    },
  };
};

/** Only `openssl ca` takes dates in the past; it wants a small database around it. */
const issueExpired = async (
  own: string,
  name: string,
  names: string,
  certFile: string,
  keyFile: string,
): Promise<void> => {
  const config = join(own, `${name}.cnf`);
  const request = join(own, `${name}.csr`);
  await writeFile(join(own, 'index.txt'), '');
  await writeFile(
    config,
    [
      '[ca]',
      'default_ca=own',
      '[own]',
      `database=${join(own, 'index.txt')}`,
      `new_certs_dir=${own}`,
      'default_md=sha256',
      'policy=any',
      'rand_serial=yes',
      'x509_extensions=leaf',
      '[any]',
      'commonName=supplied',
      '[leaf]',
      'basicConstraints=critical,CA:FALSE',
      `subjectAltName=${names}`,
      '',
    ].join('\n'),
  );
  await run('openssl', ['req', '-new', ...KEY, '-subj', `/CN=${name}`, '-keyout', keyFile, '-out', request]);
  await run('openssl', [
    'ca',
    '-batch',
    '-notext',
    '-config',
    config,
    '-cert',
    join(own, 'cert.pem'),
    '-keyfile',
    join(own, 'key.pem'),
    '-startdate',
    '20000101000000Z',
    '-enddate',
    '20010101000000Z',
    '-in',
    request,
    '-out',
    certFile,
  ]);
};

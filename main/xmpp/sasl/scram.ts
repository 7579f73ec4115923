/**
 * RFC 5802 (SCRAM), RFC 7677 (SHA-256), RFC 9266 (tls-exporter); SHA-512 as in XEP-0438.
 * XEP-0474: SASL SCRAM Downgrade Protection, version 0.5.0 — https://xmpp.org/extensions/xep-0474.html
 */
import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { SaslError, type SaslExchange } from './mechanism.ts';

export type ScramHash = 'SHA-1' | 'SHA-256' | 'SHA-512';

/** As it arrived: mechanisms, and the types of channel binding where they were listed (XEP-0440). */
export interface ScramOffer {
  readonly mechanisms: readonly string[];
  readonly bindingTypes: readonly string[] | undefined;
}

export interface ScramOptions {
  readonly hash: ScramHash;
  /** Both prepared by SASLprep. */
  readonly username: string;
  readonly password: string;
  readonly binding: ScramBinding;
  /** What the server seemed to offer; undefined where nobody can have changed it. */
  readonly offer?: ScramOffer | undefined;
  /** Nothing is proven to a server that does not sign its offer (XEP-0474): it may have offered more. */
  readonly mustSignOffer?: boolean | undefined;
  /** Default 144 random bits; fixed in test vectors. */
  readonly nonce?: string;
}

/** RFC 9266 and RFC 5929. Not `tls-unique`: TLS 1.3 has none, and Electron's TLS library does not give it out. */
export type BindingType = 'tls-exporter' | 'tls-server-end-point';

/**
 * RFC 5802 section 6: `bound` with the data of the channel for a -PLUS mechanism; `unused` where we could
 * bind and the server seems not to (flag "y", which exposes an attacker who hid -PLUS from us);
 * `impossible` where we could not (flag "n").
 */
export type ScramBinding =
  | { readonly kind: 'bound'; readonly type: BindingType; readonly data: Uint8Array }
  | { readonly kind: 'unused' }
  | { readonly kind: 'impossible' };

/**
 * Fewer iterations than this are an invitation to guess the password from what we answer; RFC 7677
 * section 4 asks servers for at least 4096. More than the upper limit would keep the computer busy for
 * seconds, at the will of a server that is not yet known to be the right one.
 */
export const ITERATIONS = { least: 1_000, most: 2_000_000 } as const;

const derive = promisify(pbkdf2);
const digests = { 'SHA-1': 'sha1', 'SHA-256': 'sha256', 'SHA-512': 'sha512' } as const;

/** One SCRAM exchange. Compares the server's signature before it believes in success. */
export const createScram = (options: ScramOptions): SaslExchange => {
  const digest = digests[options.hash];
  const hmac = (key: Uint8Array, text: string): Buffer => createHmac(digest, key).update(text).digest();
  const nonce = options.nonce ?? randomBytes(18).toString('base64');
  const gs2 = gs2Header(options.binding);
  const clientFirstBare = `n=${escapeName(options.username)},r=${nonce}`;
  let expected: Buffer | undefined;
  let proven = false;

  const answerFirst = async (message: string): Promise<string> => {
    const server = readServerFirst(message, nonce);
    // Who signs that there is no channel binding has switched it off; without that, somebody may have hidden it.
    if (options.mustSignOffer === true && server.offerHash === undefined) throw bindingLost();
    checkOffer(server.offerHash, options.offer, digest);
    const salted = await derive(
      options.password,
      server.salt,
      server.iterations,
      digestBytes(digest),
      digest,
    );
    const clientKey = hmac(salted, 'Client Key');
    const storedKey = createHash(digest).update(clientKey).digest();
    const binding = options.binding.kind === 'bound' ? options.binding.data : new Uint8Array();
    const channel = Buffer.concat([Buffer.from(gs2), binding]).toString('base64');
    const withoutProof = `c=${channel},r=${server.nonce}`;
    const authMessage = `${clientFirstBare},${message},${withoutProof}`;
    expected = hmac(hmac(salted, 'Server Key'), authMessage);
    const proof = xor(clientKey, hmac(storedKey, authMessage)).toString('base64');
    return `${withoutProof},p=${proof}`;
  };

  const checkFinal = (message: string): void => {
    const fields = readFields(message);
    // RFC 5802 section 7: "e" names why the server refuses; it would also have sent <failure/>.
    if (fields.has('e')) throw new SaslError('auth-failed', 'the server refused the proof');
    const signature = Buffer.from(fields.get('v') ?? '', 'base64');
    if (
      expected === undefined ||
      signature.length !== expected.length ||
      !timingSafeEqual(signature, expected)
    ) {
      throw new SaslError('server-not-genuine', 'the server does not know the password');
    }
    proven = true;
  };

  return {
    mechanism: `SCRAM-${options.hash}${options.binding.kind === 'bound' ? '-PLUS' : ''}`,
    binding: options.binding.kind === 'bound' ? options.binding.type : undefined,
    initial: Buffer.from(`${gs2}${clientFirstBare}`),
    challenge: async (data) => {
      const message = Buffer.from(data).toString('utf8');
      if (expected === undefined) return Buffer.from(await answerFirst(message));
      // Some servers send their signature as a challenge and then an empty <success/>.
      checkFinal(message);
      return new Uint8Array();
    },
    succeeded: (data) => {
      if (data !== undefined && data.length > 0) checkFinal(Buffer.from(data).toString('utf8'));
      if (!proven)
        throw new SaslError('server-not-genuine', 'the server did not show that it knows the password');
    },
  };
};

/** The channel binding that earlier logins had is not offered any more. */
export const bindingLost = (): SaslError =>
  new SaslError('binding-lost', 'earlier logins were bound to their connection, and this one would not be');

const gs2Header = (binding: ScramBinding): string => {
  switch (binding.kind) {
    case 'bound':
      return `p=${binding.type},,`;
    case 'unused':
      return 'y,,';
    case 'impossible':
      return 'n,,';
  }
};

/** RFC 5802 section 5.1, attribute "n". */
const escapeName = (name: string): string => name.replaceAll('=', '=3D').replaceAll(',', '=2C');

const readFields = (message: string): Map<string, string> =>
  new Map(
    message.split(',').map((part) => [part.slice(0, 1), part.slice(1, 2) === '=' ? part.slice(2) : '']),
  );

interface ServerFirst {
  readonly nonce: string;
  readonly salt: Buffer;
  readonly iterations: number;
  /** XEP-0474, base64. */
  readonly offerHash: string | undefined;
}

const readServerFirst = (message: string, ownNonce: string): ServerFirst => {
  const fields = readFields(message);
  const nonce = fields.get('r') ?? '';
  const iterations = /^[1-9]\d{0,9}$/.test(fields.get('i') ?? '') ? Number(fields.get('i')) : Number.NaN;
  const salt = Buffer.from(fields.get('s') ?? '', 'base64');
  // RFC 5802 section 5.1: an unknown mandatory extension must end the exchange.
  if (fields.has('m'))
    throw new SaslError('auth-unsupported', 'the server asks for an unknown SCRAM extension');
  if (!nonce.startsWith(ownNonce) || nonce.length === ownNonce.length) {
    throw new SaslError('server-not-genuine', 'the server did not take up our nonce');
  }
  if (salt.length === 0 || Number.isNaN(iterations)) {
    throw new SaslError('auth-unsupported', 'the challenge of the server cannot be read');
  }
  if (iterations < ITERATIONS.least || iterations > ITERATIONS.most) {
    throw new SaslError('auth-unsupported', 'the iteration count of the server is out of range');
  }
  return { nonce, salt, iterations, offerHash: fields.get('h') };
};

/**
 * XEP-0474 section 5.2: the server signs what it offered with the rest of its message. Without the hash it is not
 * one that can, or the proof will be wrong.
 */
const checkOffer = (hash: string | undefined, offer: ScramOffer | undefined, digest: string): void => {
  if (hash === undefined || offer === undefined) return;
  const list = (names: readonly string[]): string => names.toSorted(byOctets).join('\x1e');
  const mechanisms = list(offer.mechanisms);
  // Prosody appends the empty list of a connection for which it then lists nothing.
  const texts =
    offer.bindingTypes === undefined
      ? [mechanisms, `${mechanisms}\x1f`]
      : [`${mechanisms}\x1f${list(offer.bindingTypes)}`];
  const isTrue = texts.some((text) => createHash(digest).update(text).digest('base64') === hash);
  if (!isTrue) throw new SaslError('server-not-genuine', 'somebody has changed what the server offers');
};

/** RFC 4790 section 9.3; names of mechanisms are ASCII. */
const byOctets = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

const digestBytes = (digest: (typeof digests)[ScramHash]): number =>
  ({ sha1: 20, sha256: 32, sha512: 64 })[digest];

const xor = (a: Buffer, b: Buffer): Buffer => Buffer.from(a.map((byte, index) => byte ^ (b[index] ?? 0)));

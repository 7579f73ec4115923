import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  randomBytes,
  scrypt,
  timingSafeEqual,
} from 'node:crypto';
import { AppError } from '#shared/errors.ts';
import type { PassphraseWrap } from './key-marker.ts';

/** The primitives around the database key; all of them exist in BoringSSL too. */

export const KEY_BYTES = 32;

/** RFC 7914: about half a second and 128 MiB on a common computer. */
const COST = { n: 2 ** 17, r: 8, p: 1 } as const;

/** Binds the ciphertext to its purpose. */
const CONTEXT = Buffer.from('chatsecure database key, passphrase, 1');

/** Tells nothing about a random key of 256 bits, and recognises it without opening the database. */
export const keyCheck = (key: Uint8Array): string =>
  createHmac('sha256', key)
    .update('chatsecure database key check')
    .digest()
    .subarray(0, 16)
    .toString('base64');

/** Whether this is the key that the check was made from. */
export const isKey = (key: Uint8Array, check: string): boolean => {
  const expected = Buffer.from(check, 'base64');
  const actual = Buffer.from(keyCheck(key), 'base64');
  return key.length === KEY_BYTES && expected.length === actual.length && timingSafeEqual(expected, actual);
};

/** Seals a key under a passphrase. */
export const wrapKey = async (key: Uint8Array, passphrase: string): Promise<PassphraseWrap> => {
  const salt = randomBytes(32);
  const nonce = randomBytes(12);
  const derived = await derive(passphrase, salt, COST);
  try {
    const cipher = createCipheriv('aes-256-gcm', derived, nonce).setAAD(CONTEXT);
    const sealed = Buffer.concat([cipher.update(key), cipher.final(), cipher.getAuthTag()]);
    return {
      kind: 'passphrase',
      scrypt: { ...COST, salt: salt.toString('base64') },
      nonce: nonce.toString('base64'),
      sealed: sealed.toString('base64'),
    };
  } finally {
    derived.fill(0);
  }
};

/**
 * Opens a sealed key.
 * @returns 32 bytes; the caller erases them
 * @throws AppError `wrong-passphrase`
 */
export const unwrapKey = async (wrap: PassphraseWrap, passphrase: string): Promise<Buffer> => {
  const derived = await derive(passphrase, Buffer.from(wrap.scrypt.salt, 'base64'), wrap.scrypt);
  const sealed = Buffer.from(wrap.sealed, 'base64');
  try {
    const decipher = createDecipheriv('aes-256-gcm', derived, Buffer.from(wrap.nonce, 'base64'), {
      authTagLength: 16,
    });
    decipher.setAAD(CONTEXT).setAuthTag(sealed.subarray(KEY_BYTES));
    const key = decipher.update(sealed.subarray(0, KEY_BYTES));
    try {
      decipher.final();
    } catch (error) {
      key.fill(0);
      throw error;
    }
    return key;
  } catch (error) {
    throw new AppError('wrong-passphrase', 'the passphrase does not open the key', { cause: error });
  } finally {
    derived.fill(0);
  }
};

/** The same passphrase gives the same bytes on every keyboard (RFC 8265 section 4.2.2: NFC). */
const derive = (
  passphrase: string,
  salt: Buffer,
  { n, r, p }: { readonly n: number; readonly r: number; readonly p: number },
): Promise<Buffer> => {
  const secret = Buffer.from(passphrase.normalize('NFC'));
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  // The memory is 128 * n * r bytes (RFC 7914 section 2) and a little more for p blocks.
  scrypt(secret, salt, KEY_BYTES, { N: n, r, p, maxmem: 128 * r * (n + p + 2) }, (error, derived) => {
    secret.fill(0);
    if (error === null) resolve(derived);
    else reject(error);
  });
  return promise;
};

/** The symmetric primitives of both generations. */
import { createCipheriv, createDecipheriv, createSecretKey, hash } from 'node:crypto';
import { concat, wipe } from './bytes.ts';

const BLOCK_BYTES = 64;
const HASH_BYTES = 32;

const sha256 = (data: Uint8Array): Buffer => hash('sha256', data, 'buffer');

/**
 * HMAC-SHA-256 (RFC 2104) of the parts one after the other. Made of two one-shot hashes: with keys that are
 * used once, `createHmac` takes five times as long.
 */
export const hmac = (key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array => {
  const short = key.length > BLOCK_BYTES ? sha256(key) : key;
  const inner = concat(new Uint8Array(BLOCK_BYTES), ...parts);
  const outer = new Uint8Array(BLOCK_BYTES + HASH_BYTES);
  for (let at = 0; at < BLOCK_BYTES; at += 1) {
    const byte = short[at] ?? 0;
    inner[at] = byte ^ 0x36;
    outer[at] = byte ^ 0x5c;
  }
  outer.set(sha256(inner), BLOCK_BYTES);
  const mac = sha256(outer);
  wipe(inner, outer);
  return mac;
};

/** HKDF-SHA-256 (RFC 5869). */
export const hkdf = (secret: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Uint8Array => {
  const extracted = hmac(salt, secret);
  const output = new Uint8Array(Math.ceil(length / HASH_BYTES) * HASH_BYTES);
  let block: Uint8Array = new Uint8Array(0);
  for (let count = 1; (count - 1) * HASH_BYTES < length; count += 1) {
    block = hmac(extracted, block, info, Uint8Array.of(count));
    output.set(block, (count - 1) * HASH_BYTES);
  }
  wipe(extracted, block);
  return output.subarray(0, length);
};

/** AES-256-CBC with PKCS#7 padding. @param key 32 bytes @param iv 16 bytes */
export const encryptCbc = (key: Uint8Array, iv: Uint8Array, plaintext: Uint8Array): Uint8Array => {
  // Of plain bytes Node first finds out, by errors that it catches, that they are no key object: that takes
  // longer than the cipher.
  const cipher = createCipheriv('aes-256-cbc', createSecretKey(key), iv);
  return concat(cipher.update(plaintext), cipher.final());
};

/** Only for what a MAC has proven already. @throws Error where the padding is none */
export const decryptCbc = (key: Uint8Array, iv: Uint8Array, ciphertext: Uint8Array): Uint8Array => {
  const decipher = createDecipheriv('aes-256-cbc', createSecretKey(key), iv);
  return concat(decipher.update(ciphertext), decipher.final());
};

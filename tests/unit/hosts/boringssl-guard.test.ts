import * as crypto from 'node:crypto';
import {
  createCipheriv,
  createHash,
  createHmac,
  generateKeyPairSync,
  getDiffieHellman,
  hkdfSync,
  pbkdf2Sync,
  sign,
  verify,
} from 'node:crypto';
import { describe, expect, it } from 'vitest';

const bytes = (length: number): Buffer => Buffer.alloc(length);

describe('node:crypto under the guard', () => {
  it('does what Electron can do', () => {
    expect(createHash('sha256').update('x').digest('hex')).toHaveLength(64);
    expect(createHmac('sha1', 'key').update('x').digest()).toHaveLength(20);
    expect(pbkdf2Sync('p', 's', 1, 32, 'sha512')).toHaveLength(32);
    expect(hkdfSync('sha256', 'k', 's', 'i', 16).byteLength).toBe(16);
    expect(createCipheriv('aes-256-gcm', bytes(32), bytes(12)).update('x')).toHaveLength(1);
    expect(createCipheriv('aes-256-cbc', bytes(32), bytes(16)).final()).toHaveLength(16);
    expect(generateKeyPairSync('x25519').publicKey.asymmetricKeyType).toBe('x25519');
    expect(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.asymmetricKeyType).toBe('ec');
    expect(getDiffieHellman('modp5').getPrime()).toHaveLength(192);
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    expect(verify(null, bytes(1), publicKey, sign(null, bytes(1), privateKey))).toBe(true);
  });

  it.each(
    Object.entries({
      sha3: () => createHash('sha3-256'),
      blake2: () => createHash('blake2b512'),
      'hmac of sha3': () => createHmac('sha3-256', 'key'),
      'pbkdf2 of sha3': () => pbkdf2Sync('p', 's', 1, 32, 'sha3-256'),
      'one-shot sha3': () => crypto.hash('sha3-256', 'x'),
      'chacha20-poly1305': () =>
        createCipheriv('chacha20-poly1305', bytes(32), bytes(12), { authTagLength: 16 }),
      ccm: () => createCipheriv('aes-256-ccm', bytes(32), bytes(12), { authTagLength: 16 }),
      ocb: () => createCipheriv('aes-256-ocb', bytes(32), bytes(12), { authTagLength: 16 }),
      'key wrap': () => createCipheriv('aes256-wrap', bytes(32), bytes(8)),
      ed448: () => generateKeyPairSync('ed448'),
      secp256k1: () => generateKeyPairSync('ec', { namedCurve: 'secp256k1' }),
      'ECDH on secp256k1': () => crypto.createECDH('secp256k1'),
      modp1: () => getDiffieHellman('modp1'),
      argon2: () =>
        crypto.argon2Sync('argon2id', {
          message: '',
          nonce: bytes(16),
          parallelism: 1,
          tagLength: 32,
          memory: 8,
          passes: 1,
        }),
    }),
  )('refuses %s, which only OpenSSL has', (_name, use) => {
    expect(use).toThrow(/not in BoringSSL/);
  });
});

/**
 * X25519 (RFC 7748) and XEdDSA (https://signal.org/docs/specifications/xeddsa/). The one importer of the curve
 * library: it does what `node:crypto` has no function for, and all of it where the native functions are missing.
 */
import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hash,
  randomBytes,
  verify as verifyNative,
} from 'node:crypto';
import { ed25519, x25519 } from '@noble/curves/ed25519.js';
import type { KeyPair } from '../engine.ts';
import { concat, equalBytes, isZero, wipe } from './bytes.ts';

export const KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;

/** A point that is no key: the wrong length, not in its shortest form, or one that gives everybody the same secret. */
export class InvalidKey extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'InvalidKey';
  }
}

export interface Curve {
  generateKeyPair(): KeyPair;
  publicKeyOf(privateKey: Uint8Array): Uint8Array;
  /** @returns 32 bytes, to be erased by the caller @throws InvalidKey for points of small order */
  sharedSecret(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array;
  /** Ed25519 (RFC 8032); false for everything that is no signature. */
  verifyEdwards(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}

// RFC 8410: the bytes in front of a raw key.
const PKCS8 = Buffer.from('302e020100300506032b656e04220420', 'hex');
const SPKI_X25519 = Buffer.from('302a300506032b656e032100', 'hex');
const SPKI_ED25519 = Buffer.from('302a300506032b6570032100', 'hex');

const secretOf = (shared: Uint8Array): Uint8Array => {
  // RFC 7748 section 6.1: a point of small order gives zero, whatever our key is.
  if (isZero(shared)) throw new InvalidKey('a point of small order');
  return shared;
};

const privateKeyObject = (key: Uint8Array): ReturnType<typeof createPrivateKey> => {
  const der = Buffer.concat([PKCS8, key]);
  try {
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  } finally {
    wipe(der);
  }
};

const publicKeyObject = (prefix: Buffer, key: Uint8Array): ReturnType<typeof createPublicKey> =>
  createPublicKey({ key: Buffer.concat([prefix, key]), format: 'der', type: 'spki' });

/** By `node:crypto`. */
export const nativeCurve: Curve = {
  generateKeyPair: () => {
    const pair = generateKeyPairSync('x25519');
    const der = pair.privateKey.export({ format: 'der', type: 'pkcs8' });
    const privateKey = Uint8Array.from(der.subarray(PKCS8.length));
    wipe(der);
    const spki = pair.publicKey.export({ format: 'der', type: 'spki' });
    return { privateKey, publicKey: Uint8Array.from(spki.subarray(SPKI_X25519.length)) };
  },
  publicKeyOf: (privateKey) => {
    const spki = createPublicKey(privateKeyObject(privateKey)).export({ format: 'der', type: 'spki' });
    return Uint8Array.from(spki.subarray(SPKI_X25519.length));
  },
  sharedSecret: (privateKey, publicKey) => {
    const keys = {
      privateKey: privateKeyObject(privateKey),
      publicKey: publicKeyObject(SPKI_X25519, publicKey),
    };
    let shared: Uint8Array;
    try {
      shared = diffieHellman(keys);
    } catch (error) {
      throw new InvalidKey(`a point that gives no secret: ${String(error)}`);
    }
    return secretOf(shared);
  },
  verifyEdwards: (publicKey, message, signature) => {
    try {
      return verifyNative(null, message, publicKeyObject(SPKI_ED25519, publicKey), signature);
    } catch {
      return false;
    }
  },
};

/** In JavaScript alone, some ten times slower. */
export const portableCurve: Curve = {
  generateKeyPair: () => {
    const privateKey = Uint8Array.from(randomBytes(KEY_BYTES));
    return { privateKey, publicKey: x25519.getPublicKey(privateKey) };
  },
  publicKeyOf: (privateKey) => x25519.getPublicKey(privateKey),
  sharedSecret: (privateKey, publicKey) => {
    let shared: Uint8Array;
    try {
      shared = x25519.getSharedSecret(privateKey, publicKey);
    } catch (error) {
      throw new InvalidKey(`a point that gives no secret: ${String(error)}`);
    }
    return secretOf(shared);
  },
  verifyEdwards: (publicKey, message, signature) => {
    try {
      return ed25519.verify(signature, message, publicKey, { zip215: false });
    } catch {
      return false;
    }
  },
};

/**
 * The native functions where they exist and are right: Electron's cryptography is another than Node's.
 * @param native for tests
 */
export const bestCurve = (native: Curve = nativeCurve): Curve => {
  try {
    const [one, other] = [native.generateKeyPair(), portableCurve.generateKeyPair()];
    const shared = native.sharedSecret(one.privateKey, other.publicKey);
    const message = randomBytes(KEY_BYTES);
    const signature = signXeddsa(one.privateKey, message);
    const works =
      equalBytes(native.publicKeyOf(one.privateKey), one.publicKey) &&
      equalBytes(shared, portableCurve.sharedSecret(other.privateKey, one.publicKey)) &&
      verifyXeddsa(native, one.publicKey, message, signature);
    return works ? native : portableCurve;
  } catch {
    return portableCurve;
  }
};

const { Point } = ed25519;
const { Fp, Fn } = Point;

const toNumber = (littleEndian: Uint8Array): bigint =>
  BigInt(`0x${Buffer.from(Uint8Array.from(littleEndian).toReversed()).toString('hex')}`);

const fromNumber = (value: bigint): Uint8Array =>
  Uint8Array.from(Buffer.from(value.toString(16).padStart(KEY_BYTES * 2, '0'), 'hex')).toReversed();

const withoutTopBit = (bytes: Uint8Array): Uint8Array => {
  const copy = Uint8Array.from(bytes);
  copy[copy.length - 1] = (copy.at(-1) ?? 0) & 0x7f;
  return copy;
};

/**
 * Whether bytes are the only form of a field element. The curve functions take others too, and a second form of
 * the same key would be a second fingerprint for it.
 */
export const isCanonical = (key: Uint8Array): boolean => key.length === KEY_BYTES && toNumber(key) < Fp.ORDER;

/**
 * The Edwards form of a Montgomery key (RFC 7748 section 4.1), with the given sign.
 * @throws InvalidKey for the one point without such a form
 */
export const toEdwards = (montgomery: Uint8Array, sign: 0 | 1 = 0): Uint8Array => {
  const u = Fp.create(toNumber(withoutTopBit(montgomery)));
  const divisor = Fp.add(u, Fp.ONE);
  if (Fp.is0(divisor)) throw new InvalidKey('a point without an Edwards form');
  const bytes = fromNumber(Fp.mul(Fp.sub(u, Fp.ONE), Fp.inv(divisor)));
  bytes[KEY_BYTES - 1] = (bytes[KEY_BYTES - 1] ?? 0) | (sign << 7);
  return bytes;
};

/** The Montgomery form of an Edwards key. @throws InvalidKey for the one point without such a form */
export const toMontgomery = (edwards: Uint8Array): Uint8Array => {
  const y = toNumber(withoutTopBit(edwards));
  const divisor = Fp.sub(Fp.ONE, Fp.create(y));
  if (y >= Fp.ORDER || Fp.is0(divisor)) throw new InvalidKey('a point without a Montgomery form');
  return fromNumber(Fp.mul(Fp.add(Fp.ONE, y), Fp.inv(divisor)));
};

const sha512 = (...parts: readonly Uint8Array[]): Buffer => hash('sha512', concat(...parts), 'buffer');

/** XEdDSA section 2.3, hash1: an encoding of 2^256 - 2, which is no point. */
const HASH_ONE = Uint8Array.from({ length: KEY_BYTES }, (_, index) => (index === 0 ? 0xfe : 0xff));

/**
 * XEdDSA section 2.3. The numbers of the library take a time that depends on them: whoever could measure that
 * would have to be on this computer, at the one signature in weeks.
 * @param privateKey X25519, 32 bytes
 * @returns 64 bytes that verify as Ed25519 with the Edwards form of sign 0
 */
export const signXeddsa = (
  privateKey: Uint8Array,
  message: Uint8Array,
  random: Uint8Array = randomBytes(SIGNATURE_BYTES),
): Uint8Array => {
  const clamped = Uint8Array.from(privateKey);
  clamped[0] = (clamped[0] ?? 0) & 248;
  clamped[31] = ((clamped[31] ?? 0) & 127) | 64;
  let scalar = Fn.create(toNumber(clamped));
  const point = Point.BASE.multiply(scalar).toBytes();
  if (((point[31] ?? 0) & 0x80) !== 0) scalar = Fn.neg(scalar);
  const publicKey = withoutTopBit(point);
  const secret = fromNumber(scalar);
  const nonce = Fn.create(toNumber(sha512(HASH_ONE, secret, message, random)));
  wipe(clamped, secret);
  const commitment = Point.BASE.multiply(nonce).toBytes();
  const challenge = Fn.create(toNumber(sha512(commitment, publicKey, message)));
  return concat(commitment, fromNumber(Fn.add(nonce, Fn.mul(challenge, scalar))));
};

/**
 * Verifies XEdDSA, and the older form of libsignal that keeps the sign of the Edwards key in the last bit.
 * @param publicKey X25519, 32 bytes
 */
export const verifyXeddsa = (
  curve: Curve,
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean => {
  if (signature.length !== SIGNATURE_BYTES || !isCanonical(publicKey)) return false;
  try {
    const sign = ((signature[SIGNATURE_BYTES - 1] ?? 0) & 0x80) === 0 ? 0 : 1;
    return curve.verifyEdwards(toEdwards(publicKey, sign), message, withoutTopBit(signature));
  } catch {
    return false;
  }
};

import { describe, expect, test } from 'vitest';
import {
  bestCurve,
  InvalidKey,
  isCanonical,
  nativeCurve,
  portableCurve,
  signXeddsa,
  toEdwards,
  toMontgomery,
  verifyXeddsa,
  type Curve,
} from '#main/crypto/omemo/ratchet/curve.ts';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex');

/** RFC 7748 section 6.1. */
const rfc = {
  alicePrivate: bytes('77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a'),
  alicePublic: '8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a',
  bobPrivate: bytes('5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb'),
  bobPublic: 'de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f',
  shared: '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742',
};

const curves: readonly (readonly [string, Curve])[] = [
  ['native', nativeCurve],
  ['portable', portableCurve],
];

/** All points of small order, and other forms of them (https://cr.yp.to/ecdh.html#validate). */
const smallOrder = [
  '00'.repeat(32),
  `01${'00'.repeat(31)}`,
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  `ec${'ff'.repeat(30)}7f`,
  `ed${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(30)}7f`,
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b880',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f11d7',
  `ec${'ff'.repeat(31)}`,
].map(bytes);

describe.each(curves)('the %s curve', (_name, curve) => {
  test('agrees with RFC 7748', () => {
    expect(hex(curve.publicKeyOf(rfc.alicePrivate))).toBe(rfc.alicePublic);
    expect(hex(curve.publicKeyOf(rfc.bobPrivate))).toBe(rfc.bobPublic);
    expect(hex(curve.sharedSecret(rfc.alicePrivate, bytes(rfc.bobPublic)))).toBe(rfc.shared);
    expect(hex(curve.sharedSecret(rfc.bobPrivate, bytes(rfc.alicePublic)))).toBe(rfc.shared);
  });

  test('makes keys that fit together, and no two alike', () => {
    const [one, other] = [curve.generateKeyPair(), curve.generateKeyPair()];
    expect(hex(curve.publicKeyOf(one.privateKey))).toBe(hex(one.publicKey));
    expect(hex(one.privateKey)).not.toBe(hex(other.privateKey));
  });

  test('gives no secret for points of small order', () => {
    for (const point of smallOrder) {
      expect(() => curve.sharedSecret(rfc.alicePrivate, point), hex(point)).toThrow(InvalidKey);
    }
  });

  test('verifies no signature of the wrong length, with a foreign key or for another text', () => {
    const { privateKey, publicKey } = curve.generateKeyPair();
    const message = bytes('05aa');
    const signature = signXeddsa(privateKey, message);
    expect(verifyXeddsa(curve, publicKey, message, signature)).toBe(true);
    expect(verifyXeddsa(curve, publicKey, bytes('05ab'), signature)).toBe(false);
    expect(verifyXeddsa(curve, curve.generateKeyPair().publicKey, message, signature)).toBe(false);
    expect(verifyXeddsa(curve, publicKey, message, signature.subarray(1))).toBe(false);
    expect(verifyXeddsa(curve, publicKey, message, new Uint8Array(64))).toBe(false);
    expect(verifyXeddsa(curve, publicKey.subarray(1), message, signature)).toBe(false);
    // The point whose Edwards form would need a division by zero.
    expect(verifyXeddsa(curve, bytes(`ec${'ff'.repeat(30)}7f`), message, signature)).toBe(false);
  });
});

test('the native curve is taken where it works, the portable one where it fails or lies', () => {
  expect(bestCurve()).toBe(nativeCurve);
  const missing = (): never => {
    throw new Error('not in BoringSSL (Electron)');
  };
  expect(bestCurve({ ...nativeCurve, generateKeyPair: missing })).toBe(portableCurve);
  expect(bestCurve({ ...nativeCurve, sharedSecret: () => new Uint8Array(32) })).toBe(portableCurve);
  expect(bestCurve({ ...nativeCurve, verifyEdwards: () => false })).toBe(portableCurve);
});

test('a key has one form only, in either kind', () => {
  const { publicKey } = nativeCurve.generateKeyPair();
  expect(hex(toMontgomery(toEdwards(publicKey, 0)))).toBe(hex(publicKey));
  expect(hex(toMontgomery(toEdwards(publicKey, 1)))).toBe(hex(publicKey));
  expect(isCanonical(publicKey)).toBe(true);
  const second = Uint8Array.from(publicKey);
  second[31] = (second[31] ?? 0) | 0x80;
  expect(isCanonical(second)).toBe(false);
  expect(isCanonical(bytes(`ed${'ff'.repeat(30)}7f`))).toBe(false);
  expect(() => toEdwards(bytes(`ec${'ff'.repeat(30)}7f`))).toThrow(InvalidKey);
  expect(() => toMontgomery(bytes(`01${'00'.repeat(31)}`))).toThrow(InvalidKey);
});

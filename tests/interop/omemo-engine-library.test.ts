/** Our ratchet and curve against the library that other clients are made of: what one writes, the other reads. */
import { randomBytes, randomInt } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { nativeCurve, portableCurve, signXeddsa, verifyXeddsa } from '#main/crypto/omemo/ratchet/curve.ts';
import { LibsignalDevice, libsignalCurve } from '#tests/support/libsignal.ts';
import { bytesOf, OmemoDevice, type Sent } from '#tests/support/omemo-device.ts';

/** The library takes its time; `OMEMO_ROUNDS=1000` for the long run. */
const rounds = Number(process.env['OMEMO_ROUNDS'] ?? 100);

const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex');
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

test('loading the library does not change how this process ends', async () => {
  const before = process.listenerCount('unhandledRejection') + process.listenerCount('uncaughtException');
  await libsignalCurve();
  expect(process.listenerCount('unhandledRejection') + process.listenerCount('uncaughtException')).toBe(
    before,
  );
});

test('keys, secrets and signatures are those of the original library, and forgeries are refused', async () => {
  const original = await libsignalCurve();
  for (let round = 0; round < rounds; round += 1) {
    // Both native and portable, but the portable one is slow.
    const curve = round % 10 === 0 ? portableCurve : nativeCurve;
    const [one, other] = [curve.generateKeyPair(), curve.generateKeyPair()];
    const message = Uint8Array.from(randomBytes(33));
    expect(hex(original.publicKeyOf(one.privateKey))).toBe(hex(one.publicKey));
    expect(hex(original.sharedSecret(one.privateKey, other.publicKey))).toBe(
      hex(curve.sharedSecret(one.privateKey, other.publicKey)),
    );
    const ours = signXeddsa(one.privateKey, message);
    // Of the original's signatures, half carry the sign of the Edwards key in their last bit.
    const theirs = original.sign(one.privateKey, message);
    expect(original.verify(one.publicKey, message, ours)).toBe(true);
    expect(verifyXeddsa(curve, one.publicKey, message, ours)).toBe(true);
    expect(verifyXeddsa(curve, one.publicKey, message, theirs)).toBe(true);
    for (const signature of [ours, theirs]) {
      const forged = Uint8Array.from(signature);
      forged[round % 64] = (forged[round % 64] ?? 0) ^ (1 << (round % 7));
      expect(verifyXeddsa(curve, one.publicKey, message, forged)).toBe(false);
    }
  }
}, 300_000);

describe('a session with the library', () => {
  test('started by either side is read by the other', async () => {
    const theirs = await LibsignalDevice.create(7);
    const ours = new OmemoDevice();
    expect(text(await startedByUs(ours, theirs))).toBe('hello');
    const other = await LibsignalDevice.create(8);
    await other.startSession(ours.deviceId, ours.bundle);
    expect(ours.read(8, await other.encrypt(ours.deviceId, bytesOf('from them')))).toBe('from them');
    expect(text(await other.decrypt(ours.deviceId, ours.send(8, 'back')))).toBe('back');
  });

  test('that it starts without a one-time prekey, or with one of number 0, is not accepted', async () => {
    const ours = new OmemoDevice();
    const { publicKey } = ours.engine.generateKeyPair();
    const withType = Uint8Array.of(5, ...publicKey);
    for (const preKeys of [[], [{ id: 0, publicKey: withType }]]) {
      const theirs = await LibsignalDevice.create(8);
      await theirs.startSession(ours.deviceId, { ...ours.bundle, preKeys });
      const result = ours.receive(8, await theirs.encrypt(ours.deviceId, bytesOf('x')));
      expect(result).toEqual({ kind: 'unknown-prekey', which: 'one-time', id: 0 });
    }
  });

  test('is refused by the library where our signature is forged, so it does look at it', async () => {
    const [theirs, { bundle, deviceId }] = [await LibsignalDevice.create(7), new OmemoDevice()];
    const signature = Uint8Array.from(bundle.signedPreKey.signature);
    signature[9] = (signature[9] ?? 0) ^ 1;
    const forged = { ...bundle, signedPreKey: { ...bundle.signedPreKey, signature } };
    await expect(theirs.startSession(deviceId, forged)).rejects.toThrow('Invalid signature');
  });
});

const startedByUs = async (ours: OmemoDevice, theirs: LibsignalDevice): Promise<Uint8Array> => {
  expect(ours.start(theirs.deviceId, theirs.bundle)).toBe('started');
  return theirs.decrypt(ours.deviceId, ours.send(theirs.deviceId, 'hello'));
};

/** A message under way. */
interface Underway {
  readonly sent: Sent;
  readonly text: string;
  readonly to: 'us' | 'them';
}

/** A conversation whose network loses, doubles and reorders; everything that arrives is read exactly once. */
const converse = async (messages: number): Promise<void> => {
  const [ours, theirs] = [new OmemoDevice({ preKeys: 1 }), await LibsignalDevice.create(7, 1)];
  await startedByUs(ours, theirs);
  expect(ours.read(7, await theirs.encrypt(ours.deviceId, bytesOf('hello')))).toBe('hello');
  const underway: Underway[] = [];
  for (let count = 0; count < messages; count += 1) {
    const [one, to] = [`message ${count}`, randomInt(2) === 0 ? 'us' : 'them'] as const;
    const sent = to === 'them' ? ours.send(7, one) : await theirs.encrypt(ours.deviceId, bytesOf(one));
    // One in ten is lost, some wait behind others.
    if (randomInt(10) > 0) underway.push({ sent, text: one, to });
    while (underway.length > 0 && randomInt(3) > 0) {
      const [arrived] = underway.splice(randomInt(underway.length), 1);
      if (arrived !== undefined) await deliver(ours, theirs, arrived);
    }
  }
  for (const late of underway) await deliver(ours, theirs, late);
};

const deliver = async (ours: OmemoDevice, theirs: LibsignalDevice, one: Underway): Promise<void> => {
  if (one.to === 'them') {
    expect(text(await theirs.decrypt(ours.deviceId, one.sent))).toBe(one.text);
    return;
  }
  expect(ours.read(7, one.sent)).toBe(one.text);
  if (randomInt(4) === 0) expect(ours.read(7, one.sent)).toBe('duplicate');
};

test('conversations with loss, duplication and reordering are read on both sides', async () => {
  for (let round = 0; round < rounds; round += 1) await converse(6);
}, 900_000);

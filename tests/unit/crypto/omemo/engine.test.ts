import { describe, expect, test } from 'vitest';
import type { Bundle, OmemoVersion, PreKeyId, SignedPreKeyId } from '#main/crypto/omemo/engine.ts';
import { portableCurve } from '#main/crypto/omemo/ratchet/curve.ts';
import { createRatchetEngine } from '#main/crypto/omemo/ratchet/ratchet-engine.ts';
import { introduce, OmemoDevice, type Sent } from '#tests/support/omemo-device.ts';

const versions: readonly OmemoVersion[] = ['eu.siacs.conversations.axolotl', 'urn:xmpp:omemo:2'];

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const flipped = (bytes: Uint8Array, at: number, mask = 1): Uint8Array => {
  const copy = Uint8Array.from(bytes);
  const index = at < 0 ? copy.length + at : at;
  copy[index] = (copy[index] ?? 0) ^ mask;
  return copy;
};

describe.each(versions)('two devices that speak %s', (version) => {
  test('read each other from the first message on, in any order, each message once', () => {
    const [a, b] = [new OmemoDevice({ version }), new OmemoDevice({ version })];
    const first = a.sendFirst(b, 'one');
    const second = a.send(b.deviceId, 'two');
    expect([first.isKeyExchange, second.isKeyExchange]).toEqual([true, true]);
    // The second overtakes the first.
    expect(b.read(a.deviceId, second)).toBe('two');
    expect(b.read(a.deviceId, first)).toBe('one');
    expect(b.read(a.deviceId, first)).toBe('duplicate');
    expect(a.read(b.deviceId, b.send(a.deviceId, 'answer'))).toBe('answer');
    // With the answer the exchange is over.
    const late = ['three', 'four', 'five'].map((text) => a.send(b.deviceId, text));
    expect(late.map(({ isKeyExchange }) => isKeyExchange)).toEqual([false, false, false]);
    b.read(a.deviceId, a.send(b.deviceId, 'six'));
    expect(late.toReversed().map((sent) => b.read(a.deviceId, sent))).toEqual(['five', 'four', 'three']);
    expect(late.map((sent) => b.read(a.deviceId, sent))).toEqual(late.map(() => 'duplicate'));
  });

  test('take back and forth for a long time, and the record stays small', () => {
    const { a, b } = introduce({ version });
    for (let round = 0; round < 200; round += 1) {
      expect(b.read(a.deviceId, a.send(b.deviceId, `a${round}`))).toBe(`a${round}`);
      expect(a.read(b.deviceId, b.send(a.deviceId, `b${round}`))).toBe(`b${round}`);
    }
    expect(a.sessions.get(b.deviceId)?.length).toBeLessThan(900);
  });

  test('a message that was overtaken by thirty turns of the ratchet is read', () => {
    const { a, b } = introduce({ version });
    const held: Sent[] = [];
    for (let turn = 0; turn < 30; turn += 1) {
      held.push(a.send(b.deviceId, `held ${turn}`));
      b.read(a.deviceId, a.send(b.deviceId, 'on'));
      a.read(b.deviceId, b.send(a.deviceId, 'on'));
    }
    expect(held.map((sent) => b.read(a.deviceId, sent))).toEqual(held.map((_, turn) => `held ${turn}`));
    expect(held.map((sent) => b.read(a.deviceId, sent))).toEqual(held.map(() => 'duplicate'));
  });

  test('a consumed prekey is named once, and a replayed key exchange is a duplicate', () => {
    const [a, b] = [new OmemoDevice({ version }), new OmemoDevice({ version })];
    const first = a.sendFirst(b, 'one');
    const opened = b.receive(a.deviceId, first);
    expect(opened).toMatchObject({ kind: 'decrypted', heartbeatDue: false });
    expect(opened.kind === 'decrypted' && opened.consumedPreKey).toBeGreaterThan(0);
    expect(b.preKeys.size).toBe(2);
    const next = b.receive(a.deviceId, a.send(b.deviceId, 'two'));
    expect(next).toMatchObject({ kind: 'decrypted', consumedPreKey: undefined });
    expect(b.read(a.deviceId, first)).toBe('duplicate');
  });

  test('a tampered message is refused, whichever byte it is, and the true one is read afterwards', () => {
    const { a, b } = introduce({ version });
    const sent = a.send(b.deviceId, 'text');
    const before = hex(b.sessions.get(a.deviceId) ?? new Uint8Array());
    for (let at = 0; at < sent.data.length; at += 1) {
      const kind = b.receive(a.deviceId, { data: flipped(sent.data, at) }).kind;
      expect(['bad-mac', 'malformed', 'unsupported-version', 'duplicate', 'needs-rebuild']).toContain(kind);
    }
    expect(hex(b.sessions.get(a.deviceId) ?? new Uint8Array())).toBe(before);
    expect(b.read(a.deviceId, sent)).toBe('text');
  });

  test('a tampered key exchange makes no session and consumes no prekey', () => {
    const [a, b] = [new OmemoDevice({ version }), new OmemoDevice({ version })];
    const sent = a.sendFirst(b, 'text');
    let refused = 0;
    for (let at = 0; at < sent.data.length; at += 1) {
      const result = b.engine.decrypt({
        version,
        own: b.own,
        preKeys: {
          preKey: (id) => b.preKeys.get(id),
          signedPreKey: (id) => b.signedPreKeys.get(id),
        },
        pinned: undefined,
        record: undefined,
        data: flipped(sent.data, at),
      });
      if (result.kind !== 'decrypted') refused += 1;
      // The registration id is what nobody checks, and nothing depends on.
      else expect(hex(result.identityKey)).toBe(hex(a.identity.publicKey));
    }
    expect(refused).toBeGreaterThan(sent.data.length - 8);
    expect(b.read(a.deviceId, sent)).toBe('text');
  });

  test('a bundle with a forged signature, a substituted signed prekey or broken keys starts nothing', () => {
    const [a, b] = [new OmemoDevice({ version }), new OmemoDevice({ version })];
    const { bundle } = b;
    const { signedPreKey } = bundle;
    const signed = (change: Partial<Bundle['signedPreKey']>): Bundle => ({
      ...bundle,
      signedPreKey: { ...signedPreKey, ...change },
    });
    const forged = Array.from({ length: 64 }, (_, at) =>
      signed({ signature: flipped(signedPreKey.signature, at) }),
    );
    for (const bad of [
      ...forged,
      signed({ signature: new Uint8Array(64) }),
      signed({ signature: signedPreKey.signature.subarray(1) }),
      signed({ publicKey: new OmemoDevice({ version }).bundle.signedPreKey.publicKey }),
      { ...bundle, identityKey: new OmemoDevice({ version }).bundle.identityKey },
    ]) {
      expect(a.start(1, bad)).toBe('invalid-signature');
    }
    const zero =
      version === 'urn:xmpp:omemo:2' ? new Uint8Array(32) : Uint8Array.of(5, ...new Uint8Array(32));
    for (const bad of [
      { ...bundle, identityKey: bundle.identityKey.subarray(1) },
      { ...bundle, identityKey: new Uint8Array() },
      { ...bundle, preKeys: [{ id: 1, publicKey: zero }] },
      { ...bundle, preKeys: [{ id: 1, publicKey: zero.subarray(2) }] },
    ]) {
      expect(a.start(1, bad)).toBe('invalid-key');
    }
    expect(a.sessions.size).toBe(0);
  });

  test('works the same with the portable curve', () => {
    const engine = createRatchetEngine(portableCurve);
    const [a, b] = [new OmemoDevice({ version, engine }), new OmemoDevice({ version })];
    expect(b.read(a.deviceId, a.sendFirst(b, 'one'))).toBe('one');
    expect(a.read(b.deviceId, b.send(a.deviceId, 'two'))).toBe('two');
  });

  test('a session is a secret that differs in every record, and its identity is the one that was pinned', () => {
    const { a, b } = introduce({ version });
    const sent = a.send(b.deviceId, 'x');
    const stranger = new OmemoDevice({ version });
    b.pins.set(a.deviceId, stranger.identity.publicKey);
    expect(b.read(a.deviceId, sent)).toBe('bad-mac');
    b.pins.set(a.deviceId, a.identity.publicKey);
    expect(b.receive(a.deviceId, sent)).toMatchObject({ identityKey: a.identity.publicKey });
  });
});

describe('key exchanges', () => {
  test('with a prekey that was used or never existed are told apart from damage', () => {
    const [a, b] = [new OmemoDevice(), new OmemoDevice()];
    const sent = a.sendFirst(b, 'x');
    b.preKeys.clear();
    expect(b.receive(a.deviceId, sent)).toMatchObject({ kind: 'unknown-prekey', which: 'one-time' });
    b.signedPreKeys.clear();
    expect(b.receive(a.deviceId, sent)).toEqual({ kind: 'unknown-prekey', which: 'signed', id: 1 });
  });

  test('with a signed prekey that was rotated are read while the previous one is kept', () => {
    const [a, b] = [new OmemoDevice(), new OmemoDevice()];
    const sent = a.sendFirst(b, 'x');
    b.signedPreKeys.set(2 as SignedPreKeyId, b.engine.generateKeyPair());
    expect(b.bundle.signedPreKey.id).toBe(2);
    expect(b.read(a.deviceId, sent)).toBe('x');
  });

  test('without a one-time prekey are neither started nor accepted', () => {
    const [a, b] = [new OmemoDevice(), new OmemoDevice({ preKeys: 0 })];
    expect(a.start(b.deviceId, b.bundle)).toBe('no-prekey');
    // A peer who starts one anyway, with prekey 0, which some clients publish.
    b.preKeys.set(0 as PreKeyId, b.engine.generateKeyPair());
    expect(a.start(b.deviceId, b.bundle)).toBe('no-prekey');
  });

  test('take a random prekey of the bundle', () => {
    const [a, b] = [new OmemoDevice(), new OmemoDevice({ preKeys: 20 })];
    const taken = new Set<number>();
    for (let round = 0; round < 40; round += 1) {
      const result = b.engine.decrypt({
        version: b.version,
        own: b.own,
        preKeys: { preKey: (id) => b.preKeys.get(id), signedPreKey: (id) => b.signedPreKeys.get(id) },
        pinned: undefined,
        record: undefined,
        data: a.sendFirst(b, 'x').data,
      });
      if (result.kind === 'decrypted' && result.consumedPreKey !== undefined)
        taken.add(result.consumedPreKey);
    }
    expect(taken.size).toBeGreaterThan(5);
  });

  test('of a changed identity are refused before they are opened, and the pin stays', () => {
    const { a, b } = introduce();
    const impostor = new OmemoDevice();
    const sent = impostor.sendFirst(b, 'I am A, honest');
    const session = b.sessions.get(a.deviceId);
    expect(b.receive(a.deviceId, sent)).toEqual({
      kind: 'identity-mismatch',
      identityKey: impostor.identity.publicKey,
    });
    expect(b.sessions.get(a.deviceId)).toBe(session);
    expect(b.preKeys.size).toBe(2);
    expect(b.start(a.deviceId, impostor.bundle)).toBe('identity-mismatch');
    expect(b.read(a.deviceId, a.send(b.deviceId, 'still me'))).toBe('still me');
  });
});

test('a heartbeat is asked for at counter 53, once for each ratchet key', () => {
  const { a, b } = introduce();
  const due: number[] = [];
  for (let counter = 0; counter < 120; counter += 1) {
    const result = b.receive(a.deviceId, a.send(b.deviceId, 'x'));
    if (result.kind === 'decrypted' && result.heartbeatDue) due.push(counter);
  }
  expect(due).toEqual([53]);
  a.read(b.deviceId, b.send(a.deviceId, 'heartbeat'));
  for (let counter = 0; counter < 60; counter += 1) {
    const result = b.receive(a.deviceId, a.send(b.deviceId, 'x'));
    if (result.kind === 'decrypted' && result.heartbeatDue) due.push(counter);
  }
  expect(due).toEqual([53, 53]);
});

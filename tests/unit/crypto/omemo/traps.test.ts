/** The traps that a library of this protocol was found to have, by their numbers in our notes on it. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Bundle } from '#main/crypto/omemo/engine.ts';
import { bytesOf, introduce, OmemoDevice, type Sent } from '#tests/support/omemo-device.ts';

const sendMany = (from: OmemoDevice, to: number, count: number): readonly Sent[] =>
  Array.from({ length: count }, (_, index) => from.send(to, `m${index}`));

const at = (sent: readonly Sent[], index: number): Sent => {
  const one = sent[index];
  if (one === undefined) throw new RangeError(`no message ${index}`);
  return one;
};

const recordOf = (device: OmemoDevice, peer: OmemoDevice): Uint8Array =>
  device.sessions.get(peer.deviceId) ?? new Uint8Array();

/** Sends and reads back and forth. */
const chat = (a: OmemoDevice, b: OmemoDevice, rounds: number): void => {
  for (let round = 0; round < rounds; round += 1) {
    expect(b.read(a.deviceId, a.send(b.deviceId, `a${round}`))).toBe(`a${round}`);
    expect(a.read(b.deviceId, b.send(a.deviceId, `b${round}`))).toBe(`b${round}`);
  }
};

describe('trap 2, a session that was only tried is damaged', () => {
  test('a late message for an earlier session leaves the present one as it is', () => {
    const { a, b } = introduce();
    const late = b.send(a.deviceId, 'late');
    const renewed = a.sendFirst(b, 'first of the second session');
    expect(a.read(b.deviceId, late)).toBe('late');
    expect(b.read(a.deviceId, renewed)).toBe('first of the second session');
    chat(a, b, 3);
  });

  test('both sides may start at the same time, and all that crosses is read', () => {
    const [a, b] = [new OmemoDevice(), new OmemoDevice()];
    const [bundleA, bundleB] = [a.bundle, b.bundle];
    a.start(b.deviceId, bundleB);
    b.start(a.deviceId, bundleA);
    for (let round = 0; round < 6; round += 1) {
      const [fromA, fromB] = [a.send(b.deviceId, `a${round}`), b.send(a.deviceId, `b${round}`)];
      expect(b.read(a.deviceId, fromA)).toBe(`a${round}`);
      expect(a.read(b.deviceId, fromB)).toBe(`b${round}`);
    }
    // As soon as one answers the other, both use the same session, whose ratchet turns with each answer.
    const heartbeats: boolean[] = [];
    for (let round = 0; round < 60; round += 1) {
      const [there, back] = [
        b.receive(a.deviceId, a.send(b.deviceId, 'x')),
        a.receive(b.deviceId, b.send(a.deviceId, 'y')),
      ];
      heartbeats.push(...[there, back].map((result) => result.kind !== 'decrypted' || result.heartbeatDue));
    }
    expect(heartbeats).not.toContain(true);
    expect(a.send(b.deviceId, 'x').isKeyExchange).toBe(false);
    expect(b.send(a.deviceId, 'x').isKeyExchange).toBe(false);
  });

  test('a session that the peer has replaced is not sent with again because of a late message', () => {
    const { a, b } = introduce();
    const late = b.send(a.deviceId, 'late');
    // B forgets the session and starts another one.
    b.sessions.delete(a.deviceId);
    expect(a.read(b.deviceId, b.sendFirst(a, 'new'))).toBe('new');
    expect(a.read(b.deviceId, late)).toBe('late');
    expect(b.read(a.deviceId, a.send(b.deviceId, 'answer'))).toBe('answer');
  });

  test('a session that we have given up is not sent with again because of a crossing message', () => {
    const { a, b } = introduce();
    const crossing = b.send(a.deviceId, 'crossing');
    a.start(b.deviceId, b.bundle);
    expect(a.read(b.deviceId, crossing)).toBe('crossing');
    expect(a.send(b.deviceId, 'repaired').isKeyExchange).toBe(true);
  });
});

describe('trap 3, the record grows without limit', () => {
  test('neither with turns of the ratchet nor with new sessions', () => {
    const { a, b } = introduce();
    chat(a, b, 60);
    const size = recordOf(a, b).length;
    chat(a, b, 60);
    expect(recordOf(a, b).length).toBe(size);
    for (let count = 0; count < 60; count += 1) a.start(b.deviceId, b.bundle);
    const many = recordOf(a, b).length;
    for (let count = 0; count < 10; count += 1) a.start(b.deviceId, b.bundle);
    expect(recordOf(a, b).length).toBeLessThanOrEqual(many);
    expect(many).toBeLessThan(41 * 900);
  });

  test('nor with keys that a miscounting peer leaves behind in each chain', () => {
    const { a, b } = introduce();
    for (let round = 0; round < 100; round += 1) {
      // The last message of every chain is lost.
      b.read(a.deviceId, a.send(b.deviceId, 'x'));
      a.send(b.deviceId, 'lost');
      a.read(b.deviceId, b.send(a.deviceId, 'y'));
    }
    expect(recordOf(b, a).length).toBeLessThan(5_000);
  });
});

test('trap 4, a new identity key is taken without asking: it is compared before anything is opened', () => {
  const { a, b } = introduce();
  const impostor = new OmemoDevice();
  const before = recordOf(b, a);
  expect(b.read(a.deviceId, impostor.sendFirst(b, 'I am A'))).toBe('identity-mismatch');
  expect(recordOf(b, a)).toBe(before);
  expect(b.pins.get(a.deviceId)).toEqual(a.identity.publicKey);
});

describe('trap 5, a session is dead for good after 2,000 lost messages', () => {
  test('2,000 may be lost and are read when they come late', () => {
    const { a, b } = introduce();
    const sent = sendMany(a, b.deviceId, 2_001);
    expect(b.read(a.deviceId, at(sent, 2_000))).toBe('m2000');
    expect([0, 1, 1_000, 1_999].map((index) => b.read(a.deviceId, at(sent, index)))).toEqual([
      'm0',
      'm1',
      'm1000',
      'm1999',
    ]);
  });

  test('one more is said to need a new session, and changes nothing: read in order, all come through', () => {
    const { a, b } = introduce();
    const sent = sendMany(a, b.deviceId, 2_003);
    const before = recordOf(b, a);
    expect(b.receive(a.deviceId, at(sent, 2_002))).toEqual({
      kind: 'needs-rebuild',
      reason: 'too-many-skipped',
    });
    expect(recordOf(b, a)).toBe(before);
    expect(sent.every((one, index) => b.read(a.deviceId, one) === `m${index}`)).toBe(true);
  });

  test('the next turn of the ratchet heals it, and so does a new session', () => {
    const { a, b } = introduce();
    b.read(a.deviceId, a.send(b.deviceId, 'near'));
    sendMany(a, b.deviceId, 5_000);
    expect(b.read(a.deviceId, a.send(b.deviceId, 'far'))).toBe('needs-rebuild');
    a.read(b.deviceId, b.send(a.deviceId, 'are you there?'));
    chat(a, b, 2);
    sendMany(a, b.deviceId, 5_000);
    expect(b.read(a.deviceId, a.send(b.deviceId, 'far'))).toBe('needs-rebuild');
    expect(a.read(b.deviceId, b.sendFirst(a, 'a new session'))).toBe('a new session');
    chat(a, b, 2);
  });

  test('what is skipped again and again never makes the record greater than its limit', () => {
    const { a, b } = introduce();
    for (let round = 0; round < 5; round += 1) {
      sendMany(a, b.deviceId, 1_500);
      expect(b.read(a.deviceId, a.send(b.deviceId, 'x'))).toBe('x');
    }
    expect(recordOf(b, a).length).toBeLessThan(2_000 * 36 + 2_000);
    const last = sendMany(a, b.deviceId, 2);
    expect([b.read(a.deviceId, at(last, 1)), b.read(a.deviceId, at(last, 0))]).toEqual(['m1', 'm0']);
  });
});

describe('trap 7, what is encrypted is not what was given', () => {
  test('a view into a greater buffer gives away nothing around it', () => {
    const { a, b } = introduce();
    const pool = Buffer.from('secret before|the key|secret behind');
    const sent = a.sendBytes(b.deviceId, pool.subarray(14, 21));
    const result = b.receive(a.deviceId, sent);
    expect(result.kind === 'decrypted' && Buffer.from(result.plaintext).toString()).toBe('the key');
    expect(sent.data.length).toBe(a.send(b.deviceId, 'the key').data.length);
  });

  test('nothing, and every length of a block, comes out as it went in', () => {
    const { a, b } = introduce();
    for (const length of [0, 1, 15, 16, 17, 31, 32, 48, 64]) {
      const plaintext = new Uint8Array(length).fill(length);
      const result = b.receive(a.deviceId, a.sendBytes(b.deviceId, plaintext));
      expect(result.kind === 'decrypted' && Uint8Array.from(result.plaintext)).toEqual(plaintext);
    }
  });
});

test('trap 9, a missing session is an answer', () => {
  const [a, b] = [new OmemoDevice(), introduce().a];
  expect(a.read(1, b.send([...b.sessions.keys()][0] ?? 0, 'x'))).toBe('no-session');
});

test('trap 10, a session that was started is open at once, whatever the registration ids are', () => {
  const [a, b] = [new OmemoDevice(), new OmemoDevice()];
  expect(a.start(b.deviceId, b.bundle)).toBe('started');
  expect(b.read(a.deviceId, a.send(b.deviceId, 'x'))).toBe('x');
});

test('trap 11, a used prekey looks like damage: it is named', () => {
  const [a, b, c] = [new OmemoDevice(), new OmemoDevice({ preKeys: 1 }), new OmemoDevice()];
  const { bundle } = b;
  c.start(b.deviceId, bundle);
  expect(b.read(a.deviceId, a.sendFirst(b, 'first come'))).toBe('first come');
  expect(b.receive(c.deviceId, c.send(b.deviceId, 'too late'))).toEqual({
    kind: 'unknown-prekey',
    which: 'one-time',
    id: 1,
  });
});

test('trap 12, an identity key without its type byte makes a session that nobody can read', () => {
  const [a, b] = [new OmemoDevice(), new OmemoDevice()];
  const { identityKey } = b.bundle;
  const bad: readonly Uint8Array[] = [
    identityKey.subarray(1),
    Uint8Array.of(4, ...identityKey.subarray(1)),
    Uint8Array.of(...identityKey, 0),
    // The same point in another form would be the same device with another fingerprint.
    identityKey.map((byte, index) => (index === 32 ? byte | 0x80 : byte)),
  ];
  for (const key of bad) {
    const bundle: Bundle = { ...b.bundle, identityKey: key };
    expect(a.start(b.deviceId, bundle)).toBe('invalid-key');
    expect(a.engine.readIdentityKey(a.version, key)).toBeUndefined();
  }
});

describe('trap 13, secrets are written to the console', () => {
  afterEach(() => void vi.restoreAllMocks());

  test('nothing is written, whatever happens', () => {
    const writers = (['log', 'info', 'warn', 'error', 'debug'] as const).map((name) =>
      vi.spyOn(console, name).mockImplementation(() => undefined),
    );
    const { a, b } = introduce();
    b.read(a.deviceId, introduce().a.sendFirst(b, 'impostor'));
    b.read(a.deviceId, { data: bytesOf('nonsense') });
    b.read(a.deviceId, { data: new Uint8Array() });
    a.start(b.deviceId, { ...b.bundle, identityKey: new Uint8Array(32) });
    expect(writers.flatMap(({ mock }) => mock.calls)).toEqual([]);
  });
});

test('trap 16, a ratchet key or identity of small order is refused', () => {
  const { a, b } = introduce();
  const sent = a.send(b.deviceId, 'x');
  const zeroRatchet = Uint8Array.from(sent.data);
  // Version, tag and length of the first field, type byte, key.
  zeroRatchet.fill(0, 4, 36);
  expect(b.read(a.deviceId, { data: zeroRatchet })).toBe('malformed');
  const [c, d] = [new OmemoDevice(), new OmemoDevice()];
  const exchange = c.sendFirst(d, 'x').data;
  const base = Buffer.from(exchange).indexOf(Buffer.of(0x12, 33, 5));
  const zeroBase = Uint8Array.from(exchange);
  zeroBase.fill(0, base + 3, base + 35);
  expect(d.read(c.deviceId, { data: zeroBase })).toBe('malformed');
});

test('trap 17, the fingerprint is that of the protocol: the 32 bytes of the identity key', () => {
  const { engine, identity, bundle, version } = new OmemoDevice();
  expect(Buffer.from(bundle.identityKey).toString('hex')).toBe(
    `05${Buffer.from(identity.publicKey).toString('hex')}`,
  );
  expect(engine.readIdentityKey(version, bundle.identityKey)).toEqual(bundle.identityKey.subarray(1));
});

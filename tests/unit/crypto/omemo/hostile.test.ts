/** Bytes that nobody writes in good faith: every answer is a value, and nothing changes. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { OmemoVersion, SessionRecord } from '#main/crypto/omemo/engine.ts';
import { encodeFields, Fields, MalformedMessage } from '#main/crypto/omemo/ratchet/protobuf.ts';
import { introduce, OmemoDevice } from '#tests/support/omemo-device.ts';

const bytes = (...values: readonly number[]): Uint8Array => Uint8Array.from(values);

describe('the fields of a message', () => {
  test('come back as they were written', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.integer({ min: 1, max: 2 ** 28 }),
            fc.oneof(fc.integer({ min: 0, max: 0xffff_ffff }), fc.uint8Array({ maxLength: 300 })),
          ),
        ),
        (entries) => {
          const last = new Map(entries);
          const fields = new Fields(encodeFields(...entries));
          for (const [number, value] of last) {
            if (typeof value === 'number') expect(fields.uint32(number)).toBe(value);
            else expect(Uint8Array.from(fields.bytes(number))).toEqual(Uint8Array.from(value));
          }
        },
      ),
    );
  });

  test('of any bytes are fields or a MalformedMessage', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (data) => {
        try {
          void new Fields(data);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedMessage);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('are refused where numbers do not end, fields run over the end, or types are unknown', () => {
    for (const data of [
      bytes(0x08),
      bytes(0x08, 0x80),
      bytes(0x08, ...new Uint8Array(11).fill(0x80), 1),
      bytes(0x0a, 5, 1),
      bytes(0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f),
      bytes(0x0b),
      bytes(0x0c),
      bytes(0x00, 1),
      bytes(0x09, 1),
    ]) {
      expect(() => new Fields(data), Buffer.from(data).toString('hex')).toThrow(MalformedMessage);
    }
  });

  test('of later versions are passed over', () => {
    const fields = new Fields(bytes(0x11, 1, 2, 3, 4, 5, 6, 7, 8, 0x1d, 1, 2, 3, 4, 0x78, 1, 0x20, 9));
    expect(fields.uint32(4)).toBe(9);
    expect(fields.uint32(5)).toBeUndefined();
    expect(() => fields.bytes(4)).toThrow(MalformedMessage);
  });

  test('beyond 32 bits are no numbers of ours', () => {
    const fields = new Fields(bytes(0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1));
    expect(() => fields.uint32(1)).toThrow(MalformedMessage);
  });
});

describe.each<OmemoVersion>(['eu.siacs.conversations.axolotl', 'urn:xmpp:omemo:2'])('with %s', (version) => {
  test('any bytes as a message are answered, and the session goes on', () => {
    const { a, b } = introduce({ version });
    const before = b.sessions.get(a.deviceId);
    const mutated = fc
      .tuple(fc.nat(400), fc.nat(255), fc.constantFrom('set', 'cut', 'insert'))
      .map(([at, value, how]) => {
        const { data } = a.engine.encrypt(
          a.sessions.get(b.deviceId) ?? ([] as never),
          new Uint8Array(32),
        ) as {
          data: Uint8Array;
        };
        const index = at % data.length;
        if (how === 'cut') return data.subarray(0, index);
        if (how === 'insert')
          return Uint8Array.of(...data.subarray(0, index), value, ...data.subarray(index));
        return data.map((byte, place) => (place === index ? byte ^ (value || 1) : byte));
      });
    const started = version === 'urn:xmpp:omemo:2' ? [] : [0x33];
    const noise = fc.uint8Array({ maxLength: 300 }).map((data) => Uint8Array.of(...started, ...data));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), noise, mutated), (data) => {
        expect(b.receive(a.deviceId, { data }).kind).not.toBe('decrypted');
      }),
      { numRuns: 1_000 },
    );
    expect(b.sessions.get(a.deviceId)).toBe(before);
    expect(b.read(a.deviceId, a.send(b.deviceId, 'on'))).toBe('on');
  });
});

test('a counter beyond all measure costs nothing and is no crash', () => {
  const { a, b } = introduce();
  const { data } = a.send(b.deviceId, 'x');
  // Version, field 1 of 35 bytes, then the tag of the counter.
  expect(data[36]).toBe(0x10);
  const huge = Uint8Array.of(...data.subarray(0, 37), 0xff, 0xff, 0xff, 0xff, 0x0f, ...data.subarray(38));
  expect(b.read(a.deviceId, { data: huge })).toBe('needs-rebuild');
  expect(b.read(a.deviceId, { data })).toBe('x');
});

test('a claim that four billion messages came before costs no more than the limit', () => {
  const { a, b } = introduce();
  // With a ratchet key that is new to the other side.
  b.read(a.deviceId, a.send(b.deviceId, 'x'));
  a.read(b.deviceId, b.send(a.deviceId, 'y'));
  const { data } = a.send(b.deviceId, 'z');
  // Behind the counter stands how many messages the chain before has.
  expect(data[38]).toBe(0x18);
  const huge = Uint8Array.of(...data.subarray(0, 39), 0xff, 0xff, 0xff, 0xff, 0x0f, ...data.subarray(40));
  expect(b.read(a.deviceId, { data: huge })).toBe('bad-mac');
  expect(b.read(a.deviceId, { data })).toBe('z');
});

test('a message of a later version is said to be one, an endless one is not parsed', () => {
  const { a, b } = introduce();
  const { data } = a.send(b.deviceId, 'x');
  expect(b.read(a.deviceId, { data: Uint8Array.of(0x44, ...data.subarray(1)) })).toBe('unsupported-version');
  expect(b.read(a.deviceId, { data: Uint8Array.of(...data, ...new Uint8Array(10_000)) })).toBe('malformed');
});

test('a record that the disk has damaged asks for a new session, which can then be started', () => {
  const { a, b } = introduce();
  const whole = a.sessions.get(b.deviceId) ?? new Uint8Array();
  const sent = b.send(a.deviceId, 'x');
  const damaged = [
    new Uint8Array(),
    whole.subarray(0, whole.length - 1),
    Uint8Array.of(...whole, 0),
    whole.map((byte, at) => (at === 0 ? byte + 1 : byte)),
    whole.map((byte, at) => (at === 5 ? 99 : byte)),
  ];
  for (const record of damaged as readonly Uint8Array[] as readonly SessionRecord[]) {
    a.sessions.set(b.deviceId, record);
    expect(a.receive(b.deviceId, sent)).toEqual({ kind: 'needs-rebuild', reason: 'record-damaged' });
    expect(a.engine.encrypt(record, new Uint8Array(1))).toMatchObject({ kind: 'needs-rebuild' });
  }
  expect(b.read(a.deviceId, a.sendFirst(b, 'healed'))).toBe('healed');
});

test('a message for another device, or from another one, opens nothing', () => {
  const { a, b } = introduce();
  const [c, sent] = [new OmemoDevice(), a.send(b.deviceId, 'for b')];
  expect(c.read(a.deviceId, sent)).toBe('no-session');
  c.receive(a.deviceId, a.sendFirst(c, 'hello'));
  expect(c.read(a.deviceId, sent)).toBe('bad-mac');
});

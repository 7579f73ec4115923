/** Several accounts with several devices, and a network that does what it likes. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { OmemoVersion, SessionRecord } from '#main/crypto/omemo/engine.ts';
import { OmemoDevice, type Sent } from '#tests/support/omemo-device.ts';

interface Parcel {
  readonly from: OmemoDevice;
  readonly to: OmemoDevice;
  readonly sent: Sent;
  readonly text: string;
}

type Act =
  | { readonly kind: 'send' | 'renew' | 'restart'; readonly device: number }
  | { readonly kind: 'deliver' | 'lose' | 'double'; readonly place: number };

const act = (devices: number): fc.Arbitrary<Act> =>
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('send' as const), device: fc.nat(devices - 1) }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constantFrom('renew', 'restart'), device: fc.nat(devices - 1) }),
    },
    { weight: 16, arbitrary: fc.record({ kind: fc.constant('deliver' as const), place: fc.nat(1_000) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('lose', 'double'), place: fc.nat(1_000) }) },
  );

/** Devices that write to all others, of all accounts, and what is under way between them. */
class World {
  readonly devices: readonly OmemoDevice[];
  readonly #underway: Parcel[] = [];
  readonly #read = new Map<string, number>();
  #count = 0;

  constructor(size: number, version: OmemoVersion) {
    // A used prekey is kept, as it is while an archive is read: two may take the same.
    this.devices = Array.from({ length: size }, () => new OmemoDevice({ version, keepsUsed: true }));
  }

  apply(step: Act): void {
    switch (step.kind) {
      case 'send':
        return this.#send(this.#device(step.device), false);
      case 'renew':
        return this.#send(this.#device(step.device), true);
      case 'restart':
        return restart(this.#device(step.device));
      case 'deliver':
      case 'double':
        return this.#deliver(step.place, step.kind === 'double');
      case 'lose':
        if (this.#underway.length > 0) this.#underway.splice(step.place % this.#underway.length, 1);
    }
  }

  /** All that is still under way arrives. */
  settle(): void {
    while (this.#underway.length > 0) this.#deliver(0, false);
  }

  #device(index: number): OmemoDevice {
    const device = this.devices[index % this.devices.length];
    if (device === undefined) throw new RangeError('no such device');
    return device;
  }

  #send(from: OmemoDevice, renewed: boolean): void {
    this.#count += 1;
    for (const to of this.devices) {
      if (to === from) continue;
      const text = `${this.#count} to ${to.deviceId}`;
      const isFirst = renewed || !from.sessions.has(to.deviceId);
      const sent = isFirst ? from.sendFirst(to, text) : from.send(to.deviceId, text);
      this.#underway.push({ from, to, sent, text });
    }
  }

  #deliver(place: number, twice: boolean): void {
    if (this.#underway.length === 0) return;
    const [parcel] = this.#underway.splice(place % this.#underway.length, 1);
    if (parcel === undefined) return;
    const { from, to, sent, text } = parcel;
    expect(to.read(from.deviceId, sent)).toBe(text);
    this.#read.set(text, (this.#read.get(text) ?? 0) + 1);
    expect(this.#read.get(text)).toBe(1);
    if (twice) expect(to.read(from.deviceId, sent)).toBe('duplicate');
  }
}

/** All that a device knows goes through its bytes. */
const restart = (device: OmemoDevice): void => {
  for (const [peer, record] of device.sessions) {
    device.sessions.set(peer, Uint8Array.from(record) as SessionRecord);
    record.fill(0);
  }
};

describe.each<[OmemoVersion, number]>([
  ['eu.siacs.conversations.axolotl', 40],
  ['urn:xmpp:omemo:2', 10],
])('three accounts with two devices each, with %s', (version, numRuns) => {
  test('read everything that arrives exactly once, in whatever order, across restarts and new sessions', () => {
    fc.assert(
      fc.property(fc.array(act(6), { minLength: 30, maxLength: 90 }), (steps) => {
        const world = new World(6, version);
        for (const step of steps) world.apply(step);
        world.settle();
      }),
      { numRuns },
    );
  });

  test('a session that was overtaken by the one after it is not the one that is answered', () => {
    const world = new World(2, version);
    world.apply({ kind: 'send', device: 0 });
    world.apply({ kind: 'renew', device: 0 });
    world.apply({ kind: 'deliver', place: 1 });
    world.settle();
    for (const device of [0, 1]) {
      world.apply({ kind: 'send', device });
      world.settle();
    }
    const [a, b] = world.devices;
    expect(b && a?.send(b.deviceId, 'x').isKeyExchange).toBe(false);
  });

  test('two devices that start at the same time again and again end up with one session', () => {
    fc.assert(
      fc.property(fc.array(act(2), { minLength: 20, maxLength: 60 }), (steps) => {
        const world = new World(2, version);
        for (const step of steps) world.apply(step);
        world.settle();
        const [a, b] = world.devices;
        if (a === undefined || b === undefined) throw new RangeError('no devices');
        world.apply({ kind: 'send', device: 0 });
        world.settle();
        for (let round = 0; round < 2; round += 1) {
          world.apply({ kind: 'send', device: round });
          world.settle();
        }
        expect(a.send(b.deviceId, 'x').isKeyExchange).toBe(false);
      }),
      { numRuns: numRuns * 2 },
    );
  });
});

import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { DeviceDesk } from '#main/crypto/omemo/device-desk.ts';
import { fingerprintOf } from '#main/crypto/omemo/fingerprint.ts';
import type { AppError } from '#shared/errors.ts';
import type { DeviceId } from '#shared/ids.ts';
import type { ProtectionChoice, Trust, TrustPolicy } from '#shared/omemo.ts';
import { ManualClock } from '#tests/support/manual-clock.ts';
import { openTestStore, type TestStore } from '#tests/support/test-store.ts';

const OWN = 'alice@localhost';
const PEER = 'romeo@montague.example';

const opened: TestStore[] = [];
afterEach(() => {
  for (const one of opened.splice(0)) one.close();
});

const begin = (policy: TrustPolicy = 'first-use') => {
  const test = openTestStore();
  opened.push(test);
  const { store } = test;
  const accountId = test.account.id;
  const clock = new ManualClock();
  const changed: string[] = [];
  const desk = new DeviceDesk({
    store: store.omemo,
    transaction: store.transaction,
    clock,
    policy: () => policy,
    changed: (_, jid) => void changed.push(jid),
  });
  const { devices } = store.omemo;
  const list = (...ids: readonly number[]): void => {
    devices.receiveList(accountId, PEER, ids as DeviceId[], clock.now());
  };
  /** The key of a device becomes known. */
  const pin = (id: number, trust: Trust): Uint8Array => {
    const key = randomBytes(32);
    devices.pin(accountId, PEER, id as DeviceId, key, trust, clock.now());
    return key;
  };
  const outlook = (choice: ProtectionChoice = 'automatic') =>
    desk.outlook({ accountId, own: OWN, peer: PEER }, { choice, isOwnChoice: false });
  const standings = (): readonly string[] =>
    desk.devices(accountId, PEER, OWN).map(({ deviceId, standing }) => `${deviceId} ${standing}`);
  const seen = (id: number, key: Uint8Array) => ({
    ...{ accountId, jid: PEER, deviceId: id as DeviceId },
    fingerprint: fingerprintOf(key),
  });
  return { store, accountId, clock, changed, desk, list, pin, outlook, standings, seen };
};

const codeOf = (act: () => void): string | undefined => {
  try {
    act();
    return undefined;
  } catch (error) {
    return (error as AppError).code;
  }
};

describe('devices as the user sees them', () => {
  it('say what they are to us, also when they are gone', () => {
    const { list, pin, standings, desk, accountId } = begin();
    list(1, 2, 3);
    pin(1, 'first-use');
    pin(2, 'verified');
    list(1, 3, 4);
    expect(standings()).toEqual(['1 first-use', '2 removed', '3 unknown', '4 unknown']);
    const [first, , , later] = desk.devices(accountId, PEER, OWN);
    expect([first?.isLater, later?.isLater]).toEqual([false, true]);
  });

  it('have fingerprints of eight groups and nothing else of their keys', () => {
    const { list, pin, desk, accountId } = begin();
    list(1);
    const key = pin(1, 'first-use');
    const [device] = desk.devices(accountId, PEER, OWN);
    expect(device?.fingerprint).toMatch(/^[0-9a-f]{8}(?: [0-9a-f]{8}){7}$/);
    expect(device?.fingerprint?.replaceAll(' ', '')).toBe(Buffer.from(key).toString('hex'));
  });

  it('begin with this computer, which needs no trust, and show nothing of its private key', () => {
    const { store, accountId, desk } = begin();
    const privateKey = randomBytes(32);
    store.omemo.keys.create(accountId, 7 as DeviceId, { privateKey, publicKey: randomBytes(32) });
    store.omemo.devices.receiveList(accountId, OWN, [3, 7] as DeviceId[], 1);
    const devices = desk.devices(accountId, OWN, OWN);
    expect(devices.map(({ deviceId, isThis }) => [deviceId, isThis])).toEqual([
      [7, true],
      [3, false],
    ]);
    expect(JSON.stringify(devices).replaceAll(' ', '')).not.toContain(privateKey.toString('hex'));
  });
});

describe('what the user decides', () => {
  it('holds for the key that was seen, and is told to open windows', () => {
    const { list, pin, seen, desk, standings, changed } = begin();
    list(1);
    const key = pin(1, 'undecided');
    desk.decide(seen(1, key), 'trust');
    expect(standings()).toEqual(['1 trusted']);
    desk.decide(seen(1, key), 'distrust');
    expect(standings()).toEqual(['1 untrusted']);
    desk.decide(seen(1, key), 'verify');
    expect(standings()).toEqual(['1 verified']);
    expect(changed).toEqual([PEER, PEER, PEER]);
  });

  it('does not hold for another key that came meanwhile', () => {
    const { list, pin, seen, desk, standings } = begin();
    list(1);
    pin(1, 'undecided');
    expect(codeOf(() => desk.decide(seen(1, randomBytes(32)), 'verify'))).toBe('not-found');
    expect(codeOf(() => desk.decide(seen(2, randomBytes(32)), 'verify'))).toBe('not-found');
    expect(standings()).toEqual(['1 undecided']);
  });

  it('alone replaces a key by another one, and forgets the session with the old one', () => {
    const { store, accountId, list, pin, seen, desk, standings } = begin();
    const place = { accountId, jid: PEER, deviceId: 1 as DeviceId };
    list(1);
    const known = pin(1, 'verified');
    store.omemo.sessions.keep(place, randomBytes(8));
    const offered = pin(1, 'undecided');
    expect(standings()).toEqual(['1 key-changed']);
    expect(codeOf(() => desk.decideKey(seen(1, known), true))).toBe('not-found');
    desk.decideKey(seen(1, offered), true);
    expect(standings()).toEqual(['1 trusted']);
    expect(store.omemo.sessions.record(place)).toBeUndefined();
  });

  it('can be to stay with the known key', () => {
    const { list, pin, seen, desk, standings } = begin();
    list(1);
    pin(1, 'verified');
    desk.decideKey(seen(1, pin(1, 'undecided')), false);
    expect(standings()).toEqual(['1 verified']);
  });

  it('a name belongs to the device and is kept', () => {
    const { list, desk, accountId, standings } = begin();
    list(1);
    desk.name({ accountId, jid: PEER, deviceId: 1 as DeviceId }, '  Phone ');
    expect(desk.devices(accountId, PEER, OWN)[0]?.label).toBe('Phone');
    expect(standings()).toHaveLength(1);
  });
});

describe('what the next message will be', () => {
  it('is open until the other side was asked, whom nobody may take for one without OMEMO', () => {
    const { outlook } = begin();
    expect(outlook()).toMatchObject({ next: 'unsettled', outlook: 'unasked' });
    expect(outlook('omemo')).toMatchObject({ next: 'omemo', outlook: 'no-device' });
    expect(outlook('none')).toMatchObject({ next: 'none', outlook: 'plain' });
  });

  it('is not encrypted where the other side has said that it has no OMEMO, unless the user wants so', () => {
    const { outlook, list } = begin();
    list();
    expect(outlook()).toMatchObject({ next: 'none', outlook: 'plain-no-omemo' });
    expect(outlook('omemo')).toMatchObject({ next: 'omemo', outlook: 'no-device' });
    expect(outlook('none')).toMatchObject({ next: 'none', outlook: 'plain' });
  });

  it('is encrypted from the first list on, before any key is fetched', () => {
    const { list, outlook } = begin();
    list(1);
    expect(outlook()).toMatchObject({ next: 'omemo', outlook: 'encrypted' });
    expect(outlook('none')).toMatchObject({ next: 'none', outlook: 'plain' });
  });

  it('stays encrypted when all devices have gone, and would not be sent then', () => {
    const { list, outlook } = begin();
    list(1);
    list();
    expect(outlook()).toMatchObject({ next: 'omemo', outlook: 'no-device' });
  });

  it('is called verified only where every device that gets it is', () => {
    const { list, pin, seen, desk, outlook } = begin();
    list(1, 2);
    pin(1, 'verified');
    const second = pin(2, 'first-use');
    expect(outlook().outlook).toBe('encrypted');
    desk.decide(seen(2, second), 'distrust');
    expect(outlook().outlook).toBe('verified');
    desk.decide(seen(2, second), 'verify');
    expect(outlook().outlook).toBe('verified');
  });

  it('would not be sent where no device is trusted, and says how many wait for the user', () => {
    const { list, pin, outlook } = begin();
    list(1, 2);
    pin(1, 'untrusted');
    pin(2, 'undecided');
    expect(outlook()).toMatchObject({ next: 'omemo', outlook: 'no-trusted-device', waiting: 1 });
  });

  it('does not go to a device with another key, however trusted the known one was', () => {
    const { list, pin, outlook } = begin();
    list(1);
    pin(1, 'verified');
    pin(1, 'undecided');
    expect(outlook()).toMatchObject({ outlook: 'no-trusted-device', waiting: 1 });
  });

  it('tells of devices that came later and of changed keys, at their times', () => {
    const { list, pin, outlook, clock } = begin();
    list(1);
    pin(1, 'first-use');
    const first = clock.now();
    clock.advance(1000);
    list(1, 2);
    pin(2, 'undecided');
    clock.advance(1000);
    pin(1, 'undecided');
    expect(outlook().notices).toEqual([
      { deviceId: 2, kind: 'added', standing: 'undecided', at: first + 1000 },
      { deviceId: 1, kind: 'key-changed', standing: 'key-changed', at: first + 2000 },
    ]);
  });
});

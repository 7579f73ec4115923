import { randomBytes } from 'node:crypto';
import { afterEach, expect, it } from 'vitest';
import type { DeviceId } from '#shared/ids.ts';
import type { Trust } from '#shared/omemo.ts';
import { openTestStore, type TestStore } from '#tests/support/test-store.ts';

const opened: TestStore[] = [];
afterEach(() => {
  for (const one of opened.splice(0)) one.close();
});

const begin = () => {
  const test = openTestStore();
  opened.push(test);
  const { devices } = test.store.omemo;
  const accountId = test.account.id;
  return {
    devices,
    accountId,
    list: (jid: string, ...ids: readonly number[]) =>
      devices.receiveList(accountId, jid, ids as DeviceId[], 1000),
    pin: (jid: string, id: number, trust: Trust) => {
      const key = randomBytes(32);
      devices.pin(accountId, jid, id as DeviceId, key, trust, 1000);
      return key;
    },
    /** By both questions, which must agree. */
    waits: (...jids: readonly string[]): readonly string[] => {
      const waiting = devices.waiting();
      expect(waiting).toEqual(
        new Set(jids.filter((jid) => devices.isWaiting(accountId, jid)).map((jid) => `${accountId} ${jid}`)),
      );
      return jids.filter((jid) => waiting.has(`${accountId} ${jid}`));
    },
  };
};

const [ANN, BEN, CAT, DAN] = ['ann@a.example', 'ben@b.example', 'cat@c.example', 'dan@d.example'] as const;

it('somebody waits for the user whose new device, or whose other key, nobody has decided about', () => {
  const { devices, accountId, list, pin, waits } = begin();
  list(ANN, 1);
  pin(ANN, 1, 'first-use');
  list(BEN, 1, 2);
  pin(BEN, 1, 'verified');
  const undecided = pin(BEN, 2, 'undecided');
  list(CAT, 1);
  pin(CAT, 1, 'verified');
  pin(CAT, 1, 'undecided');
  // Known by its number only: there is nothing to decide about yet.
  list(DAN, 1);
  expect(waits(ANN, BEN, CAT, DAN)).toEqual([BEN, CAT]);

  devices.setTrust(accountId, BEN, undecided, 'untrusted', 2000);
  devices.dismissOffered(accountId, CAT, 1 as DeviceId);
  expect(waits(ANN, BEN, CAT, DAN)).toEqual([]);
});

it('a device that its owner has removed waits for nobody', () => {
  const { list, pin, waits } = begin();
  list(BEN, 1, 2);
  pin(BEN, 2, 'undecided');
  expect(waits(BEN)).toEqual([BEN]);
  list(BEN, 1);
  expect(waits(BEN)).toEqual([]);
});

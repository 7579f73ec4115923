import { describe, expect, test } from 'vitest';
import {
  chooseRecipients,
  firstTrust,
  isInactive,
  isTrusted,
  standingOf,
  trustAfter,
} from '#main/crypto/omemo/trust.ts';
import type { OmemoDeviceRow } from '#main/store/keys.ts';
import type { DeviceId } from '#shared/ids.ts';

const device = (change: Partial<OmemoDeviceRow> = {}): OmemoDeviceRow => ({
  deviceId: 1 as DeviceId,
  identityKey: new Uint8Array(32),
  offeredKey: undefined,
  offeredAt: undefined,
  label: '',
  chatSecure: undefined,
  listed: true,
  firstList: true,
  firstSeen: 0,
  lastHeard: undefined,
  trust: 'first-use',
  ...change,
});

describe('a key that is seen for the first time', () => {
  test('is trusted on first use in the first list, and waits for the user in later ones', () => {
    expect(firstTrust('first-use', { firstList: true }, false)).toBe('first-use');
    expect(firstTrust('first-use', { firstList: false }, false)).toBe('undecided');
    expect(firstTrust('first-use', { firstList: true }, true)).toBe('undecided');
  });

  test('is trusted blindly by who wants that, until a key of the address is verified', () => {
    expect(firstTrust('blind', { firstList: true }, false)).toBe('blind');
    expect(firstTrust('blind', { firstList: false }, false)).toBe('blind');
    expect(firstTrust('blind', { firstList: false }, true)).toBe('undecided');
  });
});

test('nothing is sent to a key that is undecided, not trusted or not known', () => {
  const sent = (['first-use', 'blind', 'trusted', 'verified'] as const).map(isTrusted);
  const kept = (['undecided', 'untrusted', undefined] as const).map(isTrusted);
  expect([sent, kept]).toEqual([
    [true, true, true, true],
    [false, false, false],
  ]);
});

test('a device whose key has changed gets nothing, however much the old key was trusted', () => {
  expect(standingOf(device({ trust: 'verified', offeredKey: new Uint8Array(32) }))).toBe('identity-changed');
  expect(standingOf(device({ trust: 'verified', listed: false }))).toBe('removed');
  expect(standingOf(device({ trust: 'verified' }))).toBe('trusted');
  expect(standingOf(device({ trust: 'untrusted' }))).toBe('untrusted');
  expect(standingOf(device({ trust: undefined }))).toBe('undecided');
});

test('the user can trust, distrust and verify; trusting takes no verification away', () => {
  expect(trustAfter('trust', 'undecided')).toBe('trusted');
  expect(trustAfter('trust', 'verified')).toBe('verified');
  expect(trustAfter('distrust', 'verified')).toBe('untrusted');
  expect(trustAfter('verify', 'untrusted')).toBe('verified');
});

test('a device is inactive six weeks after its last message, or after it appeared', () => {
  const day = 86_400_000;
  expect(isInactive(device(), 42 * day)).toBe(false);
  expect(isInactive(device(), 43 * day)).toBe(true);
  expect(isInactive(device({ lastHeard: 30 * day }), 43 * day)).toBe(false);
});

test('recipients are the trusted devices of the lists; who is left out is said, with the reason', () => {
  const of = (change: Partial<OmemoDeviceRow>): { jid: string; device: OmemoDeviceRow } => ({
    jid: 'romeo@montague.example',
    device: device(change),
  });
  const trusted = of({ trust: 'trusted' });
  const undecided = of({ trust: 'undecided' });
  const untrusted = of({ trust: 'untrusted' });
  const changed = of({ offeredKey: new Uint8Array(32) });
  expect(chooseRecipients([trusted, undecided, untrusted, changed, of({ listed: false })])).toEqual({
    receive: [trusted],
    leftOut: [
      { ...undecided, outcome: 'undecided' },
      { ...untrusted, outcome: 'untrusted' },
      { ...changed, outcome: 'identity-changed' },
    ],
  });
});

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { DeviceId } from '#shared/ids.ts';
import { errorCode } from '#tests/support/app-error.ts';
import { outgoing, storeWithChat, temporaryProfile } from '#tests/support/temporary-profile.ts';

const key = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
const pair = (fill: number): { privateKey: Uint8Array; publicKey: Uint8Array } => ({
  privateKey: key(fill),
  publicKey: key(fill + 1),
});
const id = (value: number): DeviceId => value as DeviceId;
const ROMEO = 'romeo@montague.example';

describe('our own keys', () => {
  test('are made once, and say whether the server has their bundle', () => {
    const { store, accountId } = storeWithChat();
    const { keys } = store.omemo;
    expect(keys.own(accountId)).toBeUndefined();
    keys.create(accountId, id(7), pair(1));
    expect(keys.own(accountId)).toEqual({ deviceId: 7, identity: pair(1), published: false });
    expect(errorCode(() => keys.create(accountId, id(8), pair(3)))).toBe('storage');
    keys.changeDeviceId(accountId, id(9));
    keys.setPublished(accountId, true);
    expect(keys.own(accountId)).toMatchObject({ deviceId: 9, published: true });
    // What others know already is not changed any more.
    expect(errorCode(() => keys.changeDeviceId(accountId, id(10)))).toBe('not-found');
    expect(
      errorCode(() =>
        keys.create(store.accounts.add({ jid: 'b@x', directTls: false, createdAt: 1 }).id, id(0), pair(1)),
      ),
    ).toBe('storage');
  });

  test('offer prekeys under ids from 1 that are never given again; a used one is kept until it is forgotten', () => {
    const { store, accountId } = storeWithChat();
    const { keys } = store.omemo;
    keys.create(accountId, id(7), pair(1));
    keys.addPreKeys(accountId, [pair(10), pair(20), pair(30)]);
    keys.setPublished(accountId, true);
    keys.usePreKey(accountId, 3, 1_000);
    expect(keys.own(accountId)?.published).toBe(false);
    expect(keys.preKeys(accountId).map((one) => one.id)).toEqual([1, 2]);
    expect(keys.preKey(accountId, 3)).toEqual(pair(30));
    keys.addPreKeys(accountId, [pair(40)]);
    expect(keys.preKeys(accountId).map((one) => one.id)).toEqual([1, 2, 4]);
    expect(keys.countPreKeys(accountId)).toBe(3);
    keys.forgetUsedPreKeys(accountId);
    expect(keys.preKey(accountId, 3)).toBeUndefined();
    expect(keys.preKey(accountId, 99)).toBeUndefined();
  });

  test('keep the previous signed prekey until it is old, and the present one always', () => {
    const { store, accountId } = storeWithChat();
    const { keys } = store.omemo;
    keys.create(accountId, id(7), pair(1));
    expect(keys.currentSignedPreKey(accountId)).toBeUndefined();
    const signature = new Uint8Array(64);
    for (const createdAt of [1_000, 2_000, 3_000])
      keys.addSignedPreKey(accountId, { ...pair(5), signature, createdAt });
    expect(keys.currentSignedPreKey(accountId)).toMatchObject({ id: 3, createdAt: 3_000 });
    keys.forgetSignedPreKeys(accountId, 2_000);
    expect([1, 2, 3].map((one) => keys.signedPreKey(accountId, one)?.createdAt)).toEqual([
      undefined,
      2_000,
      3_000,
    ]);
    keys.forgetSignedPreKeys(accountId, 9_000);
    expect(keys.signedPreKey(accountId, 3)).toMatchObject({ ...pair(5), signature });
  });

  test('are gone with their account, and in no file in the clear', () => {
    const profile = temporaryProfile();
    const { store, database } = profile.open();
    const account = store.accounts.add({ jid: 'a@x', directTls: false, createdAt: 1 }).id;
    const secret = Buffer.from('a private key of thirty-two byte');
    store.omemo.keys.create(account, id(7), { privateKey: secret, publicKey: key(1) });
    store.omemo.sessions.keep({ accountId: account, jid: ROMEO, deviceId: id(1) }, secret);
    store.omemo.devices.receiveList(account, ROMEO, [id(1)], 1);
    store.accounts.remove(account);
    expect(store.omemo.keys.own(account)).toBeUndefined();
    expect(store.omemo.devices.list(account, ROMEO)).toEqual([]);
    database.close();
    expect(readFileSync(profile.paths.database).includes(secret)).toBe(false);
  });
});

describe('devices', () => {
  test('of the first list are told apart from later ones, and nothing is forgotten when they go', () => {
    const { store, accountId } = storeWithChat();
    const { devices } = store.omemo;
    expect(devices.receiveList(accountId, ROMEO, [], 5)).toEqual({ added: [], removed: [], first: true });
    expect(devices.receiveList(accountId, ROMEO, [id(1), id(2)], 10)).toEqual({
      added: [1, 2],
      removed: [],
      first: true,
    });
    devices.pin(accountId, ROMEO, id(1), key(1), 'first-use', 11);
    expect(devices.receiveList(accountId, ROMEO, [id(2), id(3)], 20)).toEqual({
      added: [3],
      removed: [1],
      first: false,
    });
    // An empty list, and one of before.
    devices.receiveList(accountId, ROMEO, [], 30);
    expect(devices.list(accountId, ROMEO).map(({ listed }) => listed)).toEqual([false, false, false]);
    devices.receiveList(accountId, ROMEO, [id(1)], 40);
    expect(devices.list(accountId, ROMEO)).toMatchObject([
      { deviceId: 1, listed: true, firstList: true, trust: 'first-use', firstSeen: 10 },
      { deviceId: 2, listed: false, firstList: true, trust: undefined },
      { deviceId: 3, listed: false, firstList: false, firstSeen: 20 },
    ]);
    expect(devices.receiveList(accountId, ROMEO, [id(1)], 50)).toEqual({
      added: [],
      removed: [],
      first: false,
    });
  });

  test('keep the key that is known: another one is an offer until the user decides', () => {
    const { store, accountId } = storeWithChat();
    const { devices } = store.omemo;
    devices.addUnlisted(accountId, ROMEO, id(1), 5);
    expect(devices.pin(accountId, ROMEO, id(1), key(1), 'first-use', 10)).toBe('pinned');
    expect(devices.pin(accountId, ROMEO, id(1), key(1), 'undecided', 11)).toBe('same');
    expect(devices.pin(accountId, ROMEO, id(1), key(2), 'first-use', 12)).toBe('changed');
    expect(devices.get(accountId, ROMEO, id(1))).toMatchObject({
      identityKey: key(1),
      offeredKey: key(2),
      trust: 'first-use',
      listed: false,
    });
    devices.dismissOffered(accountId, ROMEO, id(1));
    expect(errorCode(() => devices.acceptOffered(accountId, ROMEO, id(1), 'trusted', 13))).toBe('not-found');
    devices.pin(accountId, ROMEO, id(1), key(2), 'first-use', 14);
    devices.acceptOffered(accountId, ROMEO, id(1), 'trusted', 15);
    expect(devices.get(accountId, ROMEO, id(1))).toMatchObject({
      identityKey: key(2),
      offeredKey: undefined,
      trust: 'trusted',
    });
    expect(errorCode(() => devices.pin(accountId, ROMEO, id(9), key(1), 'first-use', 1))).toBe('not-found');
  });

  test('share the trust in a key, which is that of the key and survives the device', () => {
    const { store, accountId } = storeWithChat();
    const { devices } = store.omemo;
    devices.receiveList(accountId, ROMEO, [id(1)], 10);
    devices.pin(accountId, ROMEO, id(1), key(1), 'first-use', 10);
    expect(devices.hasVerified(accountId, ROMEO)).toBe(false);
    devices.setTrust(accountId, ROMEO, key(1), 'verified', 20);
    expect(devices.hasVerified(accountId, ROMEO)).toBe(true);
    // The same installation under a new number.
    devices.receiveList(accountId, ROMEO, [id(2)], 30);
    devices.pin(accountId, ROMEO, id(2), key(1), 'undecided', 30);
    expect(devices.get(accountId, ROMEO, id(2))?.trust).toBe('verified');
    expect(devices.hasVerified(accountId, 'tybalt@capulet.example')).toBe(false);
    expect(errorCode(() => devices.setTrust(accountId, ROMEO, key(9), 'verified', 1))).toBe('not-found');
    devices.noteHeard(accountId, ROMEO, id(2), 50);
    devices.noteHeard(accountId, ROMEO, id(2), 40);
    expect(devices.get(accountId, ROMEO, id(2))?.lastHeard).toBe(50);
  });
});

test('sessions are kept for address and number, however alike they are written', () => {
  const { store, accountId } = storeWithChat();
  const { sessions } = store.omemo;
  const place = { accountId, jid: 'b@y.example', deviceId: id(123) };
  const other = { accountId, jid: 'b@y', deviceId: id(123) };
  sessions.keep(place, key(1));
  sessions.keep(other, key(2));
  sessions.keep(place, key(3));
  expect([sessions.record(place), sessions.record(other)]).toEqual([key(3), key(2)]);
  sessions.noteHealed(place, 77);
  sessions.forget(place);
  expect([sessions.record(place), sessions.healedAt(place), sessions.healedAt(other)]).toEqual([
    undefined,
    77,
    undefined,
  ]);
});

test('the ledger says for each message who could read it, and goes with the message', () => {
  const { store, chatId, database } = storeWithChat();
  const { ledger } = store.omemo;
  const message = store.messages.insertOutgoing(outgoing(chatId, 'x', 5)).id;
  const entries = [
    { jid: ROMEO, deviceId: id(1), identityKey: key(1), outcome: 'encrypted' },
    { jid: ROMEO, deviceId: id(2), identityKey: undefined, outcome: 'unreachable' },
  ] as const;
  ledger.noteRecipients(message, [entries[1]]);
  ledger.noteRecipients(message, entries);
  expect(ledger.recipients(message)).toEqual(entries);
  ledger.noteSender(message, { deviceId: id(4), identityKey: key(4) });
  expect(ledger.sender(message)).toEqual({ deviceId: 4, identityKey: key(4) });
  store.deletions.deleteMessage(message);
  expect([ledger.recipients(message), ledger.sender(message)]).toEqual([[], undefined]);
  expect(database.all('PRAGMA foreign_key_check')).toEqual([]);
});

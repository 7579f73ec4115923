import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { DeviceDesk } from '#main/crypto/omemo/device-desk.ts';
import { DeviceLinks } from '#main/crypto/omemo/device-links.ts';
import { fingerprintOf } from '#main/crypto/omemo/fingerprint.ts';
import type { DeviceId } from '#shared/ids.ts';
import { parseKeyLink, type KeyLink } from '#shared/key-link.ts';
import type { Trust } from '#shared/omemo.ts';
import { ManualClock } from '#tests/support/manual-clock.ts';
import { openTestStore, type TestStore } from '#tests/support/test-store.ts';

const OWN = 'alice@localhost';
const PEER = 'romeo@montague.example';

const opened: TestStore[] = [];
afterEach(() => {
  for (const one of opened.splice(0)) one.close();
});

const begin = () => {
  const test = openTestStore();
  opened.push(test);
  const { store } = test;
  const accountId = test.account.id;
  const clock = new ManualClock();
  const changed: string[] = [];
  const common = {
    ...{ store: store.omemo, transaction: store.transaction, clock },
    changed: (_: unknown, jid: string) => void changed.push(jid),
  };
  const desk = new DeviceDesk({ ...common, policy: () => 'first-use' });
  const links = new DeviceLinks({ ...common, desk });
  const { devices } = store.omemo;
  const list = (jid: string, ...ids: readonly number[]): void => {
    devices.receiveList(accountId, jid, ids as DeviceId[], clock.now());
  };
  const pin = (jid: string, id: number, trust: Trust, key: Uint8Array = randomBytes(32)): Uint8Array => {
    devices.pin(accountId, jid, id as DeviceId, key, trust, clock.now());
    return key;
  };
  const standings = (jid = PEER): readonly string[] =>
    desk.devices(accountId, jid, OWN).map(({ deviceId, standing }) => `${deviceId} ${standing}`);
  const examine = (link: KeyLink): readonly string[] =>
    links.examine(accountId, OWN, link).keys.map(({ deviceId, finding }) => `${deviceId} ${finding}`);
  return { store, accountId, changed, links, list, pin, standings, examine };
};

const linkOf = (jid: string, ...keys: readonly (readonly [id: number, key: Uint8Array])[]): KeyLink => ({
  jid,
  keys: keys.map(([id, key]) => ({ deviceId: id as DeviceId, fingerprint: fingerprintOf(key) })),
});

describe('a link from the owner', () => {
  it('verifies the devices that have its keys, and says which have none', () => {
    const { links, list, pin, standings, examine, accountId, changed } = begin();
    list(PEER, 1, 2, 3, 4);
    const [first, second] = [pin(PEER, 1, 'first-use'), pin(PEER, 2, 'untrusted')];
    pin(PEER, 3, 'undecided');
    const link = linkOf(PEER, [1, first], [2, second], [9, randomBytes(32)]);
    expect(examine(link)).toEqual(['1 matches', '2 matches', '9 unknown']);
    // Looking changes nothing.
    expect(standings()).toEqual(['1 first-use', '2 untrusted', '3 undecided', '4 unknown']);
    expect(changed).toEqual([]);

    const { verified, found } = links.verify(accountId, OWN, link);
    expect(verified).toBe(2);
    expect(found.keys.map(({ finding }) => finding)).toEqual(['verified', 'verified', 'unknown']);
    expect(found.unnamed.map(({ deviceId }) => deviceId)).toEqual([3, 4]);
    expect(standings()).toEqual(['1 verified', '2 verified', '3 undecided', '4 unknown']);
    expect(changed).toEqual([PEER]);
    expect(links.verify(accountId, OWN, link).verified).toBe(0);
  });

  it('with another key than the known one is an alarm: nothing of it is believed, and nothing replaced', () => {
    const { links, list, pin, standings, examine, accountId, changed } = begin();
    list(PEER, 1, 2);
    const [first] = [pin(PEER, 1, 'first-use'), pin(PEER, 2, 'verified')];
    const link = linkOf(PEER, [1, first], [2, randomBytes(32)]);
    expect(examine(link)).toEqual(['1 matches', '2 differs']);
    expect(links.verify(accountId, OWN, link).verified).toBe(0);
    expect(standings()).toEqual(['1 first-use', '2 verified']);
    expect(changed).toEqual([]);
  });

  it('with the key that was offered in place of the known one is the same alarm', () => {
    const { links, list, pin, standings, examine, accountId } = begin();
    list(PEER, 1);
    pin(PEER, 1, 'verified');
    const link = linkOf(PEER, [1, pin(PEER, 1, 'undecided')]);
    expect(examine(link)).toEqual(['1 differs']);
    expect(links.verify(accountId, OWN, link).verified).toBe(0);
    expect(standings()).toEqual(['1 key-changed']);
  });

  it('with the known key settles that another one was offered', () => {
    const { links, list, pin, standings, accountId } = begin();
    list(PEER, 1);
    const known = pin(PEER, 1, 'verified');
    pin(PEER, 1, 'undecided');
    expect(standings()).toEqual(['1 key-changed']);
    expect(links.verify(accountId, OWN, linkOf(PEER, [1, known])).verified).toBe(1);
    expect(standings()).toEqual(['1 verified']);
  });

  it('finds a key by itself, where the number of the device is not known', () => {
    const { list, pin, examine } = begin();
    list(PEER, 1, 2);
    const key = pin(PEER, 1, 'first-use');
    expect(examine(linkOf(PEER, [7, key]))).toEqual(['7 matches']);
    // The number of a device whose own key nobody has fetched yet.
    expect(examine(linkOf(PEER, [2, key]))).toEqual(['2 matches']);
    expect(examine(linkOf(PEER, [2, randomBytes(32)]))).toEqual(['2 unknown']);
  });

  it('speaks for its own address only', () => {
    const { links, list, pin, standings, examine, accountId } = begin();
    list(PEER, 1);
    list('juliet@capulet.example', 1);
    const key = pin(PEER, 1, 'first-use');
    pin('juliet@capulet.example', 1, 'first-use', key);
    links.verify(accountId, OWN, linkOf('juliet@capulet.example', [1, key]));
    expect(standings()).toEqual(['1 first-use']);
    expect(examine(linkOf('nobody@example.org', [1, key]))).toEqual(['1 unknown']);
  });

  it('that comes late verifies those that are gone too, once, and does not call them unnamed', () => {
    const { links, list, pin, examine, accountId } = begin();
    list(PEER, 1, 2);
    const [first, second] = [pin(PEER, 1, 'first-use'), pin(PEER, 2, 'first-use')];
    list(PEER, 1);
    expect(links.examine(accountId, OWN, linkOf(PEER, [1, first])).unnamed).toEqual([]);
    const link = linkOf(PEER, [2, second]);
    expect(links.verify(accountId, OWN, link).verified).toBe(1);
    expect(examine(link)).toEqual(['2 verified']);
    expect(links.verify(accountId, OWN, link).verified).toBe(0);
  });
});

describe('the own link', () => {
  it('has this computer and what was compared, and is read by the same rules', () => {
    const { store, accountId, links, list, pin } = begin();
    expect(links.own(accountId, OWN)).toEqual({ jid: OWN, link: `xmpp:${OWN}`, devices: [] });
    const [publicKey, privateKey] = [randomBytes(32), randomBytes(32)];
    store.omemo.keys.create(accountId, 7 as DeviceId, { privateKey, publicKey });
    list(OWN, 3, 4, 7);
    const compared = pin(OWN, 3, 'verified');
    pin(OWN, 4, 'first-use');
    const { link, devices } = links.own(accountId, OWN);
    expect(parseKeyLink(link)).toEqual(linkOf(OWN, [7, publicKey], [3, compared]));
    expect(devices.map(({ deviceId }) => deviceId)).toEqual([7, 3]);
    expect(JSON.stringify({ link, devices }).replaceAll(' ', '')).not.toContain(privateKey.toString('hex'));
    const view = links.examine(accountId, OWN, linkOf(OWN, [7, publicKey], [3, compared]));
    expect(view.isOwn).toBe(true);
    expect(view.keys.map(({ finding }) => finding)).toEqual(['verified', 'verified']);
  });

  it('of somebody with a house full of devices still fits into a code', () => {
    const { store, accountId, links, list, pin } = begin();
    store.omemo.keys.create(accountId, 7 as DeviceId, {
      privateKey: randomBytes(32),
      publicKey: randomBytes(32),
    });
    const ids = Array.from({ length: 40 }, (_, index) => index + 100);
    list(OWN, 7, ...ids);
    for (const id of ids) pin(OWN, id, 'verified');
    const { link } = links.own(accountId, OWN);
    expect(parseKeyLink(link)?.keys).toHaveLength(16);
    expect(parseKeyLink(link)?.keys[0]?.deviceId).toBe(7);
  });
});

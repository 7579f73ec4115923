import { afterEach, expect, it } from 'vitest';
import { DeviceNetwork } from '#main/crypto/omemo/device-network.ts';
import { LiveSessions } from '#main/crypto/omemo/live.ts';
import { createRatchetEngine } from '#main/crypto/omemo/ratchet/ratchet-engine.ts';
import { StanzaError } from '#main/xmpp/port.ts';
import { xml, type Element } from '#main/xmpp/stanza.ts';
import type { AppError } from '#shared/errors.ts';
import type { DeviceId } from '#shared/ids.ts';
import { parseJid } from '#shared/jid.ts';
import { ManualClock } from '#tests/support/manual-clock.ts';
import { settled } from '#tests/support/omemo-world.ts';
import { openTestStore, quietLog, type TestStore } from '#tests/support/test-store.ts';

const PEER = 'romeo@montague.example';
const OWN = 'alice@localhost';
const opened: TestStore[] = [];
afterEach(() => {
  for (const one of opened.splice(0)) one.close();
});

/** The answer of a server with one device of the peer. */
const list = (id: number): Element =>
  xml(
    'iq',
    { type: 'result', from: PEER },
    xml(
      'pubsub',
      { xmlns: 'http://jabber.org/protocol/pubsub' },
      xml(
        'items',
        { node: 'eu.siacs.conversations.axolotl.devicelist' },
        xml(
          'item',
          { id: 'current' },
          xml('list', { xmlns: 'eu.siacs.conversations.axolotl' }, xml('device', { id: String(id) })),
        ),
      ),
    ),
  );

const begin = (isOnline = true) => {
  const test = openTestStore();
  opened.push(test);
  const { store, account } = test;
  const live = new LiveSessions();
  const asked: PromiseWithResolvers<Element>[] = [];
  const questions: string[] = [];
  const request = (iq: Element): Promise<Element> => {
    const answer = Promise.withResolvers<Element>();
    questions.push(iq.toString());
    asked.push(answer);
    return answer.promise;
  };
  const jid = parseJid('alice@localhost/desk');
  if (jid === undefined) throw new Error('no address');
  if (isOnline) live.begin(account.id, { jid, stream: { request, send: () => Promise.resolve() } });
  const network = new DeviceNetwork({
    ...{ store: store.omemo, live, clock: new ManualClock(), log: quietLog },
    changed: () => undefined,
    publish: () => Promise.resolve(),
    repair: () => Promise.resolve(false),
    learn: () => Promise.resolve(),
    clockAhead: () => Promise.resolve(undefined),
  });
  return {
    accountId: account.id,
    devices: store.omemo.devices,
    keys: store.omemo.keys,
    network,
    asked,
    questions,
  };
};

it('whoever writes while somebody is asked about waits for the same answer, in order', async () => {
  const { accountId, devices, network, asked } = begin();
  const sent: string[] = [];
  const first = network.acquaint(accountId, PEER).then(() => sent.push('first'));
  const second = network.acquaint(accountId, PEER).then(() => sent.push('second'));
  expect(asked).toHaveLength(1);
  asked[0]?.resolve(list(7));
  await Promise.all([first, second]);
  expect(sent).toEqual(['first', 'second']);
  expect(devices.list(accountId, PEER)).toMatchObject([{ deviceId: 7 }]);
  await network.acquaint(accountId, PEER);
  expect(asked).toHaveLength(1);
});

it('a server that refuses keeps nobody from writing, and is asked once', async () => {
  const { accountId, devices, network, asked } = begin();
  const met = network.acquaint(accountId, PEER);
  asked[0]?.reject(new StanzaError('forbidden', 'auth'));
  await met;
  await network.acquaint(accountId, PEER);
  expect(asked).toHaveLength(1);
  expect(devices.list(accountId, PEER)).toEqual([]);
});

it('without a connection nobody waits, and what needs one says so', async () => {
  const { accountId, network } = begin(false);
  await network.acquaint(accountId, PEER);
  await network.refresh(accountId, PEER);
  const code = (error: unknown): string => (error as AppError).code;
  expect(await network.health(accountId).catch(code)).toBe('offline');
  expect(await network.removeDevice(accountId, 7 as DeviceId).catch(code)).toBe('offline');
});

it('this computer is never taken from its own list', async () => {
  const { accountId, network } = begin();
  const code = (error: unknown): string => (error as AppError).code;
  expect(await network.removeDevice(accountId, 7 as DeviceId).catch(code)).toBe('not-found');
});

/** Of an account with this computer, and another device in its list. */
const removal = async () => {
  const one = begin();
  one.keys.create(one.accountId, 7 as DeviceId, createRatchetEngine().generateIdentity());
  one.devices.receiveList(one.accountId, OWN, [7, 9] as DeviceId[], 1);
  const removed = one.network.removeDevice(one.accountId, 9 as DeviceId);
  one.asked[0]?.resolve(list(9));
  await settled();
  expect(one.questions).toHaveLength(2);
  expect(one.questions[1]).toMatch(/<publish .*<device id="7"\/><\/list>/);
  return { ...one, removed, left: () => one.devices.list(one.accountId, OWN).filter(({ listed }) => listed) };
};

it('the keys of a removed device go behind it, when nobody can find it in the list any more', async () => {
  const { removed, asked, questions, left } = await removal();
  asked[1]?.resolve(xml('iq', { type: 'result' }));
  await removed;
  expect(left()).toMatchObject([{ deviceId: 7 }]);
  expect(questions[2]).toContain('<delete node="eu.siacs.conversations.axolotl.bundles:9"/>');
});

it('a server that keeps the keys of a removed device, or says nothing, does not spoil its removal', async () => {
  for (const condition of ['item-not-found', 'forbidden', 'feature-not-implemented', undefined]) {
    const { removed, asked, left } = await removal();
    asked[1]?.resolve(xml('iq', { type: 'result' }));
    await removed;
    if (condition !== undefined) asked[2]?.reject(new StanzaError(condition, 'cancel'));
    await settled();
    expect(left()).toMatchObject([{ deviceId: 7 }]);
  }
});

it('the keys of a device stay where its removal was refused: it is still in the list', async () => {
  const { removed, asked, questions, left } = await removal();
  asked[1]?.reject(new StanzaError('forbidden', 'auth'));
  await expect(removed).rejects.toThrow('forbidden');
  expect(left()).toHaveLength(2);
  expect(questions).toHaveLength(2);
});

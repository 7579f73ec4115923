import { afterEach, expect, it } from 'vitest';
import { DeviceNetwork } from '#main/crypto/omemo/device-network.ts';
import { LiveSessions } from '#main/crypto/omemo/live.ts';
import { StanzaError } from '#main/xmpp/port.ts';
import { xml, type Element } from '#main/xmpp/stanza.ts';
import type { AppError } from '#shared/errors.ts';
import type { DeviceId } from '#shared/ids.ts';
import { parseJid } from '#shared/jid.ts';
import { ManualClock } from '#tests/support/manual-clock.ts';
import { openTestStore, quietLog, type TestStore } from '#tests/support/test-store.ts';

const PEER = 'romeo@montague.example';
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
  const request = (): Promise<Element> => {
    const answer = Promise.withResolvers<Element>();
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
  return { accountId: account.id, devices: store.omemo.devices, network, asked };
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

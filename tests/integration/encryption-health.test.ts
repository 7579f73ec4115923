/** The page of encryption health: what is broken on a real server is seen, and repaired from the window. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import {
  bundleAccessRequest,
  bundleRequest,
  deleteBundle,
  deviceListAccessRequest,
  deviceListRequest,
  publishDeviceList,
  readBundleAnswer,
  readDeviceListAnswer,
  readIsOpen,
} from '#main/xmpp/features/omemo-nodes.ts';
import { encryptedElement } from '#main/xmpp/features/omemo.ts';
import { configureNode, deleteNode } from '#main/xmpp/features/pubsub.ts';
import { xml } from '#main/xmpp/stanza.ts';
import { systemClock, type Clock } from '#main/util/clock.ts';
import type { HealthFact, HealthLine, HealthRepair, HealthView } from '#shared/encryption.ts';
import type { DeviceId } from '#shared/ids.ts';
import { logIn, startApp } from '#tests/support/app.ts';
import { OmemoDevice } from '#tests/support/omemo-device.ts';
import { Peer } from '#tests/support/peer.ts';
import { startServer, type XmppServer } from '#tests/support/server.ts';
import { until } from '#tests/support/until.ts';

const NS = 'eu.siacs.conversations.axolotl';
const LIST = `${NS}.devicelist`;
const DAY_MS = 86_400_000;

let server: XmppServer;
let count = 0;
const started: { stop(): Promise<void> }[] = [];

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());
afterEach(async () => {
  await Promise.all(started.splice(0).map((one) => one.stop()));
});

/** After so long an application looks after its keys by itself: here it never does, so that a person has to. */
const SETTLE_MS = 3_000;

/** True time, and as far from it as it is set; without the timers after which the application helps itself. */
class PatientClock implements Clock {
  aheadMs = 0;
  now(): number {
    return systemClock.now() + this.aheadMs;
  }
  after(ms: number, act: () => void): () => void {
    return ms === SETTLE_MS ? () => undefined : systemClock.after(ms, act);
  }
}

const stream = async (jid: string): Promise<Peer> => {
  const peer = await Peer.start({ jid, password: `pw ${jid}`, port: server.port, ca: server.ca });
  started.push({ stop: () => peer.close() });
  return peer;
};

/** An application whose encryption is well, and a second raw stream of the same account, which does as it likes. */
const open = async () => {
  count += 1;
  const jid = `owner${count}@localhost`;
  await server.addUser(jid, `pw ${jid}`);
  const clock = new PatientClock();
  const app = await startApp({ extraCa: server.ca, clock });
  started.push(app);
  const { id: accountId } = await logIn(app, server, jid, `pw ${jid}`);
  const { api } = app.window;
  const look = (): Promise<HealthView> => api.encryption.health({ accountId });
  await until('the keys to be published', async () => {
    const { lines } = await look();
    return lines.some(({ fact }) => fact.kind === 'bundle') && lines.every(({ isFine }) => isFine);
  });
  const [own] = (await api.encryption.devices({ accountId, jid })).devices;
  if (own === undefined) throw new Error('no device');
  const meddler = await stream(jid);
  const { deviceId } = own;
  return {
    ...{ jid, app, clock, deviceId, meddler, look },
    repair: async (what: 'everything' | HealthRepair) => {
      const view = await api.encryption.repair({ accountId, what });
      expect(view).toMatchObject({
        lines: (await look()).lines.map(({ fact: { kind } }) => ({ fact: { kind } })),
      });
      return view;
    },
    /** As strangers see it. */
    published: async () => {
      const stranger = await stream(await strangerOf());
      const list = await stranger.request(deviceListRequest(jid));
      const bundle = await stranger.request(bundleRequest(jid, deviceId));
      const access = [
        await meddler.request(deviceListAccessRequest()),
        await meddler.request(bundleAccessRequest(deviceId)),
      ];
      return {
        devices: readDeviceListAnswer(list),
        bundle: readBundleAnswer(bundle, deviceId),
        areOpen: access.map(readIsOpen),
      };
    },
  };
};

const strangerOf = async (): Promise<string> => {
  const jid = `stranger.${randomUUID()}@localhost`;
  await server.addUser(jid, `pw ${jid}`);
  return jid;
};

const lineOf = ({ lines }: HealthView, kind: HealthFact['kind']): HealthLine => {
  const line = lines.find(({ fact }) => fact.kind === kind);
  if (line === undefined) throw new Error(`no line about ${kind}`);
  return line;
};

/** The lines that want something, by what they are about. */
const troubles = ({ lines }: HealthView): readonly string[] =>
  lines.filter(({ isFine }) => !isFine).map(({ fact }) => fact.kind);

it('a device list without this computer is seen, and gets it back beside the others', async () => {
  const { meddler, deviceId, look, repair, published } = await open();
  const phone = 4711 as DeviceId;
  await meddler.request(publishDeviceList([phone]));
  expect(lineOf(await look(), 'device-list')).toEqual({
    isFine: false,
    fact: { kind: 'device-list', devices: 1, namesThis: false, access: 'open' },
    repair: { kind: 'publish' },
  });
  expect(lineOf(await repair({ kind: 'publish' }), 'device-list').isFine).toBe(true);
  expect((await published()).devices).toEqual([phone, deviceId]);
});

it('a device list that is gone is seen, and made anew', async () => {
  const { meddler, deviceId, look, repair, published } = await open();
  await meddler.request(deleteNode(LIST));
  expect(lineOf(await look(), 'device-list').fact).toMatchObject({
    ...{ devices: 0, namesThis: false, access: 'missing' },
  });
  expect(troubles(await repair('everything'))).toEqual([]);
  expect(await published()).toMatchObject({ devices: [deviceId], areOpen: [true, true] });
});

it('a bundle that is gone is seen, and published anew', async () => {
  const { meddler, deviceId, look, repair, published } = await open();
  await meddler.request(deleteBundle(deviceId));
  const broken = await look();
  expect(troubles(broken)).toEqual(['bundle']);
  expect(lineOf(broken, 'bundle')).toEqual({
    isFine: false,
    fact: { kind: 'bundle', isPresent: false, access: 'missing' },
    repair: { kind: 'publish' },
  });
  expect(troubles(await repair({ kind: 'publish' }))).toEqual([]);
  const { bundle, areOpen } = await published();
  expect(bundle?.preKeys).toHaveLength(100);
  expect(areOpen).toEqual([true, true]);
});

it.each([
  ['device-list', () => LIST],
  ['bundle', (id: DeviceId) => `${NS}.bundles:${id}`],
] as const)('a %s that only some may read is seen, and opened again', async (kind, nodeOf) => {
  for (const accessModel of ['presence', 'whitelist'] as const) {
    const { meddler, deviceId, look, repair, published } = await open();
    await meddler.request(configureNode(nodeOf(deviceId), { accessModel }));
    await expect(published()).rejects.toThrow();
    const broken = await look();
    expect(troubles(broken)).toEqual([kind]);
    expect(lineOf(broken, kind)).toMatchObject({ fact: { access: 'closed' }, repair: { kind: 'publish' } });
    expect(troubles(await repair({ kind: 'publish' }))).toEqual([]);
    expect(await published()).toMatchObject({ devices: [deviceId], areOpen: [true, true] });
  }
});

it('a stock of keys that strangers have used up is seen, and refilled with others', async () => {
  const { jid, app, deviceId, look, repair, published } = await open();
  const before = (await published()).bundle;
  if (before === undefined) throw new Error('no bundle');
  const stranger = await stream(await strangerOf());
  const device = new OmemoDevice();
  const used = before.preKeys.slice(0, 90);
  for (const preKey of used) {
    expect(device.start(deviceId, { ...before, preKeys: [preKey] })).toBe('started');
    const { data } = device.sendBytes(deviceId, new Uint8Array(32));
    const key = { rid: deviceId, prekey: true, data };
    const element = encryptedElement({
      sid: device.deviceId,
      keys: [key],
      iv: new Uint8Array(12),
      payload: undefined,
    });
    await stranger.send(xml('message', { to: jid, type: 'chat', id: randomUUID() }, element));
  }
  const broken = await until('the keys to be used', async () => {
    const view = await look();
    const { fact } = lineOf(view, 'keys');
    return fact.kind === 'keys' && fact.preKeys === 10 && view;
  });
  expect(lineOf(broken, 'keys')).toMatchObject({ isFine: false, repair: { kind: 'publish' } });
  expect(troubles(await repair('everything'))).toEqual([]);
  const ids = (await published()).bundle?.preKeys.map(({ id }) => id) ?? [];
  expect(ids).toHaveLength(100);
  expect(ids.filter((id) => used.some((one) => one.id === id))).toEqual([]);
  // A stranger learns nothing by it.
  expect(stranger.heard.filter((stanza) => stanza.is('message'))).toEqual([]);
  expect([...app.window.messages.values()]).toEqual([]);
});

it('a signed key that is too old is seen, and renewed', async () => {
  const { clock, look, repair, published } = await open();
  const before = (await published()).bundle?.signedPreKey.id;
  clock.aheadMs = 46 * DAY_MS;
  expect(lineOf(await look(), 'keys')).toMatchObject({ isFine: false, repair: { kind: 'publish' } });
  expect(lineOf(await repair({ kind: 'publish' }), 'keys').isFine).toBe(true);
  expect((await published()).bundle?.signedPreKey.id).toBe((before ?? 0) + 1);
});

it('a device of ones own without keys is seen, and removed by nothing but its own button', async () => {
  const { meddler, deviceId, look, repair, published } = await open();
  const ghost = 4711 as DeviceId;
  await meddler.request(publishDeviceList([deviceId, ghost]));
  const broken = await look();
  expect(troubles(broken)).toEqual(['device-without-keys']);
  const { fact, repair: offered } = lineOf(broken, 'device-without-keys');
  expect(fact).toMatchObject({ deviceId: ghost });
  expect(offered).toEqual({ kind: 'remove-device', deviceId: ghost });
  expect(troubles(await repair('everything'))).toEqual(['device-without-keys']);
  expect((await published()).devices).toEqual([deviceId, ghost]);
  expect(troubles(await repair({ kind: 'remove-device', deviceId: ghost }))).toEqual([]);
  expect((await published()).devices).toEqual([deviceId]);
});

it('the keys of a device that is removed leave the server too', async () => {
  const { jid, meddler, deviceId, repair } = await open();
  const other = await startApp({ extraCa: server.ca });
  started.push(other);
  const { id: accountId } = await logIn(other, server, jid, `pw ${jid}`);
  const otherId = await until('the other computer', async () => {
    const listed = readDeviceListAnswer(await meddler.request(deviceListRequest(undefined))) ?? [];
    return listed.length === 2 && listed.find((id) => id !== deviceId);
  });
  await meddler.request(bundleRequest(undefined, otherId));
  await other.window.api.accounts.setEnabled({ accountId, enabled: false });
  await repair({ kind: 'remove-device', deviceId: otherId });
  await until('its keys to be gone', async () =>
    meddler.request(bundleRequest(undefined, otherId)).then(
      () => false,
      ({ condition }: { condition?: string }) => condition === 'item-not-found',
    ),
  );
});

it('a clock that is wrong is seen, and well again when it is right', async () => {
  const { clock, look } = await open();
  for (const aheadMs of [300_000, -300_000]) {
    clock.aheadMs = aheadMs;
    const { isFine, fact, repair } = lineOf(await look(), 'clock');
    expect({ isFine, repair }).toEqual({ isFine: false, repair: undefined });
    // The server's view of it, to the second in which it tells the time, and a busy machine.
    if (fact.kind !== 'clock') throw new Error('no clock');
    expect(Math.abs(fact.aheadMs + aheadMs)).toBeLessThan(30_000);
  }
  clock.aheadMs = 0;
  expect(lineOf(await look(), 'clock').isFine).toBe(true);
});

/** A phone that does what ChatSecure for iOS does, on a real server, beside other devices of both sides. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { openPayload } from '#main/crypto/omemo/payload.ts';
import { enableCarbons } from '#main/xmpp/features/carbons.ts';
import { archiveQuery } from '#main/xmpp/features/mam.ts';
import { isDecryptionError } from '#main/xmpp/features/omemo-answers.ts';
import {
  bundleRequest,
  publishBundle,
  publishDeviceList,
  readBundleAnswer,
} from '#main/xmpp/features/omemo-nodes.ts';
import { readEncrypted } from '#main/xmpp/features/omemo.ts';
import { parseStanza, xml, type Element } from '#main/xmpp/stanza.ts';
import { logIn, startApp, type TestApp } from '#tests/support/app.ts';
import { OmemoDevice } from '#tests/support/omemo-device.ts';
import { siacsStanzas } from '#tests/support/omemo-stanzas.ts';
import { Peer } from '#tests/support/peer.ts';
import { startServer, type XmppServer } from '#tests/support/server.ts';
import { until } from '#tests/support/until.ts';

const ALICE = 'alice@localhost';
const BOB = 'bob@localhost';
const PHONE = 'chatsecure4711';

let server: XmppServer;
const started: { stop(): Promise<void> }[] = [];

beforeAll(async () => {
  server = await startServer({ accounts: [ALICE, BOB].map((jid) => ({ jid, password: `pw ${jid}` })) });
});
afterAll(() => server.stop());
afterEach(async () => {
  await Promise.all(started.splice(0).map((one) => one.stop()));
});

const openApp = async (): Promise<TestApp> => {
  const app = await startApp({ extraCa: server.ca });
  started.push(app);
  await logIn(app, server, ALICE, `pw ${ALICE}`);
  return app;
};

const login = async (jid: string, resource: string): Promise<Peer> => {
  const { port, ca } = server;
  const peer = await Peer.start({ jid, password: `pw ${jid}`, port, ca, resource });
  started.push({ stop: () => peer.close() });
  await peer.request(enableCarbons());
  return peer;
};

/** What it makes of a message: nothing without some bytes of payload, else the text. */
const readOnPhone = (device: OmemoDevice, stanza: Element): string => {
  const content = readEncrypted(stanza);
  if (content?.kind !== 'encrypted') return 'not encrypted';
  const { sid, keys, iv, payload } = content.message;
  if (payload === undefined || payload.length === 0) return 'dropped';
  const key = keys.find(({ rid }) => rid === device.deviceId);
  const opened = key === undefined ? undefined : device.receive(sid, key);
  if (opened?.kind !== 'decrypted' || iv === undefined) return 'not for the phone';
  return openPayload({ keyMaterial: opened.plaintext, iv, ciphertext: payload }) ?? 'broken';
};

it('is answered so that its sessions stand, and shows nothing of it; nor does anybody else', async () => {
  const [desk, laptop] = [await openApp(), await openApp()];
  const [phone, tablet] = [await login(BOB, PHONE), await login(BOB, 'tablet')];
  const device = new OmemoDevice();
  await phone.request(publishBundle(device.deviceId, device.bundle));
  await phone.request(publishDeviceList([device.deviceId]));
  const accountId = desk.window.account(ALICE)?.id;
  if (accountId === undefined) throw new Error('no account');
  await desk.window.api.contacts.add({ accountId, jid: BOB });
  await phone.befriend(ALICE);
  await until('both to be contacts', () => desk.window.contacts.get(BOB)?.subscription === 'both');

  const [own] = (await desk.window.api.encryption.devices({ accountId, jid: ALICE })).devices;
  if (own === undefined) throw new Error('no device');
  const bundle = readBundleAnswer(await phone.request(bundleRequest(ALICE, own.deviceId)), own.deviceId);
  if (bundle === undefined) throw new Error('no bundle');
  const say = (text: string, id: string = randomUUID()): Promise<void> => {
    const sealed = siacsStanzas.seal(device, { jid: ALICE, id: own.deviceId }, text);
    const hints = xml('store', { xmlns: 'urn:xmpp:hints' });
    return phone.send(xml('message', { to: ALICE, type: 'chat', id }, parseStanza(sealed), hints));
  };
  const isSilent = (stanza: Element): boolean => readEncrypted(stanza) !== undefined;

  device.start(own.deviceId, bundle);
  await say('hello');
  await desk.window.message('hello', ({ body }) => body === 'hello');
  const answer = await phone.expect('an answer', isSilent);
  expect(answer.attrs['to']).toBe(`${BOB}/${PHONE}`);
  expect(readOnPhone(device, answer)).toBe('');
  expect(device.send(own.deviceId, 'x').isKeyExchange).toBe(false);

  // It has forgotten the session, and begins with one that this computer cannot open.
  phone.takeHeard();
  const spoilt = { ...bundle, preKeys: bundle.preKeys.map((key) => ({ ...key, id: key.id + 100_000 })) };
  device.start(own.deviceId, spoilt);
  await say('lost', 'the lost one');
  await desk.window.message('the lost one', ({ failure }) => failure === 'not-decryptable');
  const told = await phone.expect('to be told', isDecryptionError);
  expect(told.attrs['id']).toBe('the lost one');
  expect(readOnPhone(device, await phone.expect('a new session', isSilent))).toBe('');
  await say('lost', 'the lost one');
  await desk.window.message('it after all', ({ body }) => body === 'lost');

  // Behind this everything has come that was to come.
  await phone.say(ALICE, 'the end');
  await laptop.window.message('the end', ({ body }) => body === 'the end');
  await tablet.expect('a copy of the end', (stanza) => stanza.toString().includes('the end'));
  const page = { max: 50, position: { kind: 'first' } } as const;
  await tablet.request(archiveQuery({ queryId: 'q', filter: {}, page, flipped: false }));
  expect(tablet.heard.map(String).join()).not.toContain(answer.attrs['id']);
  const rows = [...laptop.window.messages.values()];
  expect(rows.filter(({ direction }) => direction === 'out')).toEqual([]);
});

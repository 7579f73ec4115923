/** What the user sees of encryption and decides about it, between applications on a real server. */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { configureNode } from '#main/xmpp/features/pubsub.ts';
import type { ChatProtectionView, DeviceView } from '#shared/encryption.ts';
import type { AccountId, ChatId } from '#shared/ids.ts';
import type { MessageView } from '#shared/views.ts';
import { logIn, startApp, type TestApp } from '#tests/support/app.ts';
import { Peer } from '#tests/support/peer.ts';
import { startServer, type XmppServer } from '#tests/support/server.ts';
import { until } from '#tests/support/until.ts';

let server: XmppServer;
const started: { stop(): Promise<void> }[] = [];

const ALICE = 'alice@localhost';
const BOB = 'bob@localhost';
const CAROL = 'carol@localhost';
const DAVE = 'dave@localhost';
const EMMA = 'emma@localhost';
const FINN = 'finn@localhost';

beforeAll(async () => {
  server = await startServer({
    accounts: [ALICE, BOB, CAROL, DAVE, EMMA, FINN].map((jid) => ({ jid, password: `pw ${jid}` })),
  });
});
afterAll(() => server.stop());
afterEach(async () => {
  await Promise.all(started.splice(0).map((one) => one.stop()));
});

/** An application of one person, with the calls of this story. */
const open = async (jid: string) => {
  const app = await startApp({ extraCa: server.ca });
  started.push(app);
  await logIn(app, server, jid, `pw ${jid}`);
  const account = app.window.account(jid);
  if (account === undefined) throw new Error('no account');
  const { api } = app.window;
  const accountId: AccountId = account.id;
  const devicesOf = async (of: string): Promise<readonly DeviceView[]> =>
    (await api.encryption.devices({ accountId, jid: of, fetch: true })).devices;
  return {
    app,
    api,
    accountId,
    devicesOf,
    chatWith: async (peer: string): Promise<ChatId> => (await api.chats.open({ accountId, jid: peer })).id,
    /** Its keys are on the server. */
    published: () =>
      until(`${jid} to have a device`, async () => {
        const { lines } = await api.encryption.health({ accountId });
        return lines.every(({ isFine }) => isFine) && lines.some(({ fact }) => fact.kind === 'bundle');
      }),
  };
};

const says = (app: TestApp, body: string): Promise<MessageView> =>
  app.window.message(body, (message) => message.body === body);

const becomes = (app: TestApp, body: string, state: MessageView['state']): Promise<MessageView> =>
  app.window.message(`${body} ${state}`, (message) => message.body === body && message.state === state);

it('a chat is encrypted, verified, refused and opened again, as the user decides, and each message says who can read it', async () => {
  const [alice, bob] = [await open(ALICE), await open(BOB)];
  await Promise.all([alice.published(), bob.published()]);
  const { api } = alice;
  const chatId = await alice.chatWith(BOB);
  const protection = (): Promise<ChatProtectionView> => api.encryption.protection({ chatId });

  // Nobody has asked for Bob's devices before: the first message waits for the answer, and is encrypted.
  const first = await api.messages.send({ chatId, text: 'first' });
  expect(first.protection).toBe('unsettled');
  expect(await says(bob.app, 'first')).toMatchObject({ protection: 'omemo' });
  expect(await protection()).toMatchObject({ choice: 'automatic', next: 'omemo', outlook: 'encrypted' });

  // Both see the same key.
  const [own] = await bob.devicesOf(BOB);
  const [device] = await alice.devicesOf(BOB);
  if (device?.fingerprint === undefined) throw new Error('no key');
  expect(device).toMatchObject({
    deviceId: own?.deviceId,
    standing: 'first-use',
    fingerprint: own?.fingerprint,
  });
  expect(own?.isThis).toBe(true);

  const { recipients } = await api.encryption.recipients({ messageId: first.id });
  expect(recipients).toEqual([
    {
      deviceId: device.deviceId,
      isOwn: false,
      label: '',
      fingerprint: device.fingerprint,
      outcome: 'encrypted',
    },
  ]);

  const place = {
    accountId: alice.accountId,
    jid: BOB,
    deviceId: device.deviceId,
    fingerprint: device.fingerprint,
  };
  await api.encryption.compare({ ...place, matches: true });
  expect(await protection()).toMatchObject({ outlook: 'verified' });

  // Without a trusted device nothing goes out, until there is one again.
  await api.encryption.setTrust({ ...place, trusted: false });
  expect(await protection()).toMatchObject({ next: 'omemo', outlook: 'no-trusted-device' });
  const held = await api.messages.send({ chatId, text: 'held' });
  expect(await becomes(alice.app, 'held', 'failed')).toMatchObject({ failure: 'no-trusted-device' });
  expect((await api.encryption.recipients({ messageId: held.id })).recipients).toMatchObject([
    { outcome: 'untrusted' },
  ]);
  await api.encryption.setTrust({ ...place, trusted: true });
  await api.messages.resend({ messageId: held.id });
  expect(await says(bob.app, 'held')).toMatchObject({ protection: 'omemo' });

  // Only the user's own word takes the encryption away, and only from what comes then.
  expect(await api.encryption.setProtection({ chatId, choice: 'none' })).toMatchObject({
    next: 'none',
    outlook: 'plain',
    isOwnChoice: true,
  });
  await api.messages.send({ chatId, text: 'open' });
  expect(await says(bob.app, 'open')).toMatchObject({ protection: 'none' });
});

it('a second device of ones own is told of with its key, waits for the user, and can be removed', async () => {
  const desk = await open(CAROL);
  await desk.published();
  const other = await open(CAROL);
  await other.published();
  const [here] = await other.devicesOf(CAROL);
  const second = await until('the second device', async () =>
    (await desk.devicesOf(CAROL)).find(({ isThis, fingerprint }) => !isThis && fingerprint !== undefined),
  );
  expect(second).toMatchObject({
    ...{ deviceId: here?.deviceId, fingerprint: here?.fingerprint },
    ...{ standing: 'undecided', isLater: true },
  });
  await other.app.stop();
  const { accountId } = desk;
  await desk.api.encryption.removeDevice({ accountId, deviceId: second.deviceId });
  expect(await desk.devicesOf(CAROL)).toMatchObject([
    { isThis: true },
    { deviceId: second.deviceId, standing: 'removed' },
  ]);
  const { lines } = await desk.api.encryption.health({ accountId });
  expect(lines.find(({ fact }) => fact.kind === 'device-list')?.fact).toMatchObject({
    ...{ devices: 1, namesThis: true, access: 'open' },
  });
});

it('keys that another app has closed to others are seen, and opened again by one repair', async () => {
  const { api, accountId, published } = await open(DAVE);
  await published();
  const meddler = await Peer.start({ jid: DAVE, password: `pw ${DAVE}`, port: server.port, ca: server.ca });
  started.push({ stop: () => meddler.close() });
  const node = 'eu.siacs.conversations.axolotl.devicelist';
  await meddler.request(configureNode(node, { accessModel: 'whitelist' }));
  const { lines } = await api.encryption.health({ accountId });
  expect(lines.filter(({ isFine }) => !isFine)).toEqual([
    {
      isFine: false,
      fact: { kind: 'device-list', devices: 1, namesThis: true, access: 'closed' },
      repair: { kind: 'publish' },
    },
  ]);
  const after = await api.encryption.repair({ accountId, what: 'everything' });
  expect(after.lines.every(({ isFine }) => isFine)).toBe(true);
  expect(after.lines.find(({ fact }) => fact.kind === 'device-list')?.fact).toMatchObject({ access: 'open' });
});

it('two people verify each other by links, a forged one is an alarm, and a later device is told of in the list', async () => {
  const [emma, finn] = [await open(EMMA), await open(FINN)];
  await Promise.all([emma.published(), finn.published()]);
  const chatId = await emma.chatWith(FINN);
  const { link } = await finn.api.encryption.ownKeys({ accountId: finn.accountId });
  const { accountId } = emma;
  const outlook = async () => (await emma.api.encryption.protection({ chatId })).outlook;

  // Nobody has asked for Finn's devices before.
  const found = await emma.api.encryption.examineKeys({ accountId, link, fetch: true });
  expect(found).toMatchObject({ jid: FINN, isOwn: false, unnamed: [], keys: [{ finding: 'matches' }] });
  expect(await outlook()).toBe('encrypted');

  const forged = link.replace(/[0-9a-f]{8}$/, (end) => (end === '00000000' ? 'ffffffff' : '00000000'));
  expect(await emma.api.encryption.verifyKeys({ accountId, link: forged })).toMatchObject({
    verified: 0,
    found: { keys: [{ finding: 'differs' }] },
  });
  await expect(
    emma.api.encryption.verifyKeys({ accountId, link: `${link};omemo-sid-1=zz` }),
  ).rejects.toMatchObject({ code: 'bad-request' });
  expect(await outlook()).toBe('encrypted');

  expect(await emma.api.encryption.verifyKeys({ accountId, link })).toMatchObject({ verified: 1 });
  expect(await outlook()).toBe('verified');
  const back = await emma.api.encryption.ownKeys({ accountId });
  expect(
    await finn.api.encryption.examineKeys({ accountId: finn.accountId, link: back.link, fetch: true }),
  ).toMatchObject({ keys: [{ finding: 'matches' }] });
  expect(await finn.api.encryption.verifyKeys({ accountId: finn.accountId, link: back.link })).toMatchObject({
    verified: 1,
  });

  // Of contacts, the server tells when a device is new.
  await emma.api.contacts.add({ accountId, jid: FINN, name: 'Finn' });
  await until('the request of Emma', () => finn.app.window.requests.get(finn.accountId)?.length === 1);
  await finn.api.contacts.answerRequest({ accountId: finn.accountId, jid: EMMA, accept: true });
  await until('Finn to be seen', () => emma.app.window.contacts.get(FINN)?.availability === 'online');
  expect(emma.app.window.chatWith(FINN)?.deviceWaits).toBeUndefined();
  const second = await open(FINN);
  await second.published();
  await until('the list to tell of it', () => emma.app.window.chatWith(FINN)?.deviceWaits === true);
  const { chats } = await emma.app.window.ready();
  expect(chats.find(({ jid }) => jid === FINN)?.deviceWaits).toBe(true);

  // Finn compares his own new device, and then his code is good for both.
  const own = await second.api.encryption.ownKeys({ accountId: second.accountId });
  await until('the other device to be known', async () => {
    const { keys } = await finn.api.encryption.examineKeys({
      ...{ accountId: finn.accountId, link: own.link, fetch: true },
    });
    return keys.some(({ finding }) => finding === 'matches');
  });
  await finn.api.encryption.verifyKeys({ accountId: finn.accountId, link: own.link });
  const both = await finn.api.encryption.ownKeys({ accountId: finn.accountId });
  expect(both.devices).toHaveLength(2);
  expect(await emma.api.encryption.verifyKeys({ accountId, link: both.link })).toMatchObject({
    verified: 1,
    found: { keys: [{ finding: 'verified' }, { finding: 'verified' }] },
  });
  await until('nothing to wait any more', () => emma.app.window.chatWith(FINN)?.deviceWaits === undefined);
  expect(await outlook()).toBe('verified');
});

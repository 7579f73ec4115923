/** The first message to somebody whom nobody has asked for their devices, on a real server. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { ChatProtectionView } from '#shared/encryption.ts';
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
const DAVE = 'dave@localhost';
const NOBODY = 'nobody@nowhere.invalid';
const passwordOf = (jid: string): string => `pw ${jid}`;

beforeAll(async () => {
  server = await startServer({
    accounts: [ALICE, BOB, DAVE].map((jid) => ({ jid, password: passwordOf(jid) })),
  });
});
afterAll(() => server.stop());
afterEach(async () => {
  await Promise.all(started.splice(0).map((one) => one.stop()));
});

const open = async (jid: string): Promise<TestApp> => {
  const app = await startApp({ extraCa: server.ca });
  await logIn(app, server, jid, passwordOf(jid));
  return app;
};

const idOf = ({ window }: TestApp, jid: string): AccountId => {
  const account = window.account(jid);
  if (account === undefined) throw new Error('no account');
  return account.id;
};

const goOffline = async (app: TestApp): Promise<void> => {
  await app.window.api.accounts.setEnabled({ accountId: idOf(app, ALICE), enabled: false });
  await app.window.phase(ALICE, 'disabled');
};

const goOnline = async (app: TestApp): Promise<void> => {
  await app.window.api.accounts.setEnabled({ accountId: idOf(app, ALICE), enabled: true });
  await app.window.phase(ALICE, 'online');
};

const chatWith = async (app: TestApp, jid: string): Promise<ChatId> =>
  (await app.window.api.chats.open({ accountId: idOf(app, ALICE), jid })).id;

const protection = (app: TestApp, chatId: ChatId): Promise<ChatProtectionView> =>
  app.window.api.encryption.protection({ chatId });

const becomes = (app: TestApp, body: string, state: MessageView['state']): Promise<MessageView> =>
  app.window.message(`${body} ${state}`, (message) => message.body === body && message.state === state);

/** Everything that the server has on disk. */
const filesOf = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(path.join(entry.parentPath, entry.name), 'latin1'));

it('written without a connection, and sent by the next run of the application, it leaves encrypted', async () => {
  const bob = await open(BOB);
  started.push(bob);
  await until('the keys of Bob', async () => {
    const { lines } = await bob.window.api.encryption.health({ accountId: idOf(bob, BOB) });
    return lines.every(({ isFine }) => isFine);
  });
  const alice = await open(ALICE);
  await goOffline(alice);
  const chatId = await chatWith(alice, BOB);
  expect(await protection(alice, chatId)).toMatchObject({ next: 'unsettled', outlook: 'unasked' });
  const texts = ['Meet me at the sundial', 'and bring the lantern'];
  for (const text of texts)
    expect(await alice.window.api.messages.send({ chatId, text })).toMatchObject({
      ...{ state: 'queued', protection: 'unsettled' },
    });

  const again = await alice.restart();
  started.push(again);
  expect((await again.window.api.messages.page({ kind: 'latest', chatId, limit: 9 })).rows).toMatchObject(
    texts.map((body) => ({ body, state: 'queued', protection: 'unsettled' })),
  );
  await goOnline(again);
  for (const text of texts) {
    const arrived = await bob.window.message(text, ({ body }) => body === text);
    expect(arrived).toMatchObject({ protection: 'omemo', direction: 'in' });
    await again.window.message(text, ({ body, state }) => body === text && state === 'acked');
  }
  const { rows } = await again.window.api.messages.page({ kind: 'latest', chatId, limit: 9 });
  expect(rows.map(({ body, protection: by }) => [body, by])).toEqual(texts.map((text) => [text, 'omemo']));
  expect(await protection(again, chatId)).toMatchObject({ next: 'omemo', outlook: 'encrypted' });
  const kept = filesOf(server.dir);
  expect(kept.some((file) => file.includes('axolotl'))).toBe(true);
  expect(kept.filter((file) => /sundial|lantern/.test(file))).toEqual([]);
});

it('leaves as it is for somebody who was asked and has no OMEMO', async () => {
  const dave = await Peer.start({
    ...{ jid: DAVE, password: passwordOf(DAVE) },
    ...{ port: server.port, ca: server.ca },
  });
  started.push({ stop: () => dave.close() });
  const alice = await open(ALICE);
  started.push(alice);
  await goOffline(alice);
  const chatId = await chatWith(alice, DAVE);
  await alice.window.api.messages.send({ chatId, text: 'Can you read this?' });
  await goOnline(alice);
  expect(await becomes(alice, 'Can you read this?', 'acked')).toMatchObject({ protection: 'none' });
  await until('Dave to have it', () =>
    dave.heard.some((stanza) => stanza.toString().includes('Can you read')),
  );
  expect(await protection(alice, chatId)).toMatchObject({ next: 'none', outlook: 'plain-no-omemo' });
});

it('stays here where nobody can be asked, until the user decides about it', async () => {
  const alice = await open(ALICE);
  started.push(alice);
  const chatId = await chatWith(alice, NOBODY);
  const { api } = alice.window;
  const { id } = await api.messages.send({ chatId, text: 'Anybody there?' });
  expect(await becomes(alice, 'Anybody there?', 'failed')).toMatchObject({
    ...{ failure: 'devices-unknown', protection: 'unsettled' },
  });
  expect(await protection(alice, chatId)).toMatchObject({ next: 'unsettled', outlook: 'unasked' });
  expect((await server.log()).includes('Anybody there')).toBe(false);

  await api.encryption.setProtection({ chatId, choice: 'none' });
  await api.messages.resend({ messageId: id });
  // It leaves as the user has said, and comes back: our server knows no way there.
  const returned = await alice.window.message(
    'the message to come back',
    (message) => message.id === id && message.state === 'failed' && message.failure !== 'devices-unknown',
  );
  expect(returned).toMatchObject({ state: 'failed', protection: 'none' });
});

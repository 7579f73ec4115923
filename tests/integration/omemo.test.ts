/** Encrypted conversations between applications on a real server. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { archiveQuery } from '#main/xmpp/features/mam.ts';
import { deviceListRequest, readDeviceListAnswer } from '#main/xmpp/features/omemo-nodes.ts';
import type { ChatId } from '#shared/ids.ts';
import type { MessageView } from '#shared/views.ts';
import { logIn, startApp, type TestApp } from '#tests/support/app.ts';
import { Peer } from '#tests/support/peer.ts';
import { startServer, type XmppServer } from '#tests/support/server.ts';
import { until } from '#tests/support/until.ts';

let server: XmppServer;
const started: { stop(): Promise<void> }[] = [];

const ALICE = 'alice@localhost';
const BOB = 'bob@localhost';

beforeAll(async () => {
  server = await startServer({ accounts: [ALICE, BOB].map((jid) => ({ jid, password: `pw ${jid}` })) });
});
afterAll(() => server.stop());
afterEach(async () => {
  await Promise.all(started.splice(0).map((one) => one.stop()));
});

const open = async (jid: string): Promise<TestApp> => {
  const app = await startApp({ extraCa: server.ca });
  started.push(app);
  await logIn(app, server, jid, `pw ${jid}`);
  return app;
};

const chatOf = async (app: TestApp, peer: string): Promise<ChatId> => {
  const [account] = [...app.window.accounts.values()];
  if (account === undefined) throw new Error('no account');
  return (await app.window.api.chats.open({ accountId: account.id, jid: peer })).id;
};

const says = (app: TestApp, body: string): Promise<MessageView> =>
  app.window.message(body, (message) => message.body === body);

describe('two people with this application', () => {
  it('write encrypted from the first message on, both ways, and the server reads nothing of it', async () => {
    const [alice, bob] = [await open(ALICE), await open(BOB)];
    const watcher = await Peer.start({
      jid: ALICE,
      password: `pw ${ALICE}`,
      port: server.port,
      ca: server.ca,
    });
    started.push({ stop: () => watcher.close() });
    // Nobody has subscribed to anybody: what is published is open to strangers.
    await until('the list of Bob', async () => {
      const answer = await watcher.request(deviceListRequest(BOB)).catch(() => undefined);
      return answer !== undefined && readDeviceListAnswer(answer)?.length === 1;
    });
    const chatId = await chatOf(alice, BOB);
    await until(
      'the chat to be encrypted',
      async () => (await alice.window.api.encryption.protection({ chatId })).next === 'omemo',
    );
    await alice.window.api.messages.send({ chatId, text: 'Nobody else reads this' });
    expect(await says(bob, 'Nobody else reads this')).toMatchObject({ protection: 'omemo' });
    const back = await chatOf(bob, ALICE);
    await bob.window.api.messages.send({ chatId: back, text: 'Nor this' });
    expect(await says(alice, 'Nor this')).toMatchObject({ protection: 'omemo' });
    await watcher.request(
      archiveQuery({
        queryId: 'q',
        filter: {},
        page: { max: 50, position: { kind: 'first' } },
        flipped: false,
      }),
    );
    const seen = watcher.heard.map(String).join('\n');
    expect(seen).toContain('<payload>');
    expect(seen).not.toMatch(/Nobody else|Nor this/);
  });
});

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { logIn, startApp, type TestApp } from '#tests/support/app.ts';
import { Peer } from '#tests/support/peer.ts';
import { startServer, type XmppServer } from '#tests/support/server.ts';
import { until } from '#tests/support/until.ts';
import type { AccountView, MessageView } from '#shared/views.ts';

/** What the user finds, and what is gone, with the archive of a real server that still has it. */
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

const open = async (): Promise<{ app: TestApp; account: AccountView; bob: Peer }> => {
  const app = await startApp({ extraCa: server.ca });
  started.push(app);
  const account = await logIn(app, server, ALICE, `pw ${ALICE}`);
  const bob = await Peer.start({ jid: BOB, password: `pw ${BOB}`, port: server.port, ca: server.ca });
  started.push({ stop: () => bob.close() });
  return { app, account, bob };
};
const withBody = (app: TestApp, body: string): Promise<MessageView> =>
  app.window.message(body, (message) => message.body === body);
const bodies = async (app: TestApp, jid = BOB): Promise<readonly string[]> => {
  const chat = [...(await app.window.ready()).chats].find((one) => one.jid === jid);
  if (chat === undefined) return [];
  return (await app.window.api.messages.page({ kind: 'latest', chatId: chat.id })).rows.map(
    ({ body }) => body,
  );
};

describe('the history', () => {
  it('is searched, shown around a date, and gone where the user deletes it, though the archive has it', async () => {
    const { app, account, bob } = await open();
    for (const text of ['Die Straße ist lang', 'something else', 'the word of the day'])
      await bob.say(ALICE, text);
    const last = await withBody(app, 'the word of the day');
    const first = await withBody(app, 'Die Straße ist lang');
    const { messages } = app.window.api;
    const { hits } = await messages.search({ query: 'strasse' });
    expect(hits).toMatchObject([
      { messageId: first.id, chatId: first.chatId, accountId: account.id, mine: false },
    ]);
    const [hit] = hits;
    const [match] = hit?.matches ?? [];
    expect(hit?.snippet.slice(match?.start, match?.end)).toBe('Straße');
    expect((await messages.search({ query: 'wor', from: BOB })).hits).toMatchObject([{ messageId: last.id }]);
    await expect(messages.search({ query: 'x', cursor: 'no cursor' })).rejects.toMatchObject({
      code: 'bad-request',
    });
    const page = await messages.page({ kind: 'date', chatId: first.chatId, at: first.at, limit: 2 });
    expect(page.rows.map(({ body }) => body)).toContain('Die Straße ist lang');

    await messages.delete({ messageId: first.id });
    expect((await messages.search({ query: 'strasse' })).hits).toEqual([]);
    const again = await app.restart();
    started.push(again);
    await again.window.phase(ALICE, 'online');
    await bob.say(ALICE, 'after the restart');
    await withBody(again, 'after the restart');
    expect(await bodies(again)).toEqual(['something else', 'the word of the day', 'after the restart']);

    await again.window.api.chats.clear({ chatId: first.chatId });
    await until('an empty chat', async () => (await bodies(again)).length === 0);
    await again.window.api.chats.delete({ chatId: first.chatId });
    expect((await again.window.ready()).chats).toEqual([]);
    const third = await again.restart();
    started.push(third);
    await third.window.phase(ALICE, 'online');
    await bob.say(ALICE, 'a new beginning');
    await withBody(third, 'a new beginning');
    expect(await bodies(third)).toEqual(['a new beginning']);
  });

  it('is kept for as long as the chat says', async () => {
    const { app, bob } = await open();
    await bob.say(ALICE, 'keep me');
    const row = await withBody(app, 'keep me');
    const { chats, settings } = app.window.api;
    expect(await chats.setRetention({ chatId: row.chatId, retention: 30 })).toMatchObject({ retention: 30 });
    expect(await settings.update({ retention: 365 })).toMatchObject({ retention: 365 });
    const again = await app.restart();
    started.push(again);
    const { chats: rows, settings: kept } = await again.window.ready();
    expect(rows.find(({ jid }) => jid === BOB)?.retention).toBe(30);
    expect(kept.retention).toBe(365);
    expect(await bodies(again)).toContain('keep me');
  });
});

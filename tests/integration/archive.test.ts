import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { logIn, startApp, type TestApp } from '#tests/support/app.ts';
import { Peer } from '#tests/support/peer.ts';
import { startServer, type XmppServer } from '#tests/support/server.ts';
import { until } from '#tests/support/until.ts';

/** One account on a phone and on this computer, on a real server with an archive and carbons. */
let server: XmppServer;
const started: { stop(): Promise<void> }[] = [];
let users = 0;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());
afterEach(async () => {
  await Promise.all(started.splice(0).map((one) => one.stop()));
});

/** A new person for each test, so that archives do not mix. */
const user = async (): Promise<string> => {
  const jid = `user-${++users}@localhost`;
  await server.addUser(jid, 'pw');
  return jid;
};
const computer = async (jid: string): Promise<TestApp> => {
  const app = await startApp({ extraCa: server.ca });
  started.push(app);
  await logIn(app, server, jid, 'pw');
  return app;
};
const client = async (jid: string, resource: string): Promise<Peer> => {
  const peer = await Peer.start({ jid, password: 'pw', port: server.port, ca: server.ca, resource });
  started.push({ stop: () => peer.close() });
  return peer;
};
const rows = async (app: TestApp, peer: string): Promise<readonly (readonly [string, string])[]> => {
  const chat = app.window.chatWith(peer);
  if (chat === undefined) return [];
  const page = await app.window.api.messages.page({ kind: 'latest', chatId: chat.id, limit: 200 });
  return page.rows.map(({ direction, body }) => [direction, body] as const);
};

describe('this computer and a phone', () => {
  it('show the same conversation, while both are there', async () => {
    const [me, friend] = [await user(), await user()];
    const app = await computer(me);
    const phone = await client(me, 'phone');
    const bob = await client(friend, 'bob');
    await phone.say(friend, 'written on the phone', 'm1');
    await bob.expectText('written on the phone');
    await bob.say(`${me}/phone`, 'to the phone alone');
    await bob.say(me, 'to both');
    const expected = [
      ['out', 'written on the phone'],
      ['in', 'to the phone alone'],
      ['in', 'to both'],
    ];
    await until('all three', async () => (await rows(app, friend)).length === 3);
    expect(await rows(app, friend)).toEqual(expected);
    // Who answers on the phone has read there.
    await phone.say(friend, 'answered on the phone', 'm2');
    await until('nothing unread', () => app.window.chatWith(friend)?.unread === 0);
  });

  it('show the same also for what happened while this computer was off', async () => {
    const [me, friend] = [await user(), await user()];
    const app = await computer(me);
    const bob = await client(friend, 'bob');
    const account = app.window.account(me);
    if (account === undefined) throw new Error('there is no account');
    await bob.say(me, 'before');
    await app.window.message('before', ({ body }) => body === 'before');
    await app.window.api.accounts.setEnabled({ accountId: account.id, enabled: false });
    const phone = await client(me, 'phone');
    await bob.say(me, 'while it was off');
    await phone.say(friend, 'answered on the phone', 'p1');
    await bob.expectText('answered on the phone');
    await bob.say(me, 'and again');
    await app.window.api.accounts.setEnabled({ accountId: account.id, enabled: true });
    await until('all of it', async () => (await rows(app, friend)).length === 4);
    expect(await rows(app, friend)).toEqual([
      ['in', 'before'],
      ['in', 'while it was off'],
      ['out', 'answered on the phone'],
      ['in', 'and again'],
    ]);
    expect(app.window.chatWith(friend)?.unread).toBe(1);
  });

  it('show it once, though it comes live, by carbon and from the archive', async () => {
    const [me, friend] = [await user(), await user()];
    const app = await computer(me);
    let bob = await client(friend, 'bob');
    const account = app.window.account(me);
    if (account === undefined) throw new Error('there is no account');
    const chat = await app.window.api.chats.open({ accountId: account.id, jid: friend });
    for (let turn = 0; turn < 3; turn++) {
      await app.window.api.messages.send({ chatId: chat.id, text: `mine ${turn}` });
      await bob.expectText(`mine ${turn}`);
      await bob.say(me, `theirs ${turn}`);
      await app.window.message('theirs', ({ body }) => body === `theirs ${turn}`);
      await server.restart({ kill: turn === 1 ? 'SIGKILL' : 'SIGTERM' });
      await app.window.api.accounts.retryNow({ accountId: account.id });
      await app.window.phase(me, 'online');
      bob = await client(friend, `bob${turn}`);
    }
    const expected = [0, 1, 2].flatMap((turn) => [
      ['out', `mine ${turn}`],
      ['in', `theirs ${turn}`],
    ]);
    expect(await rows(app, friend)).toEqual(expected);
  });

  // omemo/gajim-omemo #36 and #51: only the first one to return got what the server had kept.
  it('and a third device all get what came while none of them was there', async () => {
    const [me, friend] = [await user(), await user()];
    const apps = [await computer(me), await computer(me)];
    const bob = await client(friend, 'bob');
    await bob.say(me, 'before');
    for (const app of apps) await app.window.message('before', ({ body }) => body === 'before');
    const switchTo = (app: TestApp | undefined, enabled: boolean): Promise<unknown> => {
      const account = app?.window.account(me);
      if (app === undefined || account === undefined) throw new Error('there is no account');
      return app.window.api.accounts.setEnabled({ accountId: account.id, enabled });
    };
    for (const app of apps) await switchTo(app, false);
    for (const text of ['one', 'two', 'three']) await bob.say(me, text);
    const phone = await client(me, 'phone');
    await phone.expectText('three');
    await phone.say(friend, 'seen on the phone', 'seen');
    const expected = [
      ['in', 'before'],
      ['in', 'one'],
      ['in', 'two'],
      ['in', 'three'],
      ['out', 'seen on the phone'],
    ];
    for (const app of apps) {
      await switchTo(app, true);
      await until('all of it', async () => (await rows(app, friend)).length >= expected.length);
      expect(await rows(app, friend)).toEqual(expected);
    }
  });

  it('find everything on a server that was killed as soon as it had delivered it', async () => {
    const [me, friend] = [await user(), await user()];
    const bob = await client(friend, 'bob');
    const phone = await client(me, 'phone');
    for (const text of ['one', 'two', 'three']) await bob.say(me, text);
    await phone.expectText('three');
    await server.restart({ kill: 'SIGKILL' });
    // A new computer knows only what the archive has.
    const app = await computer(me);
    await until('all three', async () => (await rows(app, friend)).length === 3);
    expect((await rows(app, friend)).map(([, text]) => text)).toEqual(['one', 'two', 'three']);
  });

  it('bring a long absence home in order', async () => {
    const [me, friend] = [await user(), await user()];
    const app = await computer(me);
    const bob = await client(friend, 'bob');
    const account = app.window.account(me);
    if (account === undefined) throw new Error('there is no account');
    await bob.say(me, 'first');
    await app.window.message('first', ({ body }) => body === 'first');
    await app.window.api.accounts.setEnabled({ accountId: account.id, enabled: false });
    const texts = Array.from({ length: 450 }, (_, index) => `text ${index}`);
    await Promise.all(texts.map((text) => bob.say(me, text)));
    await app.window.api.accounts.setEnabled({ accountId: account.id, enabled: true });
    await until('the last one', () => app.window.chatWith(friend)?.unread === 451);
    const chat = app.window.chatWith(friend);
    const all: string[] = [];
    let page = await app.window.api.messages.page({ kind: 'latest', chatId: chat?.id as never, limit: 200 });
    all.unshift(...page.rows.map(({ body }) => body));
    while (page.hasOlder && page.rows[0] !== undefined) {
      page = await app.window.api.messages.page({
        kind: 'before',
        chatId: chat?.id as never,
        anchor: page.rows[0].id,
        limit: 200,
      });
      all.unshift(...page.rows.map(({ body }) => body));
    }
    expect(all).toEqual(['first', ...texts]);
  });
});

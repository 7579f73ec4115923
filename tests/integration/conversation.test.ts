import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { logIn, startApp, type TestApp } from '#tests/support/app.ts';
import { Peer } from '#tests/support/peer.ts';
import { startServer, type XmppServer } from '#tests/support/server.ts';
import { until } from '#tests/support/until.ts';
import { discoInfoRequest, readDiscoInfo } from '#main/xmpp/features/disco.ts';
import { NS, xml } from '#main/xmpp/stanza.ts';

/** One person with this application, and their contacts on other clients, on a real server. */
let server: XmppServer;
const started: { stop(): Promise<void> }[] = [];

const JIDS = ['alice', 'alice2', 'bob', 'carol', 'mallory', 'user-ü'].map((name) => `${name}@localhost`);

beforeAll(async () => {
  server = await startServer({ accounts: JIDS.map((jid) => ({ jid, password: `pw ${jid}` })) });
});
afterAll(() => server.stop());
afterEach(async () => {
  await Promise.all(started.splice(0).map((one) => one.stop()));
});

const open = async (): Promise<TestApp> => {
  const app = await startApp({ extraCa: server.ca });
  started.push(app);
  return app;
};
const peer = async (jid: string, resource?: string): Promise<Peer> => {
  const one = await Peer.start({
    jid,
    password: `pw ${jid}`,
    port: server.port,
    ca: server.ca,
    ...(resource === undefined ? {} : { resource }),
  });
  started.push({ stop: () => one.close() });
  return one;
};
/** Both see each other, as people who know each other do. */
const befriend = async (app: TestApp, other: Peer): Promise<void> => {
  const [account] = app.window.accounts.values();
  if (account === undefined) throw new Error('nobody is logged in');
  await app.window.api.contacts.add({ accountId: account.id, jid: other.jid });
  await other.befriend(account.jid);
  await until('both to see each other', () => app.window.contacts.get(other.jid)?.subscription === 'both');
};

describe('a conversation', () => {
  it('goes both ways, shows who is there and who is writing, and is still there after a restart', async () => {
    const app = await open();
    const account = await logIn(app, server, 'alice@localhost', 'pw alice@localhost');
    const bob = await peer('bob@localhost');
    await befriend(app, bob);
    await bob.show('away', 'at lunch');
    await until('bob to be away', () => app.window.contacts.get('bob@localhost')?.availability === 'away');
    expect(app.window.contacts.get('bob@localhost')).toMatchObject({ statusText: 'at lunch', devices: 1 });

    const chat = await app.window.api.chats.open({ accountId: account.id, jid: 'Bob@localhost' });
    const sent = await app.window.api.messages.send({
      chatId: chat.id,
      text: 'Hello <b>Bob</b> & 🔑\nline two',
    });
    await bob.expectText('Hello <b>Bob</b> & 🔑\nline two');
    await app.window.message('acknowledged', ({ id, state }) => id === sent.id && state === 'acked');

    await bob.type('alice@localhost', 'composing');
    await until('bob to be writing', () => app.window.chats.get(chat.id)?.typing === true);
    await bob.say('alice@localhost', 'Hi Alice');
    const heard = await app.window.message('the answer', ({ body }) => body === 'Hi Alice');
    await until('one unread', () => app.window.chats.get(chat.id)?.unread === 1);
    expect(app.window.chats.get(chat.id)).toMatchObject({ typing: false, last: { preview: 'Hi Alice' } });
    expect(app.badge()).toBe(1);
    await app.window.api.chats.markRead({ chatId: chat.id, upTo: heard.id });
    await until('nothing unread', () => app.window.chats.get(chat.id)?.unread === 0 && app.badge() === 0);
    await app.window.api.chats.setDraft({ chatId: chat.id, text: 'half a thought' });

    const again = await app.restart();
    started.push(again);
    await again.window.phase('alice@localhost', 'online');
    expect(again.window.chatWith('bob@localhost')).toMatchObject({ draft: 'half a thought', unread: 0 });
    const page = await again.window.api.messages.page({ kind: 'latest', chatId: chat.id });
    expect(page.rows.map(({ body, state }) => [body, state])).toEqual([
      ['Hello <b>Bob</b> & 🔑\nline two', 'acked'],
      ['Hi Alice', 'received'],
    ]);
    await until(
      'bob to be seen again',
      () => again.window.contacts.get('bob@localhost')?.availability === 'away',
    );
  });

  it('waits while the server is away, and goes on in order when it is back', async () => {
    const app = await open();
    const account = await logIn(app, server, 'alice@localhost', 'pw alice@localhost');
    const chat = await app.window.api.chats.open({ accountId: account.id, jid: 'carol@localhost' });
    await server.halt('SIGKILL');
    await app.window.phase('alice@localhost', 'waiting');
    const texts = ['first', 'second', 'third'];
    for (const text of texts) {
      expect((await app.window.api.messages.send({ chatId: chat.id, text })).state).toBe('queued');
    }
    await server.start();
    const carol = await peer('carol@localhost');
    await app.window.api.accounts.retryNow({ accountId: account.id });
    await carol.expectText('third');
    expect(carol.heard.flatMap((stanza) => stanza.getChildText('body') ?? [])).toEqual(texts);
    await app.window.message('on the server', ({ body, state }) => body === 'third' && state === 'acked');
  });

  it('keeps what was written when the application ends before it could be sent', async () => {
    const app = await open();
    const account = await logIn(app, server, 'alice@localhost', 'pw alice@localhost');
    const chat = await app.window.api.chats.open({ accountId: account.id, jid: 'carol@localhost' });
    await app.window.api.accounts.setEnabled({ accountId: account.id, enabled: false });
    await app.window.api.messages.send({ chatId: chat.id, text: 'written before the restart' });
    const again = await app.restart();
    started.push(again);
    expect(again.window.account('alice@localhost')).toMatchObject({ phase: 'disabled', enabled: false });
    const carol = await peer('carol@localhost');
    await again.window.api.accounts.setEnabled({ accountId: account.id, enabled: true });
    await carol.expectText('written before the restart');
  });

  it('says at the message that nobody could take it', async () => {
    const app = await open();
    const account = await logIn(app, server, 'alice@localhost', 'pw alice@localhost');
    const chat = await app.window.api.chats.open({ accountId: account.id, jid: 'nobody@nowhere.invalid' });
    // Otherwise it would not even leave: nobody can be asked for devices there.
    await app.window.api.encryption.setProtection({ chatId: chat.id, choice: 'none' });
    const sent = await app.window.api.messages.send({ chatId: chat.id, text: 'anybody there?' });
    const failed = await app.window.message(
      'the failure',
      ({ id, state }) => id === sent.id && state === 'failed',
    );
    expect(failed.failure).toMatch(/^(remote-server-not-found|service-unavailable|not-allowed|forbidden)$/);
  });
});

describe('contacts', () => {
  it('ask, and are let in or not', async () => {
    const app = await open();
    const account = await logIn(app, server, 'alice2@localhost', 'pw alice2@localhost');
    const bob = await peer('bob@localhost');
    const mallory = await peer('mallory@localhost');
    await bob.befriend('alice2@localhost');
    await mallory.befriend('alice2@localhost');
    await until('two requests', () => app.window.requests.get(account.id)?.length === 2);
    await app.window.api.contacts.answerRequest({
      accountId: account.id,
      jid: 'mallory@localhost',
      accept: false,
    });
    await app.window.api.contacts.answerRequest({
      accountId: account.id,
      jid: 'bob@localhost',
      accept: true,
    });
    await until(
      'bob to be a contact',
      () => app.window.contacts.get('bob@localhost')?.subscription === 'both',
    );
    await until('no request', () => app.window.requests.get(account.id)?.length === 0);
    await mallory.expect('the refusal', (one) => one.is('presence') && one.attrs['type'] === 'unsubscribed');
    expect(app.window.contacts.has('mallory@localhost')).toBe(false);

    await app.window.api.contacts.rename({
      accountId: account.id,
      jid: 'bob@localhost',
      name: 'Bob from work',
    });
    await until('the new name', () => app.window.contacts.get('bob@localhost')?.name === 'Bob from work');
    await app.window.api.contacts.remove({ accountId: account.id, jid: 'bob@localhost' });
    await until('bob to be gone', () => !app.window.contacts.has('bob@localhost'));
    await expect(
      app.window.api.contacts.remove({ accountId: account.id, jid: 'bob@localhost' }),
    ).rejects.toMatchObject({ code: 'not-found' });
  });

  it('learn what this client can do, and strangers do not even learn that it is there', async () => {
    const app = await open();
    await logIn(app, server, 'alice@localhost', 'pw alice@localhost');
    const bob = await peer('bob@localhost');
    await befriend(app, bob);
    const presence = await bob.expect(
      'her presence',
      (one) => one.is('presence') && one.getChild('c') !== undefined,
    );
    const full = presence.attrs['from'] ?? '';
    const info = readDiscoInfo(await bob.request(discoInfoRequest(full)));
    expect(info?.features).toEqual(expect.arrayContaining([NS.ping, NS.version, NS.chatStates, NS.stanzaId]));
    const version = await bob.request(
      xml('iq', { type: 'get', to: full }, xml('query', { xmlns: NS.version })),
    );
    expect(version.getChild('query')?.getChild('os')).toBeUndefined();
    const mallory = await peer('mallory@localhost');
    for (const payload of [xml('ping', { xmlns: NS.ping }), xml('query', { xmlns: NS.version })]) {
      await expect(mallory.request(xml('iq', { type: 'get', to: full }, payload))).rejects.toMatchObject({
        condition: 'service-unavailable',
      });
    }
  });
});

describe('several accounts', () => {
  it('are online at once, and one goes with everything that belongs to it', async () => {
    const app = await open();
    await logIn(app, server, 'alice@localhost', 'pw alice@localhost');
    const second = await logIn(app, server, 'alice2@localhost', 'pw alice2@localhost');
    const bob = await peer('bob@localhost');
    await bob.say('alice@localhost', 'to the first');
    await bob.say('alice2@localhost', 'to the second');
    await app.window.message('both', ({ body }) => body === 'to the second');
    await app.window.message('both', ({ body }) => body === 'to the first');
    await app.window.api.accounts.remove({ accountId: second.id });
    const again = await app.restart();
    started.push(again);
    expect([...again.window.accounts.values()].map(({ jid }) => jid)).toEqual(['alice@localhost']);
    const previews = [...again.window.chats.values()].map(({ last }) => last?.preview);
    expect(previews).toContain('to the first');
    expect(previews).not.toContain('to the second');
    await expect(
      again.window.api.accounts.setEnabled({ accountId: second.id, enabled: true }),
    ).rejects.toMatchObject({ code: 'not-found' });
  });

  it('are kept only once, and only when the login worked', async () => {
    const app = await open();
    const login = { jid: 'alice@localhost', host: server.host, port: server.port };
    await expect(app.window.api.accounts.add({ ...login, password: 'wrong' })).rejects.toMatchObject({
      code: 'auth-failed',
      detail: { step: 'auth', advice: 'needs-user' },
    });
    expect((await app.window.ready()).accounts).toEqual([]);
    await logIn(app, server, 'alice@localhost', 'pw alice@localhost');
    await expect(
      app.window.api.accounts.add({ ...login, password: 'pw alice@localhost' }),
    ).rejects.toMatchObject({ code: 'account-exists' });
  });

  it('log in with a name and a password beyond ASCII', async () => {
    const app = await open();
    const password = server.traits.oldUnicode ? 'pässwörd ключ' : 'pässwörd 🔑 ключ';
    await server.addUser('user-ü@localhost', password);
    await logIn(app, server, 'user-ü@localhost', password);
  });

  it('say that the password was changed elsewhere, and go on with the new one', async () => {
    const app = await open();
    await server.addUser('carol@localhost', 'old');
    const account = await logIn(app, server, 'carol@localhost', 'old');
    await server.addUser('carol@localhost', 'new');
    await server.restart();
    await app.window.api.accounts.retryNow({ accountId: account.id });
    const failed = await until('the failure', () => {
      const now = app.window.account('carol@localhost');
      return now?.phase === 'failed' && now;
    });
    expect(failed.error).toMatchObject({ code: 'auth-failed', step: 'auth', advice: 'needs-user' });
    await app.window.api.accounts.setPassword({ accountId: account.id, password: 'new' });
    await app.window.phase('carol@localhost', 'online');
    await server.addUser('carol@localhost', 'pw carol@localhost');
  });

  it('come back after the computer slept', async () => {
    const app = await open();
    await logIn(app, server, 'alice@localhost', 'pw alice@localhost');
    app.power('suspend');
    await app.window.phase('alice@localhost', 'offline');
    const bob = await peer('bob@localhost');
    await bob.say('alice@localhost', 'while you slept');
    app.power('wake');
    await app.window.phase('alice@localhost', 'online');
    await app.window.message('what came meanwhile', ({ body }) => body === 'while you slept');
  });
});

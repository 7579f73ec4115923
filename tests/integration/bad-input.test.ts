import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { replace } from '#main/xmpp/features/correction.ts';
import { displayedMessage } from '#main/xmpp/features/markers.ts';
import { textMessage } from '#main/xmpp/features/message.ts';
import { reactionsMessage } from '#main/xmpp/features/reactions.ts';
import { receiptMessage } from '#main/xmpp/features/receipts.ts';
import { retractionMessage } from '#main/xmpp/features/retraction.ts';
import { xml } from '#main/xmpp/stanza.ts';
import { logIn, startApp, type TestApp } from '#tests/support/app.ts';
import { Peer } from '#tests/support/peer.ts';
import { startServer, type XmppServer } from '#tests/support/server.ts';
import { until } from '#tests/support/until.ts';
import type { AccountView } from '#shared/views.ts';

/** What strangers and their clients send, on a real server: shown harmlessly, or refused, and nothing lost. */
let server: XmppServer;
let app: TestApp;
let account: AccountView;
let mallory: Peer;

beforeAll(async () => {
  const accounts = ['alice', 'bob', 'mallory'].map((name) => ({ jid: `${name}@localhost`, password: name }));
  server = await startServer({ accounts });
});
afterAll(() => server.stop());
beforeEach(async () => {
  app = await startApp({ extraCa: server.ca });
  account = await logIn(app, server, 'alice@localhost', 'alice');
  mallory = await Peer.start({
    jid: 'mallory@localhost',
    password: 'mallory',
    port: server.port,
    ca: server.ca,
  });
});
afterEach(async () => {
  await mallory.close();
  await app.stop();
});

/** The connection lives and nothing that follows is lost. */
const stillAlive = async (): Promise<void> => {
  const text = `still there? ${Math.random()}`;
  await mallory.say('alice@localhost', text);
  await app.window.message('the next message', ({ body }) => body === text);
  expect(app.window.account('alice@localhost')?.phase).toBe('online');
};

describe('names of others', () => {
  it('stay in one line, readable and short', async () => {
    const nick = `‮gnp.exe\u0000\n${'x'.repeat(10_000)}`.replace('\u0000', '');
    await mallory.send(
      xml(
        'presence',
        { type: 'subscribe', to: 'alice@localhost' },
        xml('status', {}, `⁦${'y'.repeat(10_000)}\n\n`),
        xml('nick', { xmlns: 'http://jabber.org/protocol/nick' }, nick),
      ),
    );
    const [request] = await until('the request', () => {
      const rows = app.window.requests.get(account.id);
      return rows?.length === 1 && rows;
    });
    expect(request?.name.length).toBeLessThanOrEqual(120);
    expect(`${request?.name}${request?.text}`).not.toMatch(/[\u202a-\u202e\u2066-\u2069\n]/u);
    await stillAlive();
  });

  it('cannot make text of ours run backwards, and the text itself is kept as it was', async () => {
    await mallory.say('alice@localhost', 'safe‮txt.exe');
    const message = await app.window.message('the text', ({ body }) => body.startsWith('safe'));
    expect(message.body).toBe('safe‮txt.exe');
    const chat = await until('the chat', () => app.window.chatWith('mallory@localhost'));
    // Of a stranger nothing is shown before the user has let them in.
    expect(chat.last?.preview).toBe('');
    const accepted = await app.window.api.chats.accept({ chatId: chat.id });
    expect(accepted.last?.preview).toBe('safetxt.exe');
  });
});

describe('stanzas from the wrong sender', () => {
  it('change nothing: roster pushes, answers, carbons, archive results, errors', async () => {
    const bobsChat = await app.window.api.chats.open({ accountId: account.id, jid: 'bob@localhost' });
    const own = await app.window.api.messages.send({ chatId: bobsChat.id, text: 'to bob' });
    await app.window.message('acknowledged', ({ id, state }) => id === own.id && state === 'acked');
    const presence = await mallory.expect('own presence', (one) => one.is('presence'));
    expect(presence).toBeDefined();
    const forged = xml(
      'message',
      { xmlns: 'jabber:client', from: 'bob@localhost/x', to: 'alice@localhost/y', type: 'chat' },
      xml('body', {}, 'I am bob, send money'),
    );
    const wrapped = xml('forwarded', { xmlns: 'urn:xmpp:forward:0' }, forged);
    await mallory.send(
      xml(
        'message',
        { to: 'alice@localhost', type: 'chat' },
        xml('received', { xmlns: 'urn:xmpp:carbons:2' }, wrapped),
      ),
    );
    await mallory.send(
      xml(
        'message',
        { to: 'alice@localhost', type: 'chat' },
        xml('result', { xmlns: 'urn:xmpp:mam:2', id: '1' }, wrapped),
      ),
    );
    await mallory.send(
      xml(
        'iq',
        { to: 'alice@localhost/x', type: 'set', id: 'r' },
        xml(
          'query',
          { xmlns: 'jabber:iq:roster' },
          xml('item', { jid: 'mallory@localhost', subscription: 'both' }),
        ),
      ),
    );
    const condition = xml(
      'error',
      { type: 'cancel' },
      xml('forbidden', { xmlns: 'urn:ietf:params:xml:ns:xmpp-stanzas' }),
    );
    await mallory.send(xml('message', { to: 'alice@localhost', type: 'error', id: 'guessed' }, condition));
    await stillAlive();
    const bobs = await app.window.api.messages.page({ kind: 'latest', chatId: bobsChat.id });
    expect(bobs.rows.map(({ body, state }) => [body, state])).toEqual([['to bob', 'acked']]);
    expect(app.window.contacts.has('mallory@localhost')).toBe(false);
    expect([...app.window.messages.values()].some(({ body }) => body.includes('send money'))).toBe(false);
  });
});

describe('what a third party says about the messages of others', () => {
  it('changes none of them: edits, retractions, reactions, receipts and markers', async () => {
    const bob = await Peer.start({ jid: 'bob@localhost', password: 'bob', port: server.port, ca: server.ca });
    const chat = await app.window.api.chats.open({ accountId: account.id, jid: 'bob@localhost' });
    const own = await app.window.api.messages.send({ chatId: chat.id, text: 'between us' });
    const ownId = (await bob.expectText('between us')).attrs['id'] ?? '';
    await bob.say('alice@localhost', 'as I said', 'bobs');
    const theirs = await app.window.message('his', ({ body }) => body === 'as I said');
    await app.window.message('acknowledged', ({ id, state }) => id === own.id && state === 'acked');
    const to = 'alice@localhost';
    for (const about of [ownId, 'bobs', 'nothing that exists']) {
      const id = (): string => `mallory-${Math.random()}`;
      const extensions = [replace(about)];
      await mallory.send(textMessage({ to, id: id(), body: 'forged', chatState: false, extensions }));
      await mallory.send(retractionMessage({ to, id: id(), type: 'chat', retracts: about }));
      const emojis = Array.from({ length: 300 }, (_, index) => String.fromCodePoint(0x1f300 + index));
      await mallory.send(reactionsMessage({ to, id: id(), type: 'chat', about, emojis }));
      await mallory.send(receiptMessage({ to, id: id(), type: 'chat', received: about }));
      await mallory.send(displayedMessage({ to, id: id(), type: 'chat', displayed: about }));
    }
    await stillAlive();
    const { rows } = await app.window.api.messages.page({ kind: 'latest', chatId: chat.id });
    for (const [row, state] of [
      [own, 'acked'],
      [theirs, 'received'],
    ] as const) {
      const now = rows.find(({ id }) => id === row.id);
      expect(now).toMatchObject({ body: row.body, state });
      expect([now?.editedAt, now?.reactions, now?.retracted]).toEqual([undefined, undefined, undefined]);
    }
    // What he wrote himself is his, in his own chat.
    expect(app.window.chatWith('mallory@localhost')?.id).not.toBe(chat.id);
    await bob.close();
  });
});

describe('sizes', () => {
  it('of what the server lets through are no problem', async () => {
    const text = 'ключ🔑 '.repeat(8_000);
    await mallory.say('alice@localhost', text);
    const message = await app.window.message('all of it', ({ body }) => body.length === text.length);
    expect(message.body).toBe(text);
    await stillAlive();
  });
});

describe('what the window sends', () => {
  it('is refused where XML or the limits forbid it, and nothing is stored', async () => {
    const chat = await app.window.api.chats.open({ accountId: account.id, jid: 'bob@localhost' });
    const before = await app.window.api.messages.page({ kind: 'latest', chatId: chat.id });
    for (const text of ['a\u0000b', 'lone \ud800 surrogate', '', '   \n', 'x'.repeat(50_001), '\uffff']) {
      await expect(app.window.api.messages.send({ chatId: chat.id, text })).rejects.toMatchObject({
        code: 'bad-request',
      });
    }
    for (const jid of [
      '',
      '@',
      'a@',
      '@b',
      'a@b@c',
      'a b@c',
      'a@b/',
      `${'x'.repeat(1100)}@b`,
      'a@b\u0000',
      'a@..b',
    ]) {
      await expect(app.window.api.chats.open({ accountId: account.id, jid })).rejects.toMatchObject({
        code: 'bad-request',
      });
    }
    const page = await app.window.api.messages.page({ kind: 'latest', chatId: chat.id });
    // What earlier tests wrote is still there, and may come back by the archive meanwhile.
    const known = new Set([...before.rows.map(({ body }) => body), 'to bob']);
    expect(page.rows.filter(({ body }) => !known.has(body))).toEqual([]);
    await expect(app.window.api.app.openLink({ url: 'javascript:alert(1)' })).rejects.toMatchObject({
      code: 'denied',
    });
    await expect(app.window.api.app.openLink({ url: 'file:///etc/passwd' })).rejects.toMatchObject({
      code: 'denied',
    });
    expect(app.opened).toEqual([]);
  });

  it('survives the trip with every character that XML can carry', async () => {
    const bob = await Peer.start({ jid: 'bob@localhost', password: 'bob', port: server.port, ca: server.ca });
    const chat = await app.window.api.chats.open({ accountId: account.id, jid: 'bob@localhost' });
    const text = `<&>"' ]]> \t tab\r\nline\u2028 🏳️‍🌈 العربية 漢字 &amp; &#0; ${'é'.normalize('NFD')}`;
    await app.window.api.messages.send({ chatId: chat.id, text });
    // XML 1.0 section 2.11 turns a raw CR LF into LF.
    const heard = await bob.expect('the text', (one) => one.getChildText('body')?.startsWith('<&>') ?? false);
    expect(heard.getChildText('body')?.replaceAll('\r\n', '\n')).toBe(text.replaceAll('\r\n', '\n'));
    await bob.close();
  });
});

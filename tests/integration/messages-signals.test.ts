import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { replace } from '#main/xmpp/features/correction.ts';
import { displayedMessage, markable } from '#main/xmpp/features/markers.ts';
import { textMessage } from '#main/xmpp/features/message.ts';
import { reactionsMessage } from '#main/xmpp/features/reactions.ts';
import { receiptMessage, receiptRequest } from '#main/xmpp/features/receipts.ts';
import { replyContent } from '#main/xmpp/features/replies.ts';
import { retractionMessage } from '#main/xmpp/features/retraction.ts';
import { child, type Element } from '#main/xmpp/stanza.ts';
import { logIn, startApp, type TestApp } from '#tests/support/app.ts';
import { Peer } from '#tests/support/peer.ts';
import { startServer, type XmppServer } from '#tests/support/server.ts';
import { until } from '#tests/support/until.ts';
import type { ChatId } from '#shared/ids.ts';
import type { ChatView, MessageView } from '#shared/views.ts';

/** What contacts tell each other about messages, on a real server, and what strangers cannot. */
let server: XmppServer;
const started: { stop(): Promise<void> }[] = [];

const ALICE = 'alice@localhost';
const BOB = 'bob@localhost';
const MALLORY = 'mallory@localhost';

beforeAll(async () => {
  server = await startServer({
    accounts: [ALICE, BOB, MALLORY].map((jid) => ({ jid, password: `pw ${jid}` })),
  });
});
afterAll(() => server.stop());
afterEach(async () => {
  await Promise.all(started.splice(0).map((one) => one.stop()));
});

const peer = async (jid: string): Promise<Peer> => {
  const one = await Peer.start({ jid, password: `pw ${jid}`, port: server.port, ca: server.ca });
  started.push({ stop: () => one.close() });
  return one;
};

/** Alice with this application, and Bob, whom she knows. */
const friends = async (): Promise<{ app: TestApp; bob: Peer; chat: ChatView }> => {
  const app = await startApp({ extraCa: server.ca });
  started.push(app);
  const account = await logIn(app, server, ALICE, `pw ${ALICE}`);
  const bob = await peer(BOB);
  await app.window.api.contacts.add({ accountId: account.id, jid: BOB });
  await bob.befriend(ALICE);
  await until('both to see each other', () => app.window.contacts.get(BOB)?.subscription === 'both');
  return { app, bob, chat: await app.window.api.chats.open({ accountId: account.id, jid: BOB }) };
};

const RECEIPTS = 'urn:xmpp:receipts';
const MARKERS = 'urn:xmpp:chat-markers:0';
const has =
  (name: string, xmlns: string, id: string) =>
  (stanza: Element): boolean =>
    child(stanza, name, xmlns)?.attrs['id'] === id;
const asking = (id: string, body: string): Element =>
  textMessage({ to: ALICE, id, body, chatState: false, extensions: [receiptRequest(), markable()] });
const withBody = (app: TestApp, body: string): Promise<MessageView> =>
  app.window.message(body, (message) => message.body === body);
/** What the window shows of a message, once it fits. */
const shows = (
  app: TestApp,
  id: number,
  what: string,
  fits: (row: MessageView) => boolean,
): Promise<MessageView> =>
  until(`${what}, not ${JSON.stringify(app.window.messages.get(id))}`, () => {
    const row = app.window.messages.get(id);
    return row !== undefined && fits(row) && row;
  });
/** A message that Bob has, with its id on the wire. */
const sent = async (
  app: TestApp,
  bob: Peer,
  chatId: ChatId,
  text: string,
): Promise<{ row: MessageView; id: string }> => {
  const row = await app.window.api.messages.send({ chatId, text });
  const id = (await bob.expectText(text)).attrs['id'] ?? '';
  await shows(app, row.id, 'it to be on the server', ({ state }) => state === 'acked');
  return { row, id };
};

describe('receipts and markers', () => {
  it('tell contacts that a message arrived and that it was read, in both directions', async () => {
    const { app, bob, chat } = await friends();
    await bob.send(asking('b1', 'Are you there?'));
    await bob.expect('the receipt', has('received', RECEIPTS, 'b1'));
    await bob.send(asking('b2', 'And this?'));
    const newest = await withBody(app, 'And this?');
    expect(bob.heard.some((stanza) => child(stanza, 'displayed', MARKERS) !== undefined)).toBe(false);
    await app.window.api.chats.markRead({ chatId: chat.id, upTo: newest.id });
    await bob.expect('the marker', has('displayed', MARKERS, 'b2'));

    const { row: first } = await sent(app, bob, chat.id, 'first');
    const { row: second, id } = await sent(app, bob, chat.id, 'second');
    const heard = await bob.expectText('second');
    expect([child(heard, 'request', RECEIPTS), child(heard, 'markable', MARKERS)]).not.toContain(undefined);
    await bob.send(receiptMessage({ to: ALICE, id: randomUUID(), type: 'chat', received: id }));
    await shows(app, second.id, 'delivered', ({ state }) => state === 'delivered');
    const marker = { to: ALICE, id: randomUUID(), type: 'chat', displayed: id } as const;
    await bob.send(displayedMessage(marker));
    await shows(app, second.id, 'read', ({ state }) => state === 'read');
    await shows(app, first.id, 'read too', ({ state }) => state === 'read');
  });

  it('stay silent where the user wants that', async () => {
    const { app, bob, chat } = await friends();
    await app.window.api.settings.update({ sendReceipts: false, sendReadMarkers: false });
    await bob.send(asking('silent', 'psst'));
    const row = await withBody(app, 'psst');
    await app.window.api.chats.markRead({ chatId: chat.id, upTo: row.id });
    await sent(app, bob, chat.id, 'what comes after would come after');
    const told = bob.heard.filter(
      (stanza) => has('received', RECEIPTS, 'silent')(stanza) || has('displayed', MARKERS, 'silent')(stanza),
    );
    expect(told).toEqual([]);
  });

  it('are not believed from anybody but the recipient', async () => {
    const { app, bob, chat } = await friends();
    const mallory = await peer(MALLORY);
    const { row, id } = await sent(app, bob, chat.id, 'for Bob alone');
    await mallory.send(receiptMessage({ to: ALICE, id: 'r', type: 'chat', received: id }));
    await mallory.send(displayedMessage({ to: ALICE, id: 'd', type: 'chat', displayed: id }));
    await mallory.say(ALICE, 'I have seen it');
    await withBody(app, 'I have seen it');
    expect(app.window.messages.get(row.id)?.state).toBe('acked');
  });
});

describe('a stranger', () => {
  it('waits in Requests: no receipt, no badge, no preview, until the user answers', async () => {
    const { app } = await friends();
    const mallory = await peer(MALLORY);
    const before = app.badge();
    await mallory.send(asking('m1', 'Buy my coins'));
    const row = await withBody(app, 'Buy my coins');
    const chat = await until('the request', () => app.window.chatWith(MALLORY));
    expect(chat).toMatchObject({ standing: 'request', unread: expect.any(Number) as number });
    expect(chat.last?.preview).toBe('');
    expect(app.badge()).toBe(before);
    await app.window.api.chats.markRead({ chatId: row.chatId, upTo: row.id });
    expect(await app.window.api.chats.accept({ chatId: row.chatId })).toMatchObject({ standing: 'open' });
    await app.window.api.messages.send({ chatId: row.chatId, text: 'No, thanks' });
    await mallory.expectText('No, thanks');
    const told = mallory.heard.filter(
      (one) => child(one, 'received', RECEIPTS) ?? child(one, 'displayed', MARKERS),
    );
    expect(told).toEqual([]);
  });

  it('is blocked with one call, for all devices, and let in again', async () => {
    const { app } = await friends();
    const [account] = app.window.accounts.values();
    if (account === undefined) throw new Error('nobody is logged in');
    const mallory = await peer(MALLORY);
    const address = { accountId: account.id, jid: MALLORY };
    await app.window.api.chats.open(address);
    expect(await app.window.api.contacts.block({ ...address, report: { reason: 'spam', text: '' } })).toEqual(
      { reported: false },
    );
    await until('the chat to be blocked', () => app.window.chatWith(MALLORY)?.standing === 'blocked');
    expect(await app.window.api.contacts.blocked({ accountId: account.id })).toEqual({ jids: [MALLORY] });
    await mallory.say(ALICE, 'let me in');
    await app.window.api.contacts.unblock(address);
    await until('the chat to be open', () => app.window.chatWith(MALLORY)?.standing === 'open');
    await mallory.say(ALICE, 'hello again');
    await withBody(app, 'hello again');
    expect([...app.window.messages.values()].map(({ body }) => body)).not.toContain('let me in');
  });
});

describe('messages change', () => {
  it('by edits of their author, old ones too, with a history; by nobody else', async () => {
    const { app, bob, chat } = await friends();
    const mallory = await peer(MALLORY);
    const { row, id } = await sent(app, bob, chat.id, 'Meet me at 5');
    await app.window.api.messages.edit({ messageId: row.id, text: 'Meet me at 6' });
    const edit = await bob.expectText('Meet me at 6');
    expect(child(edit, 'replace', 'urn:xmpp:message-correct:0')?.attrs['id']).toBe(id);
    await app.window.api.messages.edit({ messageId: row.id, text: 'Meet me at 7' });
    const again = await bob.expectText('Meet me at 7');
    expect(child(again, 'replace', 'urn:xmpp:message-correct:0')?.attrs['id']).toBe(id);
    const { versions } = await app.window.api.messages.history({ messageId: row.id });
    expect(versions.map(({ body }) => body)).toEqual(['Meet me at 5', 'Meet me at 6', 'Meet me at 7']);

    await bob.say(ALICE, 'teh text', 'typo');
    await bob.say(ALICE, 'something newer');
    const theirs = await withBody(app, 'teh text');
    const correction = (body: string): Element =>
      textMessage({ to: ALICE, id: randomUUID(), body, chatState: false, extensions: [replace('typo')] });
    await mallory.send(correction('the forged text'));
    await withBody(app, 'the forged text');
    expect(app.window.messages.get(theirs.id)?.body).toBe('teh text');
    await bob.send(correction('the text'));
    const edited = await shows(app, theirs.id, 'the edit', ({ body }) => body === 'the text');
    expect(edited.editedAt).toBeDefined();
  });

  it('when they are taken back, in both directions', async () => {
    const { app, bob, chat } = await friends();
    const { row, id } = await sent(app, bob, chat.id, 'a mistake');
    const gone = await app.window.api.messages.retract({ messageId: row.id });
    expect(gone).toMatchObject({ retracted: true, body: '' });
    await bob.expect('the retraction', has('retract', 'urn:xmpp:message-retract:1', id));
    await bob.say(ALICE, 'his mistake', 'his');
    const theirs = await withBody(app, 'his mistake');
    await bob.send(retractionMessage({ to: ALICE, id: randomUUID(), type: 'chat', retracts: 'his' }));
    await shows(app, theirs.id, 'the tombstone', ({ retracted, body }) => retracted === true && body === '');
    await expect(app.window.api.messages.edit({ messageId: row.id, text: 'back' })).rejects.toMatchObject({
      code: 'not-found',
    });
  });

  it('by reactions, and replies quote them', async () => {
    const { app, bob, chat } = await friends();
    const { row, id } = await sent(app, bob, chat.id, 'Who comes? 🎉');
    await bob.send(
      reactionsMessage({ to: ALICE, id: randomUUID(), type: 'chat', about: id, emojis: ['👍', '🎉'] }),
    );
    await shows(app, row.id, 'two reactions', ({ reactions }) => reactions?.length === 2);
    await app.window.api.messages.react({ messageId: row.id, emoji: '👍', on: true });
    const both = await shows(app, row.id, 'the own one', ({ reactions }) => reactions?.[0]?.mine === true);
    expect(both.reactions).toEqual([
      { emoji: '👍', count: 2, mine: true },
      { emoji: '🎉', count: 1, mine: false },
    ]);
    await bob.expect('the reaction', has('reactions', 'urn:xmpp:reactions:0', id));

    const { body, extensions } = replyContent({ id, author: ALICE, quoted: 'Who comes? 🎉', body: 'Me!' });
    await bob.send(textMessage({ to: ALICE, id: 'reply', body, chatState: false, extensions }));
    const reply = await withBody(app, 'Me!');
    expect(reply.reply).toEqual({ messageId: row.id, mine: true, quote: 'Who comes? 🎉' });
    await app.window.api.messages.send({ chatId: chat.id, text: 'Great', replyTo: reply.id });
    const heard = await bob.expectText('> Me!\nGreat');
    expect(child(heard, 'reply', 'urn:xmpp:reply:0')?.attrs).toMatchObject({ id: 'reply', to: BOB });
  });
});

describe('sending later', () => {
  it('waits for its time, also over a restart, and can be taken back until then', async () => {
    const { app, bob, chat } = await friends();
    const later = Date.now() + 3_600_000;
    const scheduled = await app.window.api.messages.send({
      chatId: chat.id,
      text: 'tomorrow',
      sendAt: later,
    });
    const forgotten = await app.window.api.messages.send({ chatId: chat.id, text: 'never', sendAt: later });
    expect(scheduled).toMatchObject({ state: 'queued', sendAt: later });
    await sent(app, bob, chat.id, 'meanwhile');
    const again = await app.restart();
    started.push(again);
    await again.window.phase(ALICE, 'online');
    const { messages } = again.window.api;
    expect(await messages.cancel({ messageId: forgotten.id })).toEqual({ withdrawn: true, text: 'never' });
    await messages.edit({ messageId: scheduled.id, text: 'today' });
    await messages.reschedule({ messageId: scheduled.id, sendAt: Date.now() + 300 });
    await bob.expectText('today');
    expect(bob.heard.map((stanza) => stanza.getChildText('body'))).not.toContain('never');
    expect(await messages.cancel({ messageId: scheduled.id })).toEqual({ withdrawn: false });
  });
});

describe('archive preferences', () => {
  it('are read from the server and changed there', async () => {
    const { app } = await friends();
    const [account] = app.window.accounts.values();
    if (account === undefined) throw new Error('nobody is logged in');
    const { accounts } = app.window.api;
    const before = await accounts.archivePreferences({ accountId: account.id });
    const preferences = { default: 'roster', always: [BOB], never: [MALLORY] } as const;
    const after = await accounts.setArchivePreferences({
      accountId: account.id,
      preferences: { ...preferences, always: [BOB], never: [MALLORY] },
    });
    expect(after).toEqual(preferences);
    await accounts.setArchivePreferences({
      accountId: account.id,
      preferences: { default: before.default, always: [...before.always], never: [...before.never] },
    });
  });
});

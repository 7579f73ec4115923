import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ChatView, MessageView } from '#shared/views.ts';
import { logIn, startApp, type TestApp } from '#tests/support/app.ts';
import type { Login, OtherClient } from '#tests/support/peers/other-client.ts';
import { startServer, type XmppServer } from '#tests/support/server.ts';
import { until } from '#tests/support/until.ts';

/** What a client of somebody else can do; only the stories about that are told. */
export type Ability =
  | 'receipts'
  | 'markers'
  | 'corrections'
  | 'reactions'
  | 'replies'
  | 'retractions'
  | 'old-retractions'
  | 'chat-states'
  | 'carbons'
  | 'archive';

const ALICE = 'alice@localhost';
const BOB = 'bob@localhost';

/** Alice uses this application, Bob the client of somebody else: what each does, the other one sees. */
export const tellStories = (
  name: string,
  start: (login: Login) => Promise<OtherClient>,
  abilities: ReadonlySet<Ability>,
): void => {
  let server: XmppServer;
  let folder: string;
  let app: TestApp;
  let bob: OtherClient;
  let chat: ChatView;
  const started: OtherClient[] = [];

  beforeAll(async () => {
    server = await startServer({ accounts: [ALICE, BOB].map((jid) => ({ jid, password: `pw ${jid}` })) });
    folder = mkdtempSync(path.join(tmpdir(), 'chatsecure-interop-'));
    writeFileSync(path.join(folder, 'ca.pem'), server.ca);
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    app = await startApp({ extraCa: server.ca });
    const account = await logIn(app, server, ALICE, `pw ${ALICE}`);
    bob = await client(BOB);
    await app.window.api.contacts.add({ accountId: account.id, jid: BOB });
    await bob.befriend(ALICE);
    await until('both to see each other', () => app.window.contacts.get(BOB)?.subscription === 'both');
    chat = await app.window.api.chats.open({ accountId: account.id, jid: BOB });
  });
  afterEach(async () => {
    await Promise.all(started.splice(0).map((one) => one.stop()));
    await app.stop();
  });

  const client = async (jid: string): Promise<OtherClient> => {
    const authorityFile = path.join(folder, 'ca.pem');
    const one = await start({ jid, password: `pw ${jid}`, resource: name, server, authorityFile });
    started.push(one);
    return one;
  };
  /** A message of Alice that Bob has, with its id on the wire. */
  const fromAlice = async (text: string): Promise<{ readonly row: MessageView; readonly id: string }> => {
    const row = await app.window.api.messages.send({ chatId: chat.id, text });
    const { id } = await bob.expect('text', ({ body }) => body === text);
    await shows(row.id, 'it to be on the server', ({ state }) => state !== 'queued' && state !== 'sent');
    return { row, id };
  };
  /** A message of Bob that Alice has, with its id on the wire. */
  const fromBob = async (text: string): Promise<{ readonly row: MessageView; readonly id: string }> => {
    const id = await bob.text(ALICE, text);
    return { row: await app.window.message(text, ({ body }) => body === text), id };
  };
  /** What the window shows of a message, once it fits. */
  const shows = (id: number, what: string, fits: (row: MessageView) => boolean): Promise<MessageView> =>
    until(`${what}, not ${JSON.stringify(app.window.messages.get(id))}`, () => {
      const row = app.window.messages.get(id);
      return row !== undefined && fits(row) && row;
    });
  const tell = (ability: Ability, title: string, story: () => Promise<void>): void => {
    if (abilities.has(ability)) it(title, story);
  };

  describe(`a conversation with ${name}`, () => {
    it('carries every character both ways', async () => {
      const text = `Grüße <b>&amp;</b> "]]>" 🏳️‍🌈 العربية 漢字\n  second line\ttab`;
      await fromAlice(text);
      await fromBob(`${text} back`);
    });

    tell('receipts', 'tells that a message arrived, in both directions', async () => {
      const { row } = await fromAlice('Are you there?');
      await shows(row.id, 'delivered', ({ state }) => state === 'delivered');
      const { id } = await fromBob('And you?');
      await bob.expect('receipt', ({ about }) => about === id);
      expect(bob.heard.find((one) => one.event === 'text')).toMatchObject({ receipt: true, marker: true });
    });

    tell('markers', 'tells that a message was read, in both directions', async () => {
      const { row, id } = await fromAlice('Read this');
      await bob.markDisplayed(ALICE, id);
      await shows(row.id, 'read', ({ state }) => state === 'read');
      const theirs = await fromBob('Read that');
      expect(bob.heard.some(({ event }) => event === 'displayed')).toBe(false);
      await app.window.api.chats.markRead({ chatId: chat.id, upTo: theirs.row.id });
      await bob.expect('displayed', ({ about }) => about === theirs.id);
    });

    tell('corrections', 'corrects what was written, also twice, in both directions', async () => {
      const { row, id } = await fromAlice('Meet me at 5');
      for (const text of ['Meet me at 6', 'Meet me at 7']) {
        await app.window.api.messages.edit({ messageId: row.id, text });
        const edit = await bob.expect('text', ({ body }) => body === text);
        // Both point at the first message: whoever knows only one of the versions can follow.
        await bob.expect('correction', (one) => one.id === edit.id && one.replaces === id);
      }
      const theirs = await fromBob('teh text');
      await bob.correct(ALICE, theirs.id, 'the txt');
      await shows(theirs.row.id, 'the edit', ({ body }) => body === 'the txt');
      await bob.correct(ALICE, theirs.id, 'the text');
      const edited = await shows(theirs.row.id, 'the second edit', ({ body }) => body === 'the text');
      expect(edited.editedAt).toBeDefined();
    });

    tell('reactions', 'shows reactions, changes and takes them back, in both directions', async () => {
      const { row, id } = await fromAlice('Who comes?');
      await bob.react(ALICE, id, ['👍', '🎉']);
      await shows(row.id, 'two reactions', ({ reactions }) => reactions?.length === 2);
      await bob.react(ALICE, id, ['🎉']);
      await shows(
        row.id,
        'one reaction',
        ({ reactions }) => reactions?.map((one) => one.emoji).join() === '🎉',
      );
      await bob.react(ALICE, id, []);
      await shows(row.id, 'none', ({ reactions }) => (reactions ?? []).length === 0);

      const theirs = await fromBob('I do');
      const about = theirs.id;
      await app.window.api.messages.react({ messageId: theirs.row.id, emoji: '❤️', on: true });
      await bob.expect('reactions', (one) => one.about === about && one.emojis.join() === '❤️');
      await app.window.api.messages.react({ messageId: theirs.row.id, emoji: '❤️', on: false });
      await bob.expect('reactions', (one) => one.about === about && one.emojis.length === 0);
    });

    tell('replies', 'quotes what is answered, in both directions', async () => {
      const { row, id } = await fromAlice('Who comes? 🎉\nAnd when?');
      const quoted = 'Who comes? 🎉\nAnd when?';
      await bob.reply(ALICE, { about: id, author: ALICE, quoted, body: 'Me!' });
      const answer = await app.window.message('the answer', ({ reply }) => reply !== undefined);
      expect(answer).toMatchObject({ body: 'Me!', reply: { messageId: row.id, mine: true } });
      const theirs = await fromBob('Shall I bring something?');
      await app.window.api.messages.send({ chatId: chat.id, text: 'Cake', replyTo: theirs.row.id });
      const heard = await bob.expect('reply', ({ answers }) => answers === theirs.id);
      await bob.expect(
        'text',
        (one) => one.id === heard.id && one.body === '> Shall I bring something?\nCake',
      );
    });

    tell('retractions', 'takes messages back, in both directions', async () => {
      const { row, id } = await fromAlice('a mistake');
      await app.window.api.messages.retract({ messageId: row.id });
      await bob.expect('retraction', (one) => one.about === id && one.form === 'current');
      const theirs = await fromBob('their mistake');
      await bob.retract(ALICE, theirs.id, 'current');
      await shows(theirs.row.id, 'gone', (one) => one.retracted === true && one.body === '');
    });

    tell('old-retractions', 'understands how messages were taken back before 2024', async () => {
      const theirs = await fromBob('an older mistake');
      await bob.retract(ALICE, theirs.id, 'old');
      await shows(theirs.row.id, 'gone', (one) => one.retracted === true && one.body === '');
      const page = await app.window.api.messages.page({ kind: 'latest', chatId: chat.id });
      // The text for clients that know nothing of it is no message.
      expect(page.rows.some(({ body }) => body.includes('attempted to retract'))).toBe(false);
    });

    tell('chat-states', 'shows who is writing, in both directions', async () => {
      await bob.type(ALICE, 'composing');
      await until('Bob to be writing', () => app.window.chats.get(chat.id)?.typing === true);
      await bob.type(ALICE, 'paused');
      await until('Bob to have stopped', () => app.window.chats.get(chat.id)?.typing !== true);
      // Only who has spoken of states hears ours (XEP-0085 section 5.1).
      await fromBob('I wrote something');
      await app.window.api.chats.setTyping({ chatId: chat.id, typing: true });
      await bob.expect('chat-state', ({ state }) => state === 'composing');
      await app.window.api.chats.setTyping({ chatId: chat.id, typing: false });
      await bob.expect('chat-state', ({ state }) => state === 'paused' || state === 'active');
    });

    tell('carbons', 'is the same on the other device of each', async () => {
      const phone = await client(ALICE);
      const { id } = await fromAlice('from the computer');
      await phone.expect('carbon', (one) => one.direction === 'sent' && one.id === id);
      await phone.text(BOB, 'from the phone');
      await bob.expect('text', ({ body }) => body === 'from the phone');
      const copy = await app.window.message('the copy', ({ body }) => body === 'from the phone');
      expect(copy).toMatchObject({ direction: 'out', chatId: chat.id });
      await bob.text(ALICE, 'to both');
      await app.window.message('to both', ({ body }) => body === 'to both');
      const rows = await app.window.api.messages.page({ kind: 'latest', chatId: chat.id });
      expect(rows.rows.filter(({ body }) => body === 'to both')).toHaveLength(1);
    });

    tell('archive', 'is in the archive as both wrote it', async () => {
      const mark = `${Math.random()}`;
      const { id } = await fromAlice(`archived ${mark}`);
      const theirs = await fromBob(`kept ${mark}`);
      const kept = (await bob.archive(ALICE)).filter(({ body }) => body.endsWith(mark));
      expect(kept).toEqual([
        { sender: ALICE, id, body: `archived ${mark}` },
        { sender: BOB, id: theirs.id, body: `kept ${mark}` },
      ]);
    });
  });
};

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StreamError } from '#main/xmpp/port.ts';
import { AccountBefore, honest, type Answer, talkSince, type Kept } from '#tests/support/scripted-archive.ts';

/**
 * What users of other clients reported: messages that are missing or doubled after sleep and reconnect. Each
 * test replays the cause of one report and is named by it.
 */
const NOW = Date.UTC(2026, 0, 10);
const MINUTE = 60_000;

let alice: AccountBefore;

beforeEach(() => {
  alice = new AccountBefore(NOW);
});
afterEach(() => alice.close());

const { entry, entries, texts } = talkSince(NOW - 1_000 * MINUTE);
/** The same message as it came live, or as the server has kept it for an absence. */
const live = (
  { id, body, messageId = `m-${id}` }: Kept,
  options: { readonly archived?: boolean; readonly extra?: string } = {},
): string =>
  `<message from='bob@localhost/phone' to='alice@localhost' type='chat' id='${messageId}'><body>${body}</body>${
    options.archived === false ? '' : `<stanza-id xmlns='urn:xmpp:sid:0' by='alice@localhost' id='${id}'/>`
  }${options.extra ?? ''}</message>`;
const delayed = ({ stamp }: Kept): string =>
  `<delay xmlns='urn:xmpp:delay' from='localhost' stamp='${new Date(stamp).toISOString()}'/>`;

describe('dino/dino #138: every message twice after joining where there is an archive', () => {
  it('what the server kept for the absence and what its archive gives is the same', async () => {
    alice.archive = honest(entries(0, 10));
    // Servers of then put no id of the archive on what they had kept.
    await alice.logIn(entries(0, 10).map((one) => live(one, { archived: false, extra: delayed(one) })));
    expect(alice.bodies()).toEqual(texts(0, 10));
    expect(alice.unread()).toBe(10);
  });
});

describe('dino/dino #417: the whole history is fetched, oldest first, before anything of today is seen', () => {
  it('a new computer has the newest page with one question', async () => {
    alice.archive = honest(entries(0, 900));
    await alice.logIn();
    expect(alice.bodies()).toEqual(texts(700, 900));
    expect(alice.pages).toBe(1);
  });

  it('after a long absence, what arrives is seen while the past is still coming', async () => {
    alice.archive = honest(entries(0, 1));
    await alice.logIn();
    alice.logOut();
    const seen: boolean[] = [];
    alice.archive = (asked) => {
      if (asked.earlier === 2) alice.receive(live(entry(800, { body: 'of today' })));
      seen.push(alice.bodies().includes('of today'));
      return honest([...entries(0, 800), entry(800, { body: 'of today' })])(asked);
    };
    await alice.logIn();
    expect(seen).toEqual([false, true, true, true]);
    expect(alice.bodies()).toEqual([...texts(0, 800), 'of today']);
  });
});

describe('iNPUTmice/Conversations #879: the last messages come again with every resumption', () => {
  it('a server whose count stands still doubles nothing', async () => {
    await alice.logIn();
    const last = entries(0, 3).map((one) => live(one));
    for (let resumption = 0; resumption < 8; resumption += 1) last.forEach((one) => alice.receive(one));
    expect(alice.bodies()).toEqual(texts(0, 3));
    expect(alice.unread()).toBe(3);
  });

  it('nor does a sender who is not told that they arrived, and sends them again', async () => {
    await alice.logIn();
    const messageId = '0e45d1d6-5b5c-4f0c-9a34-9a5b9c1f2b11';
    // The server takes every repetition for a new message.
    for (const id of ['a1', 'a2', 'a3']) alice.receive(live(entry(1, { id, messageId })));
    expect(alice.bodies()).toEqual(['text 1']);
    alice.logOut();
    alice.archive = honest(['a1', 'a2', 'a3'].map((id) => entry(1, { id, messageId })));
    await alice.logIn();
    expect(alice.bodies()).toEqual(['text 1']);
    // A client that counts from the beginning after every start means something else.
    for (const id of ['b1', 'b2']) alice.receive(live(entry(2, { id, messageId: 'aab3', body: 'ok' })));
    expect(alice.bodies()).toEqual(['text 1', 'ok', 'ok']);
  });
});

describe('iNPUTmice/Conversations #2197: a message that comes while reconnecting hides what came before it', () => {
  it('the catch-up begins where the last session ended, not at the newest message', async () => {
    alice.archive = honest(entries(0, 2));
    await alice.logIn();
    alice.logOut();
    alice.archive = honest(entries(0, 4));
    await alice.logIn([live(entry(3))]);
    expect(alice.bodies()).toEqual(texts(0, 4));
  });
});

describe('iNPUTmice/Conversations #2145: after many short connections some messages never come', () => {
  it('a catch-up that breaks off is taken up again, whatever came live in between', async () => {
    alice.archive = honest(entries(0, 1));
    await alice.logIn();
    alice.logOut();
    const all = [...entries(0, 700)];
    for (let connection = 0; connection < 5; connection += 1) {
      let questions = 0;
      alice.archive = (asked): Answer => {
        questions += 1;
        const answer = honest(all)(asked);
        if (questions > 1 || answer instanceof Error)
          throw new StreamError({ code: 'connection-lost', step: 'session', advice: 'retry-now' }, 'gone');
        return answer;
      };
      const next = entry(all.length);
      all.push(next);
      await alice.logIn([live(next)]);
      alice.logOut();
    }
    alice.archive = honest(all);
    await alice.logIn();
    expect(alice.bodies()).toEqual(texts(0, 705));
    expect(alice.unread()).toBe(705);
  });
});

describe('gkdr/carbons #47: the server returns a copy of what this very client has sent', () => {
  it('it stays one message, waiting or sent, and is not another on the server', async () => {
    const { store, account } = alice.test;
    const chatId = store.chats.findOrCreate(account.id, 'bob@localhost', 1).id;
    const id = 'c9f0a1f2-5f7e-4a0c-8a2c-6ab5b0b4f1aa';
    store.messages.insertOutgoing({
      ...{ chatId, senderJid: 'alice@localhost', body: 'hello', at: NOW, protection: 'none' },
      ...{ stanzaId: id, originId: id },
    });
    const copy = `<message from='alice@localhost' to='alice@localhost/here' type='chat'><sent xmlns='urn:xmpp:carbons:2'>
      <forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='alice@localhost/here' to='bob@localhost' type='chat' id='${id}'>
      <body>hello</body><origin-id xmlns='urn:xmpp:sid:0' id='${id}'/><archived xmlns='urn:xmpp:mam:tmp' by='alice@localhost' id='a1'/>
      <stanza-id xmlns='urn:xmpp:sid:0' by='alice@localhost' id='a1'/></message></forwarded></sent></message>`;
    await alice.logIn([copy, copy]);
    expect(alice.rows()).toMatchObject([
      { body: 'hello', direction: 'out', state: 'acked', archiveId: 'a1' },
    ]);
  });
});

describe('miranda-ng/miranda-ng #3047: what arrived is there again some time later', () => {
  it('though it comes live, after a resumption, kept for an absence and from the archive', async () => {
    const one = entry(5, { messageId: 'B2F6E2B6-8C2B-4C47-9F5B-0C6A1B3D7E90' });
    await alice.logIn();
    // Monal sent no origin-id; without an id of the archive only its own id tells the copies apart.
    alice.receive(live(one, { archived: false }));
    alice.now += 60 * MINUTE;
    alice.receive(live(one, { archived: false, extra: delayed(one) }));
    alice.logOut();
    alice.archive = honest([one]);
    await alice.logIn([live(one)]);
    expect(alice.bodies()).toEqual(['text 5']);
    expect(alice.unread()).toBe(1);
  });
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createInbound, type Inbound } from '#main/messaging/inbound/pipeline.ts';
import { TypingBook } from '#main/messaging/typing-book.ts';
import type { StoredMessage } from '#main/store/messages.ts';
import { Changes, type Change } from '#main/util/changes.ts';
import { parseStanza } from '#main/xmpp/stanza.ts';
import { openTestStore, quietLog, type TestStore } from '#tests/support/test-store.ts';
import { parseJid } from '#shared/jid.ts';

const own = parseJid('alice@localhost/here');
if (own === undefined) throw new Error('the test address is not valid');
const NOW = 1_700_000_000_000;

let test: TestStore;
let inbound: Inbound;
let typing: TypingBook;
let changes: Change[];

beforeEach(() => {
  test = openTestStore();
  changes = [];
  const announcer = new Changes();
  announcer.on((change) => changes.push(change));
  const clock = { now: () => NOW, after: () => () => undefined };
  typing = new TypingBook(clock, () => undefined);
  inbound = createInbound({
    store: test.store,
    changes: announcer,
    clock,
    typing,
    log: quietLog,
    sendReceipts: () => true,
    readAhead: () => undefined,
    poke: () => undefined,
  });
});
afterEach(() => test.close());

const receive = (xml: string): void => void inbound.handle(test.account.id, own, parseStanza(xml));
const rows = (jid: string): readonly StoredMessage[] => {
  const chat = test.store.chats.find(test.account.id, jid);
  return chat === undefined
    ? []
    : test.store.messages.page({ kind: 'latest', chatId: chat.id, limit: 200 }).rows;
};
const befriend = (jid: string): void => {
  const item = { jid, name: undefined, subscription: 'both', asked: false, groups: [] } as const;
  test.store.contacts.upsert(test.account.id, item);
};
const bodies = (jid: string): readonly string[] => rows(jid).map(({ body }) => body);

describe('an incoming message', () => {
  it('becomes a row in the chat of its sender, and is announced after the commit', () => {
    receive("<message from='Bob@localhost/phone' type='chat' id='1'><body>hello</body></message>");
    expect(rows('bob@localhost')).toMatchObject([
      { body: 'hello', direction: 'in', at: NOW, senderJid: 'bob@localhost' },
    ]);
    expect(changes.map(({ kind }) => kind)).toEqual(['message', 'chat']);
    expect(test.store.chats.list()[0]).toMatchObject({ unread: 1 });
  });

  it('is stored once, however often it comes', () => {
    const sid = "<stanza-id xmlns='urn:xmpp:sid:0' by='alice@localhost' id='a1'/>";
    const message = (extra: string, id = 'm'): string =>
      `<message from='bob@localhost/phone' type='chat' id='${id}'><body>once</body>${extra}</message>`;
    receive(message(sid));
    receive(message(sid));
    receive(message(sid, 'other'));
    const origin = "<origin-id xmlns='urn:xmpp:sid:0' id='o1'/>";
    receive(message(origin, 'x'));
    receive(message(origin, 'y'));
    expect(bodies('bob@localhost')).toEqual(['once', 'once']);
  });

  it('is kept when a client uses an id again for another text', () => {
    receive("<message from='bob@localhost/a' type='chat' id='1'><body>first run</body></message>");
    receive("<message from='bob@localhost/a' type='chat' id='1'><body>second run</body></message>");
    receive("<message from='bob@localhost/a' type='chat' id='1'><body>second run</body></message>");
    expect(bodies('bob@localhost')).toEqual(['first run', 'second run']);
  });

  it('is not taken for another by ids that somebody else forged', () => {
    const forged = "<stanza-id xmlns='urn:xmpp:sid:0' by='mallory@localhost' id='a1'/>";
    receive(`<message from='mallory@localhost/x' type='chat' id='m'><body>mine</body>${forged}</message>`);
    expect(rows('mallory@localhost')[0]?.archiveId).toBeUndefined();
    const origin = "<origin-id xmlns='urn:xmpp:sid:0' id='o1'/>";
    receive(`<message from='mallory@localhost/x' type='chat' id='2'><body>blocker</body>${origin}</message>`);
    receive(`<message from='bob@localhost/x' type='chat' id='2'><body>genuine</body>${origin}</message>`);
    expect(bodies('bob@localhost')).toEqual(['genuine']);
  });

  it('stands where our server received it, never in the future, and nobody else may say when', () => {
    const delayed = (from: string, stamp: string): string =>
      `<message from='bob@localhost/a' type='chat'><body>${stamp}</body><delay xmlns='urn:xmpp:delay' from='${from}' stamp='${stamp}'/></message>`;
    receive(delayed('localhost', '2020-01-01T00:00:00Z'));
    receive(delayed('localhost', '2099-01-01T00:00:00Z'));
    receive(delayed('bob@localhost', '2019-01-01T00:00:00Z'));
    expect(rows('bob@localhost').map(({ at }) => at)).toEqual([Date.UTC(2020, 0, 1), NOW, NOW]);
  });

  it('that the server stamped by the second stands behind what came within that second', () => {
    const stamp = (ms: number): string => new Date(ms).toISOString();
    const delayed = (body: string, at: number): string =>
      `<message from='bob@localhost/a' type='chat'><body>${body}</body><delay xmlns='urn:xmpp:delay' from='localhost' stamp='${stamp(at)}'/></message>`;
    const second = Math.floor(NOW / 1_000) * 1_000 - 10_000;
    receive(delayed('by the millisecond', second + 400));
    receive(delayed('next', second));
    receive(delayed('and next', second));
    receive(delayed('earlier', second - 5_000));
    expect(bodies('bob@localhost')).toEqual(['earlier', 'by the millisecond', 'next', 'and next']);
  });

  it('that is encrypted is a row that says so, with what the sender says to others', () => {
    receive(
      `<message from='bob@localhost/a' type='chat' id='1'><body>You received an encrypted message</body>
       <encrypted xmlns='eu.siacs.conversations.axolotl'><header sid='1'/><payload>AAAA</payload></encrypted></message>`,
    );
    receive(
      `<message from='bob@localhost/a' type='chat' id='2'><encrypted xmlns='urn:xmpp:omemo:2'><payload>AAAA</payload></encrypted></message>`,
    );
    receive(
      `<message from='bob@localhost/a' type='chat' id='3'><encrypted xmlns='eu.siacs.conversations.axolotl'><header sid='1'/></encrypted></message>`,
    );
    expect(rows('bob@localhost')).toMatchObject([
      { failure: 'not-decryptable', protection: 'omemo', body: 'You received an encrypted message' },
      { failure: 'not-decryptable', protection: 'omemo', body: '' },
    ]);
  });

  it('from a room, from nobody, or without content leaves nothing', () => {
    receive("<message from='room@muc.localhost/nick' type='groupchat'><body>all</body></message>");
    receive("<message from='@/' type='chat'><body>who</body></message>");
    receive("<message from='bob@localhost/a' type='chat'/>");
    receive(
      "<message from='bob@localhost/a' type='chat'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>",
    );
    expect(test.store.chats.list()).toEqual([]);
    expect(changes).toEqual([]);
  });

  it('shows who is writing, until a text or "paused" comes, and not from the past', () => {
    const composing = "<composing xmlns='http://jabber.org/protocol/chatstates'/>";
    const from = "from='bob@localhost/a' type='chat'";
    befriend('bob@localhost');
    receive(`<message ${from}><body>hi</body></message>`);
    const chat = test.store.chats.list()[0];
    if (chat === undefined) throw new Error('there is no chat');
    receive(`<message ${from}>${composing}</message>`);
    expect(typing.isTyping(chat.id)).toBe(true);
    receive(`<message ${from}><paused xmlns='http://jabber.org/protocol/chatstates'/></message>`);
    expect(typing.isTyping(chat.id)).toBe(false);
    receive(`<message ${from}>${composing}</message>`);
    receive(`<message ${from}><body>there</body></message>`);
    expect(typing.isTyping(chat.id)).toBe(false);
    const delay = "<delay xmlns='urn:xmpp:delay' from='localhost' stamp='2020-01-01T00:00:00Z'/>";
    receive(`<message ${from}>${composing}${delay}</message>`);
    expect(typing.isTyping(chat.id)).toBe(false);
  });

  it('of a stranger waits in Requests, and his writing is not shown', () => {
    const from = "from='mallory@localhost/a' type='chat'";
    receive(`<message ${from}><body>hi</body></message>`);
    const chat = test.store.chats.find(test.account.id, 'mallory@localhost');
    expect(chat?.standing).toBe('request');
    receive(`<message ${from}><composing xmlns='http://jabber.org/protocol/chatstates'/></message>`);
    expect(chat && typing.isTyping(chat.id)).toBe(false);
  });
});

describe('an error', () => {
  const error =
    "<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
  const outgoing = (): StoredMessage => {
    const chat = test.store.chats.findOrCreate(test.account.id, 'bob@localhost', 1);
    const base = { chatId: chat.id, senderJid: 'alice@localhost', body: 'out', at: 1, sortAt: 1 } as const;
    return test.store.messages.insertOutgoing({
      ...base,
      protection: 'none',
      stanzaId: 'm1',
      originId: 'm1',
    });
  };

  it('attaches to the message that caused it', () => {
    const message = outgoing();
    receive(`<message from='bob@localhost' type='error' id='m1'><body>out</body>${error}</message>`);
    expect(test.store.messages.get(message.id)).toMatchObject({
      state: 'failed',
      failure: 'service-unavailable',
    });
    expect(rows('bob@localhost')).toHaveLength(1);
  });

  it('of somebody else changes nothing', () => {
    const message = outgoing();
    receive(`<message from='mallory@localhost' type='error' id='m1'>${error}</message>`);
    receive(`<message from='bob@localhost' type='error' id='m2'>${error}</message>`);
    receive(`<message from='bob@localhost' type='error'>${error}</message>`);
    expect(test.store.messages.get(message.id)?.state).toBe('queued');
  });
});

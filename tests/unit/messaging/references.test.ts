import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createInbound, type Inbound } from '#main/messaging/inbound/pipeline.ts';
import { TypingBook } from '#main/messaging/typing-book.ts';
import type { StoredMessage } from '#main/store/messages.ts';
import { Changes } from '#main/util/changes.ts';
import { parseStanza } from '#main/xmpp/stanza.ts';
import { ManualClock } from '#tests/support/manual-clock.ts';
import { openTestStore, quietLog, type TestStore } from '#tests/support/test-store.ts';
import { parseJid, type Jid } from '#shared/jid.ts';

/** What is said about messages: in any order, more than once, and by those who may not. */

const own = parseJid('alice@localhost/here') as Jid;
const BOB = 'bob@localhost';

let test: TestStore;
let inbound: Inbound;
let clock: ManualClock;
let pokes: number;

beforeEach(() => {
  test = openTestStore();
  clock = new ManualClock();
  pokes = 0;
  const changes = new Changes();
  inbound = createInbound({
    store: test.store,
    changes,
    clock,
    typing: new TypingBook(clock, () => undefined),
    log: quietLog,
    sendReceipts: () => true,
    readAhead: () => undefined,
    poke: () => (pokes += 1),
  });
  test.store.contacts.upsert(test.account.id, {
    jid: BOB,
    name: undefined,
    subscription: 'both',
    asked: false,
    groups: [],
  });
});
afterEach(() => test.close());

/** A message of the stream, a second after the one before it. */
const receive = (content: string, from = `${BOB}/phone`, attributes = ''): void => {
  clock.advance(1_000);
  const stanza = `<message from='${from}' to='alice@localhost/here' type='chat' ${attributes}>${content}</message>`;
  inbound.handle(test.account.id, own, parseStanza(stanza));
};
/** Written by another device of ours. */
const carbon = (content: string, attributes = ''): void => {
  clock.advance(1_000);
  const inner = `<message xmlns='jabber:client' from='alice@localhost/phone' to='${BOB}' type='chat' ${attributes}>${content}</message>`;
  const stanza = `<message from='alice@localhost' to='alice@localhost/here'><sent xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>${inner}</forwarded></sent></message>`;
  inbound.handle(test.account.id, own, parseStanza(stanza));
};
const chatId = (jid = BOB) => test.store.chats.findOrCreate(test.account.id, jid, 1).id;
const rows = (jid = BOB): readonly StoredMessage[] =>
  test.store.messages.page({ kind: 'latest', chatId: chatId(jid), limit: 200 }).rows;
const bodies = (jid = BOB): readonly string[] => rows(jid).map(({ body }) => body);
const outgoing = (id: string): StoredMessage => {
  const row = test.store.messages.insertOutgoing({
    ...{ chatId: chatId(), senderJid: 'alice@localhost', body: id, at: clock.now(), protection: 'none' },
    ...{ stanzaId: id, originId: id },
  });
  test.store.messages.setState(row.id, 'acked');
  return row;
};
const state = ({ id }: StoredMessage): string | undefined => test.store.messages.get(id)?.state;
const queued = (): readonly unknown[] => {
  const entries = [];
  for (
    let entry = test.store.outbox.next(test.account.id);
    entry;
    entry = test.store.outbox.next(test.account.id, entry.id)
  ) {
    if (entry.kind !== 'message') entries.push([entry.kind, entry.payload]);
  }
  return entries;
};

const text = (body: string): string => `<body>${body}</body>`;
const correction = (id: string, body: string): string =>
  `${text(body)}<replace xmlns='urn:xmpp:message-correct:0' id='${id}'/>`;
const retraction = (id: string): string =>
  `<retract xmlns='urn:xmpp:message-retract:1' id='${id}'/>${text('/me took back')}`;
const reactions = (id: string, ...emojis: readonly string[]): string =>
  `<reactions xmlns='urn:xmpp:reactions:0' id='${id}'>${emojis.map((one) => `<reaction>${one}</reaction>`).join('')}</reactions>`;
const request = "<request xmlns='urn:xmpp:receipts'/>";
const received = (id: string): string => `<received xmlns='urn:xmpp:receipts' id='${id}'/>`;
const displayed = (id: string): string => `<displayed xmlns='urn:xmpp:chat-markers:0' id='${id}'/>`;

describe('an edit', () => {
  it('changes the message of its author, once, and keeps the history', () => {
    receive(text('frist'), undefined, "id='1'");
    receive(correction('1', 'first'), undefined, "id='2'");
    receive(correction('1', 'first'), undefined, "id='2'");
    receive(correction('1', 'First!'), `${BOB}/laptop`, "id='3'");
    const [row] = rows();
    expect(rows()).toHaveLength(1);
    expect(row).toMatchObject({ body: 'First!', stanzaId: '1' });
    expect(row && test.store.edits.of(row.id).map(({ body }) => body)).toEqual(['frist', 'first', 'First!']);
  });

  it('of somebody else, or of a message of ours, is a message of its own', () => {
    receive(text('genuine'), undefined, "id='1'");
    const mine = outgoing('mine');
    receive(correction('1', 'forged'), 'mallory@localhost/x', "id='2'");
    receive(correction('mine', 'put into my mouth'), undefined, "id='3'");
    expect(bodies('mallory@localhost')).toEqual(['forged']);
    expect(bodies()).toEqual(expect.arrayContaining(['genuine', 'mine', 'put into my mouth']));
    expect(test.store.messages.get(mine.id)).toMatchObject({ body: 'mine', editedAt: undefined });
  });

  it('is not undone when the first version comes again', () => {
    receive(text('frist'), undefined, "id='1'");
    receive(correction('1', 'first'), undefined, "id='2'");
    receive(text('frist'), undefined, "id='1'");
    receive(text('secret'), undefined, "id='3'");
    receive(retraction('3'), undefined, "id='4'");
    receive(text('secret'), undefined, "id='3'");
    expect(bodies()).toEqual(['first', '']);
  });

  it('in the clear changes nothing that was protected', () => {
    const encrypted = "<encrypted xmlns='urn:xmpp:omemo:2'><payload>AAAA</payload></encrypted>";
    receive(encrypted, undefined, "id='1'");
    receive(correction('1', 'from the server, say'), undefined, "id='2'");
    receive(correction('3', 'and this before it'), undefined, "id='4'");
    receive(encrypted, undefined, "id='3'");
    expect(rows().map(({ body, protection, editedAt }) => [body, protection, editedAt])).toEqual([
      ['', 'omemo', undefined],
      ['from the server, say', 'none', undefined],
      ['and this before it', 'none', undefined],
      ['', 'omemo', undefined],
    ]);
  });

  it('may come before its message, as when an archive is read back to front', () => {
    receive(text('so that there is a chat'));
    receive(correction('later', 'second version'), undefined, "id='e2'");
    receive(correction('later', 'second version'), undefined, "id='e2'");
    expect(bodies()).toEqual(['so that there is a chat', 'second version']);
    receive(text('first version'), undefined, "id='later'");
    expect(bodies()).toEqual(['so that there is a chat', 'second version']);
    const row = rows().at(-1);
    expect(row).toMatchObject({ stanzaId: 'later' });
    expect(row && test.store.edits.of(row.id).map(({ body }) => body)).toEqual([
      'first version',
      'second version',
    ]);
    receive(correction('later', 'second version'), undefined, "id='e2'");
    expect(rows()).toHaveLength(2);
  });

  it('that waits is not taken over by the message of somebody else', () => {
    receive(correction('mine', 'put into my mouth'), undefined, "id='e'");
    const mine = outgoing('mine');
    carbon(text('mine too'), "id='mine too'");
    expect(test.store.messages.get(mine.id)?.body).toBe('mine');
    expect(bodies()).toEqual(['put into my mouth', 'mine', 'mine too']);
  });

  it('does not bring back what was deleted here', () => {
    receive(`${text('frist')}<origin-id xmlns='urn:xmpp:sid:0' id='1'/>`, undefined, "id='1'");
    const [row] = rows();
    if (row !== undefined) test.store.deletions.deleteMessage(row.id);
    receive(correction('1', 'first'), undefined, "id='2'");
    expect(rows()).toEqual([]);
    // Its sender has not heard that it arrived, and says it again.
    receive(`${text('frist')}<origin-id xmlns='urn:xmpp:sid:0' id='1'/>`, undefined, "id='1'");
    expect(rows()).toEqual([]);
    receive(`${text('other')}<origin-id xmlns='urn:xmpp:sid:0' id='3'/>`, undefined, "id='1'");
    expect(bodies()).toEqual(['other']);
  });

  it('of another device of ours changes our message', () => {
    const mine = outgoing('mine');
    carbon(correction('mine', 'better'), "id='e'");
    expect(test.store.messages.get(mine.id)).toMatchObject({ body: 'better' });
    expect(rows()).toHaveLength(1);
  });
});

describe('a retraction', () => {
  it('leaves a tombstone, and nothing brings the text back', () => {
    receive(text('secret'), undefined, "id='1'");
    receive(correction('1', 'secret 2'), undefined, "id='2'");
    receive(retraction('1'), undefined, "id='3'");
    receive(retraction('1'), undefined, "id='3'");
    receive(correction('1', 'secret 3'), undefined, "id='4'");
    const [row] = rows();
    expect(row).toMatchObject({ body: '' });
    expect(row?.retractedAt).toBeDefined();
    expect(row && test.store.edits.of(row.id)).toEqual([]);
    expect(bodies()).toEqual(['']);
  });

  it('may come before its message; by anybody else it changes nothing and shows nothing', () => {
    receive(text('so that there is a chat'));
    receive(retraction('late'), undefined, "id='3'");
    receive(text('gone already'), undefined, "id='late'");
    expect(bodies()).toEqual(['so that there is a chat', '']);
    const mine = outgoing('mine');
    receive(retraction('mine'), undefined, "id='4'");
    receive(retraction('1'), 'mallory@localhost/x', "id='5'");
    expect(test.store.messages.get(mine.id)?.body).toBe('mine');
    expect(test.store.chats.find(test.account.id, 'mallory@localhost')).toBeUndefined();
  });
});

describe('reactions', () => {
  it('replace each other, also before their message is here, and unknown ones wait', () => {
    const mine = outgoing('mine');
    receive(reactions('mine', '👍', '🎉'));
    receive(reactions('mine', '🎉'));
    receive(reactions('late', '😮'));
    receive(text('late'), undefined, "id='late'");
    const late = rows().at(-1);
    const given = test.store.reactions.of([mine.id, ...(late === undefined ? [] : [late.id])]);
    expect(given.map(({ senderJid, emojis }) => [senderJid, emojis])).toEqual([
      [BOB, ['🎉']],
      [BOB, ['😮']],
    ]);
    receive(reactions('mine'));
    expect(test.store.reactions.of([mine.id])).toEqual([]);
  });

  it('that arrive live are the last word, whatever our clock says', () => {
    const mine = outgoing('mine');
    const archived = (id: string): string =>
      `<stanza-id xmlns='urn:xmpp:sid:0' by='alice@localhost' id='${id}'/>`;
    receive(reactions('mine', '👍') + archived('a1'), undefined, "id='r1'");
    clock.advance(-3_600_000);
    receive(reactions('mine', '❤️') + archived('a2'), undefined, "id='r2'");
    expect(test.store.reactions.of([mine.id]).map(({ emojis }) => emojis)).toEqual([['❤️']]);
  });

  it('are no text, and those of strangers reach nothing', () => {
    const mine = outgoing('mine');
    const fallback =
      "<body>👍</body><fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reactions:0'><body/></fallback>";
    receive(reactions('mine', '👍') + fallback);
    receive(reactions('mine', '💣'), 'mallory@localhost/x');
    expect(bodies()).toEqual(['mine']);
    expect(test.store.reactions.of([mine.id]).map(({ senderJid }) => senderJid)).toEqual([BOB]);
  });
});

describe('receipts', () => {
  it('are queued for contacts, again for a repetition, and for nobody else', () => {
    receive(text('hello') + request, undefined, "id='1'");
    receive(text('hello') + request, undefined, "id='1'");
    receive(text('who are you?') + request, 'mallory@localhost/x', "id='2'");
    receive(text('no id') + request);
    expect(queued()).toEqual([
      ['receipt', { received: '1', type: 'chat' }],
      ['receipt', { received: '1', type: 'chat' }],
    ]);
    expect(pokes).toBeGreaterThan(0);
  });

  it('move our messages forward, from the recipient only, and never back', () => {
    const mine = outgoing('m1');
    receive(received('m1'), 'mallory@localhost/x');
    expect(state(mine)).toBe('acked');
    receive(received('m1'));
    expect(state(mine)).toBe('delivered');
    receive(displayed('m1'));
    receive(received('m1'));
    expect(state(mine)).toBe('read');
  });

  it('are the business of the device that got the message, and of the other side', () => {
    const mine = outgoing('m1');
    carbon(received('m1'));
    expect(state(mine)).toBe('acked');
    receive(text('so that there is a chat'));
    const inner = `<message xmlns='jabber:client' from='${BOB}/a' to='alice@localhost/phone' type='chat' id='c'>${text('to the phone')}${request}</message>`;
    const forwarded = `<forwarded xmlns='urn:xmpp:forward:0'>${inner}</forwarded>`;
    receive(`<received xmlns='urn:xmpp:carbons:2'>${forwarded}</received>`, 'alice@localhost');
    expect(bodies()).toContain('to the phone');
    expect(queued()).toEqual([]);
  });

  it('and markers wait for a message of ours that is not here yet', () => {
    receive(text('chat'));
    receive(received('later'));
    carbon(text('from my phone'), "id='later'");
    receive(displayed('even later'));
    carbon(text('from my phone again'), "id='even later'");
    expect(rows().map((row) => [row.body, state(row)])).toEqual([
      ['chat', 'received'],
      ['from my phone', 'read'],
      ['from my phone again', 'read'],
    ]);
  });

  it('of our other devices say what was read here', () => {
    receive(text('one') + request, undefined, "id='1'");
    receive(text('two'), undefined, "id='2'");
    carbon(displayed('1'));
    expect(test.store.chats.require(chatId())).toMatchObject({ unread: 1 });
    carbon(displayed('unknown'));
    expect(test.store.chats.require(chatId())).toMatchObject({ unread: 1 });
  });
});

describe('a reply', () => {
  it('loses its quotation where it is understood, and keeps it for where the message is not here', () => {
    const body = '&gt; What?\nThat.';
    const range =
      "<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><body start='0' end='8'/></fallback>";
    receive(`${text(body)}<reply xmlns='urn:xmpp:reply:0' to='alice@localhost' id='q'/>${range}`);
    expect(rows()[0]).toMatchObject({
      body: 'That.',
      reply: { id: 'q', jid: 'alice@localhost', quote: 'What?' },
    });
  });
});

describe('positions of other devices', () => {
  const event = (from: string): string =>
    `<message from='${from}' type='headline'><event xmlns='http://jabber.org/protocol/pubsub#event'>
      <items node='urn:xmpp:mds:displayed:0'><item id='${BOB}'><displayed xmlns='urn:xmpp:mds:displayed:0'>
      <stanza-id xmlns='urn:xmpp:sid:0' by='alice@localhost' id='a2'/></displayed></item></items></event></message>`;

  it('are believed from the own account alone', () => {
    for (const id of ['a1', 'a2', 'a3']) {
      receive(`${text(id)}<stanza-id xmlns='urn:xmpp:sid:0' by='alice@localhost' id='${id}'/>`);
    }
    inbound.handle(test.account.id, own, parseStanza(event(BOB)));
    inbound.handle(test.account.id, own, parseStanza(event('alice@localhost/phone')));
    expect(test.store.chats.require(chatId()).unread).toBe(3);
    inbound.handle(test.account.id, own, parseStanza(event('alice@localhost')));
    expect(test.store.chats.require(chatId()).unread).toBe(1);
  });
});

describe('an error', () => {
  it("of a receipt, an edit or a marker is nobody's business", () => {
    const mine = outgoing('m1');
    const error =
      "<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
    inbound.handle(
      test.account.id,
      own,
      parseStanza(`<message from='${BOB}' type='error' id='x'>${received('m1')}${error}</message>`),
    );
    expect(state(mine)).toBe('acked');
    expect(rows()).toHaveLength(1);
  });
});

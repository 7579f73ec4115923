import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { History } from '#main/messaging/archive/history.ts';
import type { Inbound } from '#main/messaging/inbound/pipeline.ts';
import { StanzaError } from '#main/xmpp/port.ts';
import { parseStanza, xml } from '#main/xmpp/stanza.ts';
import { parseJid, type Jid } from '#shared/jid.ts';
import type { ChatId } from '#shared/ids.ts';
import { ArchiveStream } from '#tests/support/archive-stream.ts';
import { ManualClock } from '#tests/support/manual-clock.ts';
import { attachHistory, openHistory } from '#tests/support/test-history.ts';
import { openTestStore, type TestStore } from '#tests/support/test-store.ts';

/**
 * Up to where the archive is known, while messages of ours are on their way: nobody tells their place among
 * those of others, and what is passed is never asked for again.
 */
const BOB = 'bob@localhost';
const own = parseJid('alice@localhost/here') as Jid;

let test: TestStore;
let clock: ManualClock;
let inbound: Inbound;
let history: History;
let server: ArchiveStream;
let chatId: ChatId;

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
/** Lets pass whatever the history waits for before it asks. */
const later = async (): Promise<void> => {
  clock.advance(60_000);
  for (let turn = 0; turn < 5; turn++) await settled();
};

const attach = async (resumed: boolean): Promise<void> => {
  attachHistory(history, server, resumed);
  clock.advance(0);
  for (let turn = 0; turn < 5; turn++) await settled();
};

/** Bob's message arrives by the stream, and the archive has it under this id. */
const arrives = (id: string): void => {
  server.entries.push({ id, stamp: clock.now(), body: id });
  const stanzaId = `<stanza-id xmlns='urn:xmpp:sid:0' by='alice@localhost' id='${id}'/>`;
  const stanza = `<message from='${BOB}/phone' to='${own.local}@${own.domain}/here' type='chat' id='m-${id}'><body>${id}</body>${stanzaId}</message>`;
  inbound.handle(test.account.id, own, parseStanza(stanza), history.isComplete);
};

/** A message of ours: stored, and given to the stream; the answer lets the server acknowledge it. */
const leaves = (id: string): PromiseWithResolvers<void> => {
  const ids = { stanzaId: id, originId: id };
  const message = { chatId, senderJid: 'alice@localhost', body: id, at: clock.now(), ...ids };
  test.store.messages.insertOutgoing({ ...message, protection: 'none' });
  const acknowledged = Promise.withResolvers<void>();
  void history
    .over({ sentCount: undefined, send: () => acknowledged.promise })
    .send(xml('message', { id }))
    .catch(() => undefined);
  return acknowledged;
};

const known = (): string | undefined => test.store.archive.lastConfirmed(test.account.id)?.id;
const shown = (): readonly string[] =>
  test.store.messages.page({ kind: 'latest', chatId, limit: 50 }).rows.map(({ body }) => body);

beforeEach(async () => {
  test = openTestStore();
  clock = new ManualClock();
  chatId = test.store.chats.findOrCreate(test.account.id, BOB, 1).id;
  ({ history, inbound } = openHistory(test, clock));
  server = new ArchiveStream('alice@localhost/here', BOB, [{ id: 'first', stamp: 1, body: 'first' }]);
  await attach(false);
});
afterEach(() => {
  history.detach();
  test.close();
});

describe('the cursor of the archive', () => {
  it('goes with what arrives', async () => {
    expect(known()).toBe('first');
    arrives('second');
    expect(known()).toBe('second');
  });

  it('does not pass what is on its way, and what came before it finds its place', async () => {
    const sent = leaves('ours');
    // Another computer of ours wrote just before, and its copy was lost with the connection it was on.
    server.entries.push({ id: 'e2', stamp: clock.now(), body: 'elsewhere', sentAs: 'elsewhere' });
    server.entries.push({ id: 'e3', stamp: clock.now(), body: 'ours', sentAs: 'ours' });
    arrives('fourth');
    expect(known()).toBe('first');
    sent.resolve();
    await settled();
    arrives('fifth');
    expect(known()).toBe('first');
    await later();
    expect(known()).toBe('fifth');
    expect(shown()).toEqual(['first', 'elsewhere', 'ours', 'fourth', 'fifth']);
  });

  it('waits over a resumption for what the stream before had on its way', async () => {
    const sent = leaves('ours');
    history.detach();
    sent.reject(new Error('cut'));
    await settled();
    server.entries.push({ id: 'e2', stamp: clock.now(), body: 'ours', sentAs: 'ours' });
    const asked = server.pages;
    await attach(true);
    expect(server.pages).toBe(asked + 1);
    expect(known()).toBe('e2');
  });

  it('is asked for the order of what two senders wrote at the same moment, and of nothing else', async () => {
    const asked = server.pages;
    history.arrived(BOB, `${BOB}/phone`);
    history.arrived(BOB, `${BOB}/phone`);
    history.arrived('carol@localhost', 'carol@localhost/desk');
    await later();
    history.arrived(BOB, `${BOB}/desk`);
    await later();
    expect(server.pages).toBe(asked);
    // The archive has them the other way round.
    server.entries.push({ id: 'one', stamp: clock.now(), body: 'one' });
    arrives('two');
    history.arrived(BOB, `${BOB}/phone`);
    history.arrived(BOB, `${BOB}/desk`);
    expect(shown()).toEqual(['first', 'two']);
    await later();
    expect(server.pages).toBe(asked + 1);
    expect(shown()).toEqual(['first', 'one', 'two']);
  });

  it('stands still until the archive has answered, when the stream is new', async () => {
    history.detach();
    server.entries.push({ id: 'missed', stamp: clock.now(), body: 'missed' });
    const attached = attach(false);
    arrives('live');
    expect(known()).toBe('first');
    await attached;
    await later();
    expect(known()).toBe('live');
    expect(shown()).toEqual(['first', 'missed', 'live']);
  });

  it('stands still where nobody said in time whether there is an archive, and asks again', async () => {
    history.detach();
    server.entries.push({ id: 'missed', stamp: clock.now(), body: 'missed' });
    server.infoFault = new StanzaError('remote-server-timeout', 'wait');
    await attach(false);
    arrives('live');
    expect(known()).toBe('first');
    server.infoFault = undefined;
    await later();
    expect(known()).toBe('live');
    expect(shown()).toEqual(['first', 'missed', 'live']);
  });

  it('goes with what arrives where the server says that it keeps no archive', async () => {
    history.detach();
    server.infoFault = new StanzaError('service-unavailable', 'cancel');
    await attach(false);
    arrives('live');
    expect(known()).toBe('live');
  });
});

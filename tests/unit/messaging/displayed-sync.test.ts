import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DisplayedSync } from '#main/messaging/displayed-sync.ts';
import { Changes } from '#main/util/changes.ts';
import { StanzaError } from '#main/xmpp/port.ts';
import { XmppSession } from '#main/xmpp/session.ts';
import type { Element } from '#main/xmpp/stanza.ts';
import { FakeStream } from '#tests/support/fake-stream.ts';
import { ManualClock } from '#tests/support/manual-clock.ts';
import { openTestStore, quietLog, type TestStore } from '#tests/support/test-store.ts';
import type { ChatId } from '#shared/ids.ts';

const BOB = 'bob@localhost';
const OPTIONS = 'http://jabber.org/protocol/pubsub#publish-options';

let test: TestStore;
let clock: ManualClock;
let sync: DisplayedSync;
let chatId: ChatId;

beforeEach(() => {
  test = openTestStore();
  clock = new ManualClock();
  sync = new DisplayedSync({ store: test.store, changes: new Changes(), clock, log: quietLog });
  chatId = test.store.chats.findOrCreate(test.account.id, BOB, 1).id;
  for (const archiveId of ['a1', 'a2', 'a3']) {
    clock.advance(1_000);
    const row = {
      chatId,
      senderJid: BOB,
      body: archiveId,
      at: clock.now(),
      protection: 'none',
      archiveId,
    } as const;
    test.store.messages.insertIncoming(row);
  }
});
afterEach(() => {
  sync.ended(test.account.id);
  expect(clock.pending).toBe(0);
  test.close();
});

const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
};
const info = (...features: readonly string[]): string =>
  `<iq type='result'><query xmlns='http://jabber.org/protocol/disco#info'>${features.map((one) => `<feature var='${one}'/>`).join('')}</query></iq>`;
const states = (...all: readonly (readonly [string, string])[]): string =>
  `<iq type='result'><pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='urn:xmpp:mds:displayed:0'>${all
    .map(
      ([jid, id]) =>
        `<item id='${jid}'><displayed xmlns='urn:xmpp:mds:displayed:0'><stanza-id xmlns='urn:xmpp:sid:0' by='alice@localhost' id='${id}'/></displayed></item>`,
    )
    .join('')}</items></pubsub></iq>`;
const any = (): void => undefined;
const publishes = (id: string) => (iq: Element) => {
  expect(iq.toString()).toContain('<publish ');
  expect(iq.toString()).toContain(`id="${id}"`);
};
const attach = async (stream: FakeStream, full = true): Promise<void> => {
  const handlers = { message: any, presence: any, seesUs: () => false };
  sync.attach(test.account.id, new XmppSession(stream, [], handlers), full);
  await settled();
};
const read = (archiveId: string): void => {
  const row = test.store.messages.findByArchiveId(chatId, archiveId);
  if (row === undefined) throw new Error('no such row');
  test.store.chats.setReadUpTo(chatId, row.id);
  sync.moved(test.account.id);
};
const unread = (): number => test.store.chats.require(chatId).unread;

describe('read positions', () => {
  it('of other devices count after a login, never back, and wait for chats that are not here', async () => {
    const stream = new FakeStream()
      .expectRequest(any, info(OPTIONS))
      .expectRequest(any, states([BOB, 'a2'], ['carol@localhost', 'c9']));
    await attach(stream);
    stream.finish();
    expect(unread()).toBe(1);
    expect(sync.ahead(test.account.id, 'carol@localhost')).toBe('c9');
    const again = new FakeStream().expectRequest(any, info(OPTIONS)).expectRequest(any, states([BOB, 'a1']));
    // The other device is behind: it learns what is known here.
    again.expectRequest(publishes('a2'), "<iq type='result'/>");
    await attach(again);
    again.finish();
    expect(unread()).toBe(1);
  });

  it('are published once for several messages, only where the node can be private', async () => {
    const stream = new FakeStream()
      .expectRequest(any, info(OPTIONS))
      .expectRequest(any, new StanzaError('item-not-found', 'cancel'));
    await attach(stream);
    read('a1');
    clock.advance(1_000);
    read('a3');
    stream.expectRequest(publishes('a3'), "<iq type='result'/>");
    clock.advance(2_000);
    await settled();
    stream.finish();
    clock.advance(1_000);
    const row = {
      chatId,
      senderJid: BOB,
      body: 'a4',
      at: clock.now(),
      protection: 'none',
      archiveId: 'a4',
    } as const;
    test.store.messages.insertIncoming(row);
    const without = new FakeStream().expectRequest(any, info()).expectRequest(any, states());
    await attach(without);
    read('a4');
    clock.advance(60_000);
    without.finish();
  });

  it('of a node that another client made public are published when it is private', async () => {
    const stream = new FakeStream().expectRequest(any, info(OPTIONS));
    await attach(stream, false);
    read('a1');
    stream
      .expectRequest(publishes('a1'), new StanzaError('conflict', 'cancel'))
      .expectRequest((iq) => expect(iq.toString()).toContain('<configure '), "<iq type='result'/>")
      .expectRequest(publishes('a1'), "<iq type='result'/>");
    clock.advance(2_000);
    await settled();
    stream.finish();
  });

  it('reach a server that knows few options: the node is private, and keeps the positions of all chats', async () => {
    const stream = new FakeStream().expectRequest(any, info(OPTIONS));
    await attach(stream, false);
    read('a1');
    const isPrivate = (iq: Element): void => {
      publishes('a1')(iq);
      expect(iq.toString()).toContain('<value>whitelist</value>');
      expect(iq.toString()).not.toContain('max_items');
    };
    const configures = (iq: Element): void => expect(iq.toString()).toContain('<value>max</value>');
    stream
      .expectRequest(publishes('a1'), new StanzaError('resource-constraint', 'wait'))
      .expectRequest(configures, new StanzaError('item-not-found', 'cancel'))
      .expectRequest(isPrivate, "<iq type='result'/>")
      .expectRequest(configures, "<iq type='result'/>")
      .expectRequest(isPrivate, "<iq type='result'/>");
    clock.advance(2_000);
    await settled();
    stream.finish();
    // From then on it is asked at once for what it knows.
    read('a2');
    stream.expectRequest((iq) => {
      publishes('a2')(iq);
      expect(iq.toString()).not.toContain('max_items');
    }, "<iq type='result'/>");
    clock.advance(2_000);
    await settled();
    stream.finish();
  });

  it('that could not be published are tried again with the next stream', async () => {
    const stream = new FakeStream().expectRequest(any, info(OPTIONS));
    await attach(stream, false);
    read('a1');
    stream.expectRequest(publishes('a1'), new StanzaError('internal-server-error', 'wait'));
    clock.advance(2_000);
    await settled();
    stream.finish();
    const next = new FakeStream()
      .expectRequest(any, info(OPTIONS))
      .expectRequest(publishes('a1'), "<iq type='result'/>");
    await attach(next, false);
    next.finish();
  });
});

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { enableCarbons } from '#main/xmpp/features/carbons.ts';
import { publishDisplayed, publishDisplayedPrivately } from '#main/xmpp/features/displayed-sync.ts';
import { displayedMessage } from '#main/xmpp/features/markers.ts';
import { readStanzaId } from '#main/xmpp/features/stanza-ids.ts';
import { childrenOf, NS, type Element } from '#main/xmpp/stanza.ts';
import { logIn, startApp, type TestApp } from '#tests/support/app.ts';
import { Peer } from '#tests/support/peer.ts';
import { startServer, type XmppServer } from '#tests/support/server.ts';
import { until } from '#tests/support/until.ts';
import type { ChatView } from '#shared/views.ts';

/** What two devices of one person tell each other about reading, on a real server. */
let server: XmppServer;
const started: { stop(): Promise<void> }[] = [];

const ALICE = 'alice@localhost';
const BOB = 'bob@localhost';
const DISPLAYED = 'urn:xmpp:mds:displayed:0';

beforeAll(async () => {
  server = await startServer({ accounts: [ALICE, BOB].map((jid) => ({ jid, password: `pw ${jid}` })) });
});
afterAll(() => server.stop());
afterEach(async () => {
  await Promise.all(started.splice(0).map((one) => one.stop()));
});

const peer = async (jid: string, resource: string): Promise<Peer> => {
  const one = await Peer.start({ jid, password: `pw ${jid}`, port: server.port, ca: server.ca, resource });
  started.push({ stop: () => one.close() });
  return one;
};
const phoneOf = async (jid: string): Promise<Peer> => {
  const phone = await peer(jid, 'phone');
  await phone.request(enableCarbons());
  await phone.announce([`${DISPLAYED}+notify`]);
  return phone;
};
const open = async (): Promise<TestApp> => {
  const app = await startApp({ extraCa: server.ca });
  started.push(app);
  await logIn(app, server, ALICE, `pw ${ALICE}`);
  return app;
};

/** The id that the archive of Alice gave to a text that her phone has seen. */
const archiveIdOf = async (phone: Peer, body: string): Promise<string> => {
  const id = await until(`the phone to have ${body}`, () =>
    phone.heard
      .flatMap((stanza) => [stanza, ...deep(stanza)])
      .filter((stanza) => stanza.getName() === 'message' && stanza.getChildText('body') === body)
      .map((stanza) => readStanzaId(stanza, ALICE))
      .find((one) => one !== undefined),
  );
  return id;
};
const deep = (element: Element): readonly Element[] =>
  element.getChildElements().flatMap((one) => [one, ...deep(one)]);
const unread = (app: TestApp): number | undefined => app.window.chatWith(BOB)?.unread;
const chatWithBob = (app: TestApp): Promise<ChatView> => until('the chat', () => app.window.chatWith(BOB));
const readOnPhone = async (phone: Peer, body: string): Promise<void> => {
  const stanzaId = await archiveIdOf(phone, body);
  const publish = server.traits.allPublishOptions ? publishDisplayed : publishDisplayedPrivately;
  await phone.request(publish({ chat: BOB, stanzaId, by: ALICE }));
};

describe('the read position', () => {
  it('goes from one device to the other, both ways, also for what happened while this computer was off', async () => {
    const app = await open();
    const phone = await phoneOf(ALICE);
    const bob = await peer(BOB, 'laptop');
    await bob.say(ALICE, 'one');
    await bob.say(ALICE, 'two');
    await until('two unread', () => unread(app) === 2);
    await readOnPhone(phone, 'one');
    await until('one unread', () => unread(app) === 1);

    const two = await app.window.message('two', ({ body }) => body === 'two');
    await app.window.api.chats.markRead({ chatId: two.chatId, upTo: two.id });
    const id = await archiveIdOf(phone, 'two');
    await phone.expect('the position of the computer', (stanza) =>
      deep(stanza).some(
        (one) =>
          one.getNS() === DISPLAYED && childrenOf(one, 'stanza-id', NS.stanzaId)[0]?.attrs['id'] === id,
      ),
    );
    // Reading goes forward only, whatever another device says.
    await readOnPhone(phone, 'one');
    expect(unread(app)).toBe(0);

    const chat = await chatWithBob(app);
    await app.backend.stop();
    await bob.say(ALICE, 'three');
    await bob.say(ALICE, 'four');
    await readOnPhone(phone, 'three');
    const again = await app.restart();
    started.push(again);
    await again.window.phase(ALICE, 'online');
    await again.window.message('four', ({ body }) => body === 'four');
    await until('one unread', () => unread(again) === 1);
    expect((await chatWithBob(again)).id).toBe(chat.id);
  });

  it('is known to a new device before its messages are', async () => {
    const bob = await peer(BOB, 'laptop');
    const phone = await phoneOf(ALICE);
    await bob.say(ALICE, 'before the new computer');
    await bob.say(ALICE, 'the last one');
    await readOnPhone(phone, 'before the new computer');
    const app = await open();
    await app.window.message('the last one', ({ body }) => body === 'the last one');
    await until('one unread', () => unread(app) === 1);
  });

  it('follows a marker that another device of ours has sent', async () => {
    const app = await open();
    const phone = await phoneOf(ALICE);
    const bob = await peer(BOB, 'laptop');
    await bob.say(ALICE, 'seen on the phone', 'marked');
    await app.window.message('seen on the phone', ({ body }) => body === 'seen on the phone');
    await until('it to be unread', () => (unread(app) ?? 0) > 0);
    await phone.send(displayedMessage({ to: BOB, id: 'd1', type: 'chat', displayed: 'marked' }));
    await until('nothing unread', () => unread(app) === 0);
  });
});

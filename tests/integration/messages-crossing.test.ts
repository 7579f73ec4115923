import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { archiveQuery, readArchivePage, readArchiveResult } from '#main/xmpp/features/mam.ts';
import type { PagePosition } from '#main/xmpp/features/result-set.ts';
import { bareJid, parseJid } from '#shared/jid.ts';
import type { ChatId } from '#shared/ids.ts';
import { logIn, startApp, type TestApp } from '#tests/support/app.ts';
import { Peer } from '#tests/support/peer.ts';
import { startServer, type XmppServer } from '#tests/support/server.ts';
import { until } from '#tests/support/until.ts';

/**
 * Several devices of both sides write at the same moment. ejabberd gives each message its number before it stores
 * and delivers it: what a device hears, or finds in the archive, may lack what stands before it there.
 */
let server: XmppServer;
const started: { stop(): Promise<void> }[] = [];

const ALICE = 'alice@localhost';
const BOB = 'bob@localhost';
const ROUNDS = 25;
const FROM_EACH_ROUND = 3;

beforeAll(async () => {
  server = await startServer({ accounts: [ALICE, BOB].map((jid) => ({ jid, password: `pw ${jid}` })) });
});
afterAll(() => server.stop());
afterEach(async () => {
  await Promise.all(started.splice(0).map((one) => one.stop()));
});

const peer = async (jid: string, resource: string): Promise<Peer> => {
  const { port, ca } = server;
  const one = await Peer.start({
    jid,
    password: `pw ${jid}`,
    port,
    ca,
    resource,
    quiet: resource === 'reader',
  });
  started.push({ stop: () => one.close() });
  return one;
};

const open = async (): Promise<{ readonly app: TestApp; readonly chatId: ChatId }> => {
  const app = await startApp({ extraCa: server.ca });
  started.push(app);
  const account = await logIn(app, server, ALICE, `pw ${ALICE}`);
  const chat = await app.window.api.chats.open({ accountId: account.id, jid: BOB });
  await app.window.api.encryption.setProtection({ chatId: chat.id, choice: 'none' });
  return { app, chatId: chat.id };
};

const shown = async ({ app, chatId }: { readonly app: TestApp; readonly chatId: ChatId }) =>
  (await app.window.api.messages.page({ kind: 'latest', chatId, limit: 200 })).rows.map(({ body }) => body);

/** All texts in the order of Alice's archive. */
const archived = async (reader: Peer): Promise<readonly string[]> => {
  const own = parseJid(ALICE);
  if (own === undefined) throw new Error('not an address');
  const bodies: string[] = [];
  for (let position: PagePosition = { kind: 'first' }; ;) {
    const queryId = `q${bodies.length}`;
    const page = readArchivePage(
      await reader.request(
        archiveQuery({ queryId, filter: {}, page: { max: 100, position }, flipped: false }),
      ),
    );
    let last: string | undefined;
    for (const stanza of reader.takeHeard()) {
      const reading = readArchiveResult(stanza, own, new Map([[queryId, bareJid(own)]]));
      if (reading.kind !== 'result') continue;
      last = reading.archiveId;
      const body = reading.message?.getChildText('body');
      if (typeof body === 'string') bodies.push(body);
    }
    if (page === undefined || page.complete || last === undefined) return bodies;
    position = { kind: 'after', id: last };
  }
};

it('every device ends with the order of the archive, and misses nothing', async () => {
  const [phone, tablet] = [await peer(BOB, 'phone'), await peer(BOB, 'tablet')];
  const reader = await peer(ALICE, 'reader');
  // What crosses is looked for behind what is known.
  await phone.say(ALICE, 'before all that');
  await until('it to be archived', async () => (await archived(reader)).length === 1);
  const [desk, laptop] = [await open(), await open()];
  for (let round = 0; round < ROUNDS; round += 1)
    await Promise.all([
      laptop.app.window.api.messages.send({ chatId: laptop.chatId, text: `laptop ${round}` }),
      phone.say(ALICE, `phone ${round}`),
      tablet.say(ALICE, `tablet ${round}`),
    ]);
  const all = 1 + ROUNDS * FROM_EACH_ROUND;
  await until('all to be archived', async () => (await archived(reader)).length === all);
  const order = await archived(reader);
  // One has written too, the other one has only listened. Both ask once more after such a burst; nobody is told
  // when that is over.
  for (const device of [desk, laptop])
    await until('the order of the archive', async () => (await shown(device)).join() === order.join()).catch(
      () => undefined,
    );
  expect(await shown(desk)).toEqual(order);
  expect(await shown(laptop)).toEqual(order);
}, 150_000);

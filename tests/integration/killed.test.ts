import { mkdtempSync, mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Device } from '#tests/support/device.ts';
import { Peer } from '#tests/support/peer.ts';
import { startServer, type XmppServer } from '#tests/support/server.ts';
import { until } from '#tests/support/until.ts';

/** The whole application, killed as a power cut would. */
let server: XmppServer;
let folder: string;
let device: Device | undefined;

beforeEach(async () => {
  const accounts = ['alice', 'bob'].map((name) => ({ jid: `${name}@localhost`, password: name }));
  server = await startServer({ accounts });
  folder = mkdtempSync(path.join(tmpdir(), 'chatsecure-killed-'));
  mkdirSync(path.join(folder, 'alice'));
  device = await Device.start({
    name: 'alice',
    folder: path.join(folder, 'alice'),
    ca: server.ca,
    jid: 'alice@localhost',
    password: 'alice',
    port: server.port,
  });
});
afterEach(async () => {
  await device?.kill();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

it('loses nothing that was written, and sends it once', async () => {
  if (device === undefined) throw new Error('there is no device');
  const { account } = device;
  if (account === undefined) throw new Error('there is no account');
  const bob = await Peer.start({ jid: 'bob@localhost', password: 'bob', port: server.port, ca: server.ca });
  const chat = await device.window.api.chats.open({ accountId: account.id, jid: 'bob@localhost' });
  const texts = Array.from({ length: 40 }, (_, index) => `message ${index}`);
  for (const [index, text] of texts.entries()) {
    await device.window.api.messages.send({ chatId: chat.id, text });
    // In the middle of acknowledgements, and once right after a send.
    if (index % 13 === 12) {
      await device.kill();
      await device.run();
    }
  }
  await until(
    'all to arrive',
    () => new Set(bodies(bob)).size === texts.length && bodies(bob).includes('message 39'),
  );
  await device.window.phase('alice@localhost', 'online');
  const rows = await until('all to be acknowledged', async () => {
    const page = await device?.window.api.messages.page({ kind: 'latest', chatId: chat.id, limit: 200 });
    return page?.rows.every(({ state }) => state === 'acked') === true && page.rows;
  });
  expect(rows.map(({ body }) => body)).toEqual(texts);
  // A repetition keeps its id, so that nobody sees it twice.
  const ids = new Set(
    bob.heard.flatMap((stanza) => (stanza.getChildText('body') === null ? [] : [stanza.attrs['id']])),
  );
  expect(ids.size).toBe(texts.length);
  expect([...new Set(bodies(bob))]).toEqual(texts);
  await bob.close();
});

const bodies = (peer: Peer): readonly string[] =>
  peer.heard.flatMap((stanza) => stanza.getChildText('body') ?? []);

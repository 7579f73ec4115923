import { mkdtempSync, mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Device } from '#tests/support/device.ts';
import { startFaultProxy, type FaultProxy } from '#tests/support/fault-proxy.ts';
import { Peer } from '#tests/support/peer.ts';
import { startProsody, type Prosody } from '#tests/support/prosody.ts';
import { until } from '#tests/support/until.ts';

/** XEP-0198 section 5 beyond the end of the process: the whole application, killed and started again. */

let server: Prosody;
let folder: string;
let device: Device;
let bob: Peer;

beforeEach(async () => {
  const accounts = ['alice', 'bob'].map((name) => ({ jid: `${name}@localhost`, password: name }));
  server = await startProsody({ accounts });
  folder = mkdtempSync(path.join(tmpdir(), 'chatsecure-restart-'));
  mkdirSync(path.join(folder, 'alice'));
  bob = await Peer.start({ jid: 'bob@localhost', password: 'bob', port: server.port, ca: server.ca });
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
  await device.kill();
  await bob.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const online = (): Promise<unknown> => device.window.phase('alice@localhost', 'online');
const resumptions = async (): Promise<number> =>
  (await server.log()).split('mod_smacks resuming existing session').length - 1;
const befriend = async (): Promise<void> => {
  await bob.befriend('alice@localhost');
  const { account, window } = device;
  if (account === undefined) throw new Error('there is no account');
  await window.api.contacts.add({ accountId: account.id, jid: 'bob@localhost', name: 'Bob' });
  await shown('online');
};
const shown = (availability: string): Promise<unknown> =>
  until(
    `bob to be ${availability}`,
    () => device.window.contacts.get('bob@localhost')?.availability === availability,
  );
const bodies = async (): Promise<readonly string[]> => {
  const chat = device.window.chatWith('bob@localhost');
  if (chat === undefined) return [];
  const page = await device.window.api.messages.page({ kind: 'latest', chatId: chat.id, limit: 200 });
  return page.rows.map(({ body }) => body);
};

describe('an application that is killed', () => {
  test('goes on with its stream, and has each message that came meanwhile once and in order', async () => {
    await befriend();
    const texts: string[] = [];
    const say = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i += 1) {
        texts.push(`message ${texts.length}`);
        await bob.say('alice@localhost', texts.at(-1) ?? '');
      }
    };
    for (let round = 0; round < 4; round += 1) {
      // In the middle of a burst, of which some are stored, some on the wire and some not yet sent.
      const burst = say(8);
      await device.kill();
      await burst;
      await say(3);
      await device.run();
      await device.window.snapshot();
      // And once in the middle of the resumption.
      if (round !== 1) await online();
    }
    await until('all messages', async () => (await bodies()).length >= texts.length);
    expect(await bodies()).toEqual(texts);
    expect(await resumptions()).toBeGreaterThanOrEqual(3);
  });

  test('knows after a resumption who is online, and says again that it is there', async () => {
    await befriend();
    await bob.show('dnd', 'busy');
    await shown('dnd');
    await device.kill();
    await device.run();
    await device.window.snapshot();
    await online();
    expect(await resumptions()).toBe(1);
    await shown('dnd');
    await device.kill();
    // What changes meanwhile, the server keeps for the stream.
    await bob.show('away', 'gone');
    await device.run();
    await device.window.snapshot();
    await shown('away');
    const left = bob.heard.filter(
      ({ attrs }) => attrs['type'] === 'unavailable' && attrs['from']?.includes('/') === true,
    );
    expect(left).toEqual([]);
  });

  test('does not send again what the server has, and sends what it has not', async () => {
    const { account } = device;
    if (account === undefined) throw new Error('there is no account');
    const chat = await device.window.api.chats.open({ accountId: account.id, jid: 'bob@localhost' });
    const texts = Array.from({ length: 12 }, (_, index) => `message ${index}`);
    for (const [index, text] of texts.entries()) {
      await device.window.api.messages.send({ chatId: chat.id, text });
      if (index % 4 !== 3) continue;
      // It was given to the stream, and what came of it is not known here.
      await device.kill();
      await device.run();
      await device.window.snapshot();
      await online();
    }
    await until('the last', () => heardTexts().includes('message 11'));
    await until('all to be acknowledged', async () => {
      const page = await device.window.api.messages.page({ kind: 'latest', chatId: chat.id, limit: 200 });
      return (
        page.rows.length === texts.length &&
        page.rows.every(({ state }) => state !== 'sending' && state !== 'queued')
      );
    });
    expect(heardTexts()).toEqual(texts);
    expect(await resumptions()).toBe(3);
  });

  test('whose stream the server does not hold any more loses nothing either', async () => {
    await befriend();
    await bob.say('alice@localhost', 'before');
    await until('the first', async () => (await bodies()).length === 1);
    await device.kill();
    await bob.say('alice@localhost', 'during');
    await bob.close();
    // The sessions that a crash leaves behind are gone with the server.
    await server.restart({ kill: 'SIGKILL' });
    bob = await Peer.start({ jid: 'bob@localhost', password: 'bob', port: server.port, ca: server.ca });
    await device.run();
    await device.window.snapshot();
    await online();
    await bob.say('alice@localhost', 'after');
    // One comes live, the other from the archive.
    await until('both', async () => (await bodies()).length === 3);
    expect(await bodies()).toEqual(['before', 'during', 'after']);
    expect(await resumptions()).toBe(0);
  });
});

describe('a computer', () => {
  let proxy: FaultProxy;

  beforeEach(async () => {
    proxy = await startFaultProxy(server.port);
    await device.quit();
    mkdirSync(path.join(folder, 'carried'));
    device = await Device.start({
      ...device.options,
      folder: path.join(folder, 'carried'),
      port: proxy.port,
      haste: 5,
    });
    await befriend();
  });
  afterEach(() => proxy.stop());

  test('that sleeps drops its connection, and goes on with the stream as soon as it wakes', async () => {
    device.happen({ computer: 'suspend' });
    await device.window.phase('alice@localhost', 'offline');
    await until('the connection to be dropped', () => proxy.open === 0);
    await bob.say('alice@localhost', 'good night');
    device.happen({ computer: 'wake' });
    await online();
    await until('the message', async () => (await bodies()).includes('good night'));
    expect(await resumptions()).toBe(1);
    await shown('online');
  });

  test('that comes to another network asks whether the old connection lives, and leaves a dead one', async () => {
    proxy.swallow();
    await bob.say('alice@localhost', 'into the void');
    device.happen({ computer: 'network', name: 'wlan0' });
    await until('the dead connection to be given up', () => device.account?.phase !== 'online');
    proxy.heal();
    await online();
    await until('the message', async () => (await bodies()).includes('into the void'));
    expect(await resumptions()).toBe(1);
  });

  test('that is killed in its sleep goes on with the stream all the same', async () => {
    device.happen({ computer: 'suspend' });
    await device.window.phase('alice@localhost', 'offline');
    await device.kill();
    await bob.say('alice@localhost', 'while you were off');
    await device.run();
    await device.window.snapshot();
    await online();
    await until('the message', async () => (await bodies()).includes('while you were off'));
    expect(await resumptions()).toBe(1);
  });
});

describe('an application that is quit', () => {
  test('is offline at once, and logs in anew', async () => {
    await befriend();
    await device.quit();
    await bob.expect('to hear that alice has gone', (stanza) => stanza.attrs['type'] === 'unavailable');
    await bob.say('alice@localhost', 'while you were away');
    await device.run();
    await device.window.snapshot();
    await online();
    await until('the message', async () => (await bodies()).includes('while you were away'));
    expect(await resumptions()).toBe(0);
  });
});

const heardTexts = (): readonly string[] => bob.heard.flatMap((stanza) => stanza.getChildText('body') ?? []);

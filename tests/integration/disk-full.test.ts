import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChatId } from '#shared/ids.ts';
import { canHaveDisk, Device } from '#tests/support/device.ts';
import { startFaultProxy, type FaultProxy } from '#tests/support/fault-proxy.ts';
import { Peer } from '#tests/support/peer.ts';
import { startProsody, type Prosody } from '#tests/support/prosody.ts';
import { until } from '#tests/support/until.ts';

/**
 * The whole application on a disk that is really full. The server keeps no archive and stores nothing offline:
 * what was acknowledged and not stored would be gone for good.
 */
let server: Prosody;
let folder: string;
let device: Device;
let bob: Peer;
let chatId: ChatId;
let proxy: FaultProxy;

beforeEach(async () => {
  const accounts = ['alice', 'bob'].map((name) => ({ jid: `${name}@localhost`, password: name }));
  server = await startProsody({
    accounts,
    extraConfig: 'modules_disabled = { "s2s", "mam", "offline" }',
  });
  folder = mkdtempSync(path.join(tmpdir(), 'chatsecure-disk-full-'));
  mkdirSync(path.join(folder, 'alice'));
  proxy = await startFaultProxy(server.port);
  device = await Device.start({
    name: 'alice',
    folder: path.join(folder, 'alice'),
    ca: server.ca,
    jid: 'alice@localhost',
    password: 'alice',
    port: proxy.port,
    // Patience with a full disk is measured in minutes.
    haste: 10,
    diskMegabytes: 8,
  });
  bob = await Peer.start({ jid: 'bob@localhost', password: 'bob', port: server.port, ca: server.ca });
  const accountId = device.account?.id;
  if (accountId === undefined) throw new Error('there is no account');
  ({ id: chatId } = await device.window.api.chats.open({ accountId, jid: 'bob@localhost' }));
  // Nobody is asked for devices first: on a dead connection a message would wait for the answer.
  await device.window.api.encryption.setProtection({ chatId, choice: 'none' });
});
afterEach(async () => {
  await bob.close();
  await device.kill();
  await proxy.stop();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const bodies = async (): Promise<readonly string[]> => {
  const page = await device.window.api.messages.page({ kind: 'latest', chatId, limit: 200 });
  return page.rows.map(({ body }) => body.slice(0, 12).trim());
};
const text = (name: string): string => `${name.padEnd(12)}${'x'.repeat(4_000)}`;

describe.skipIf(!canHaveDisk())('a disk that is full', () => {
  it('lets nothing that arrives be lost, says so, and goes on by itself when there is room', async () => {
    await bob.say('alice@localhost', text('before'));
    await until('the first', async () => (await bodies()).includes('before'));
    device.happen({ computer: 'disk-full' });
    const sent = Array.from({ length: 40 }, (_, index) => `while ${index}`);
    for (const name of sent) await bob.say('alice@localhost', text(name));
    const { error } = await until('the account to say so', () => {
      const account = device.account;
      return account?.phase === 'waiting' && account.error?.code === 'disk-full' && account;
    });
    expect(error).toMatchObject({ code: 'disk-full', advice: 'retry-later' });
    expect((await bodies()).length).toBeLessThan(sent.length);
    device.happen({ computer: 'disk-free' });
    // Nobody presses a button.
    await until('all to be there', async () => (await bodies()).length > sent.length, 60_000);
    expect(await bodies()).toEqual(['before', ...sent]);
    await device.window.phase('alice@localhost', 'online');
  });

  it('refuses what the user sends with the reason, and what was stored leaves when there is room', async () => {
    device.happen({ computer: 'disk-full' });
    const stored: string[] = [];
    let refusal: unknown;
    for (let index = 0; index < 200 && refusal === undefined; index++) {
      const name = `out ${index}`;
      try {
        await device.window.api.messages.send({ chatId, text: text(name) });
        stored.push(name);
      } catch (error) {
        refusal = error;
      }
    }
    expect(refusal).toMatchObject({ code: 'disk-full' });
    expect(await bodies()).toEqual(stored);
    device.happen({ computer: 'disk-free' });
    const heard = (): readonly string[] => [
      ...new Set(bob.heard.flatMap((one) => one.getChildText('body')?.slice(0, 12).trim() ?? [])),
    ];
    await until('all to arrive', () => heard().length === stored.length, 60_000);
    expect(heard()).toEqual(stored);
    await until('all to be acknowledged', async () => {
      const { rows } = await device.window.api.messages.page({ kind: 'latest', chatId, limit: 200 });
      return rows.every(({ state }) => state === 'acked');
    });
    await device.window.api.messages.send({ chatId, text: text('after') });
    await until('the next one', () => heard().includes('after'));
  });

  it('while the connection breaks under what is on its way, stops nothing for good', async () => {
    proxy.swallow();
    const onItsWay = await device.window.api.messages.send({ chatId, text: text('on its way') });
    await device.window.message(
      'on its way',
      ({ id, state }) => id === onItsWay.id && (state === 'sending' || state === 'sent'),
    );
    device.happen({ computer: 'disk-full' });
    proxy.heal();
    proxy.cut();
    for (let index = 0; index < 20; index++) await bob.say('alice@localhost', text(`while ${index}`));
    await until('an attempt on the full disk', () => device.account?.error?.code === 'disk-full');
    device.happen({ computer: 'disk-free' });
    await device.window.phase('alice@localhost', 'online');
    await bob.expectText(text('on its way'));
    await device.window.message('acked', ({ id, state }) => id === onItsWay.id && state === 'acked');
    await until('the rest', async () => (await bodies()).length === 21);
  });
});

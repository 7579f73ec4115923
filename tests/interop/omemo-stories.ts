import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { DeviceView } from '#shared/encryption.ts';
import type { AccountId } from '#shared/ids.ts';
import type { ChatView, MessageView } from '#shared/views.ts';
import { logIn, startApp, type TestApp } from '#tests/support/app.ts';
import type { OmemoPeer, StartOmemoPeer } from '#tests/support/peers/omemo-peer.ts';
import { startProsody, type Prosody } from '#tests/support/prosody.ts';
import { until } from '#tests/support/until.ts';

/** Alice with this application, Bob with the client of somebody else, and Alice's second computer. */
export interface OmemoScene {
  readonly alice: string;
  readonly bob: string;
  readonly app: () => TestApp;
  readonly peer: () => OmemoPeer;
  readonly chat: () => ChatView;
  /** Alice writes, and Bob reads it, once. */
  tell(text: string): Promise<MessageView>;
  /** Bob writes, and Alice reads it, protected. */
  hear(text: string, at?: TestApp): Promise<MessageView>;
  /** Ends Bob's client; the next one finds what this one knew. */
  stopPeer(): Promise<void>;
  startPeer(): Promise<void>;
  /** Ends the application; the next one finds its profile. */
  stopApp(): Promise<void>;
  restartApp(): Promise<void>;
  /** Alice logs in on another computer. */
  secondApp(): Promise<TestApp>;
  /** Alice trusts another own device on her first computer. */
  trust(device: DeviceView): Promise<void>;
  /** The own devices of Alice, as one of her computers sees them. */
  ownDevices(at: TestApp): Promise<readonly DeviceView[]>;
}

export interface OmemoStage {
  readonly server: () => Prosody;
  readonly folder: () => string;
  /** Both have each other as contacts, and Alice's next message would be encrypted. */
  meet(): Promise<OmemoScene>;
}

const accountId = (app: TestApp, jid: string): AccountId => {
  const id = app.window.account(jid)?.id;
  if (id === undefined) throw new Error(`no account ${jid}`);
  return id;
};

/** What Alice's application is started with. */
type AppOptions = NonNullable<Parameters<typeof startApp>[0]>;

/** A private server and whatever is started on it; every scene has accounts of its own. */
export const setOmemoStage = (start: StartOmemoPeer, options: AppOptions = {}): OmemoStage => {
  let server: Prosody;
  let folder: string;
  let count = 0;
  const ends: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    // The whole of every stanza is in its log: what the server saw can be searched.
    server = await startProsody({ modules: ['stanza_debug'] });
    folder = mkdtempSync(path.join(tmpdir(), 'chatsecure-omemo-'));
    writeFileSync(path.join(folder, 'ca.pem'), server.ca);
  });
  afterEach(async () => {
    await Promise.all(ends.splice(0).map((end) => end()));
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const meet = async (): Promise<OmemoScene> => {
    count += 1;
    const [alice, bob] = [`alice${count}@localhost`, `bob${count}@localhost`];
    for (const jid of [alice, bob]) await server.addUser(jid, `pw ${jid}`);
    const home = path.join(folder, bob);
    mkdirSync(home);
    const authorityFile = path.join(folder, 'ca.pem');
    const startPeer = (): Promise<OmemoPeer> =>
      start({ jid: bob, password: `pw ${bob}`, resource: 'peer', server, authorityFile }, home);
    const open = async (): Promise<TestApp> => {
      const one = await startApp({ extraCa: server.ca, ...options });
      await logIn(one, server, alice, `pw ${alice}`);
      return one;
    };
    let app = await open();
    let [appRuns, peerRuns] = [true, false];
    let peer: OmemoPeer;
    const others: TestApp[] = [];
    ends.push(async () => {
      await Promise.all([app, ...others].map((one) => one.stop()));
      if (peerRuns) await peer.stop();
    });
    peer = await startPeer();
    peerRuns = true;
    await app.window.api.contacts.add({ accountId: accountId(app, alice), jid: bob });
    await peer.befriend(alice);
    await until('both to see each other', () => app.window.contacts.get(bob)?.subscription === 'both');
    const chat = await app.window.api.chats.open({ accountId: accountId(app, alice), jid: bob });
    const { id: chatId } = chat;
    await until(
      'the next message to be encrypted',
      async () => (await app.window.api.encryption.protection({ chatId })).outlook === 'encrypted',
    );
    return {
      ...{ alice, bob, app: () => app, peer: () => peer, chat: () => chat },
      tell: async (text) => {
        const row = await app.window.api.messages.send({ chatId, text });
        expect(row.protection).toBe('omemo');
        await peer.reads(text);
        return row;
      },
      hear: async (text, at = app) => {
        await peer.say(alice, text);
        const row = await at.window.message(text, ({ body }) => body === text);
        expect(row).toMatchObject({ protection: 'omemo', direction: 'in', state: 'received' });
        return row;
      },
      stopPeer: async () => {
        peerRuns = false;
        await peer.stop();
      },
      startPeer: async () => {
        peer = await startPeer();
        peerRuns = true;
      },
      stopApp: async () => {
        appRuns = false;
        await app.backend.stop();
      },
      restartApp: async () => {
        if (appRuns) await app.backend.stop();
        app = await app.restart();
        appRuns = true;
        await app.window.phase(alice, 'online');
      },
      secondApp: async () => {
        const other = await open();
        others.push(other);
        return other;
      },
      trust: ({ deviceId, fingerprint = '' }) =>
        app.window.api.encryption.setTrust({
          ...{ accountId: accountId(app, alice), jid: alice, deviceId, fingerprint },
          trusted: true,
        }),
      ownDevices: async (at) =>
        (await at.window.api.encryption.devices({ accountId: accountId(at, alice), jid: alice })).devices,
    };
  };
  return { server: () => server, folder: () => folder, meet };
};

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

/**
 * The stories that every client with OMEMO can tell.
 * @param greeting the first text of theirs: any characters, where they can be typed into the client
 */
export const tellOmemoStories = (
  name: string,
  start: StartOmemoPeer,
  greeting = 'Hällo, 漢字 and 🎉',
): OmemoStage => {
  const stage = setOmemoStage(start);
  const { meet } = stage;

  describe(`OMEMO with ${name}`, () => {
    it('begins with a message of ours, and goes ten times each way', async () => {
      const { tell, hear, peer, app, chat } = await meet();
      const first = await tell('Grüße, 漢字 and 🎉');
      for (const index of numbers(10)) {
        await tell(`ours ${index}`);
        await hear(`theirs ${index}`);
      }
      for (const index of numbers(10)) expect(await peer().timesRead(`ours ${index}`)).toBe(1);
      const { rows } = await app().window.api.messages.page({ kind: 'latest', chatId: chat().id });
      expect(rows.filter(({ direction }) => direction === 'in').map(({ body }) => body)).toEqual(
        numbers(10).map((index) => `theirs ${index}`),
      );
      const { recipients } = await app().window.api.encryption.recipients({ messageId: first.id });
      expect(recipients).toMatchObject([{ isOwn: false, outcome: 'encrypted' }]);
    });

    it('begins with a message of theirs, and goes ten times each way, several in a row', async () => {
      const { tell, hear, app } = await meet();
      await hear(greeting);
      await tell('an answer');
      for (const index of numbers(10)) await hear(`theirs ${index}`);
      for (const index of numbers(10)) await tell(`ours ${index}`);
      expect([...app().window.messages.values()].filter(({ state }) => state === 'failed')).toEqual([]);
    });

    it('goes on after a restart of either side', async () => {
      const { tell, hear, stopPeer, startPeer, restartApp } = await meet();
      await tell('before');
      await hear('before, too');
      await stopPeer();
      await startPeer();
      await hear('the first after their restart');
      await tell('after their restart');
      await restartApp();
      await tell('the first after ours');
      await hear('after ours');
    });

    it('brings what was written while the other side was away, in order and once', async () => {
      const { tell, hear, peer, app, chat, alice, stopPeer, startPeer, stopApp, restartApp } = await meet();
      await tell('before');
      await hear('before, too');
      await stopPeer();
      const texts = numbers(5).map((index) => `while they were away ${index}`);
      for (const text of texts) await app().window.api.messages.send({ chatId: chat().id, text });
      await until('all to be on the server', () =>
        [...app().window.messages.values()].every(({ state }) => state !== 'queued' && state !== 'sent'),
      );
      await startPeer();
      for (const text of texts) await peer().reads(text);
      for (const text of texts) expect(await peer().timesRead(text)).toBe(1);
      await stopApp();
      const answers = numbers(5).map((index) => `while we were away ${index}`);
      for (const text of answers) await peer().say(alice, text);
      await restartApp();
      await app().window.message('the last', ({ body }) => body === answers.at(-1));
      const { rows } = await app().window.api.messages.page({ kind: 'latest', chatId: chat().id });
      expect(rows.slice(-5).map(({ body }) => body)).toEqual(answers);
      expect(rows.slice(-5).map(({ protection }) => protection)).toEqual(answers.map(() => 'omemo'));
      await tell('and on');
    });

    it('reaches a second computer of ours, and none that was removed', async () => {
      const { tell, hear, peer, app, alice, bob, trust, secondApp, ownDevices } = await meet();
      await tell('before the second');
      const laptop = await secondApp();
      const [own] = await ownDevices(laptop);
      const laptopId = own?.deviceId ?? 0;
      const seen = await until('the first to see it', async () =>
        (await ownDevices(app())).find(
          ({ deviceId, fingerprint }) => deviceId === laptopId && fingerprint !== undefined,
        ),
      );
      // It came later than the list that was trusted at first sight: the user decides.
      expect(seen).toMatchObject({ standing: 'undecided', isLater: true });
      await trust(seen);
      await peer().knows(alice, [laptopId]);
      await hear('to both computers');
      await laptop.window.message('to both computers', ({ body }) => body === 'to both computers');
      await tell('from the first');
      const copy = await laptop.window.message('a copy', ({ body }) => body === 'from the first');
      expect(copy).toMatchObject({ direction: 'out', protection: 'omemo' });
      const chatThere = await until('the chat', () => laptop.window.chatWith(bob));
      await laptop.window.api.messages.send({ chatId: chatThere.id, text: 'from the second' });
      await peer().reads('from the second');
      const copyHere = await app().window.message('a copy', ({ body }) => body === 'from the second');
      expect(copyHere).toMatchObject({ direction: 'out', protection: 'omemo' });

      await laptop.backend.stop();
      await app().window.api.encryption.removeDevice({
        accountId: accountId(app(), alice),
        deviceId: seen.deviceId,
      });
      await peer().knowsNot(alice, laptopId);
      await hear('to one computer');
      const last = await tell('from one computer');
      const { recipients } = await app().window.api.encryption.recipients({ messageId: last.id });
      expect(recipients.map(({ isOwn }) => isOwn)).toEqual([false]);
      const stanza =
        (await stage.server().log())
          .split('\n')
          .findLast((line) => line.includes(`from='${bob}/`) || line.includes(`from="${bob}/`)) ?? '';
      expect(stanza).not.toContain(String(laptopId));
    });

    it('shows nothing of what was said to the server', async () => {
      const { tell, hear } = await meet();
      const secret = `secret ${Math.random()}`;
      await tell(`ours: ${secret}`);
      await hear(`theirs: ${secret}`);
      const log = await stage.server().log();
      expect(log).toContain('eu.siacs.conversations.axolotl');
      expect(log).not.toContain(secret);
    });
  });
  return stage;
};

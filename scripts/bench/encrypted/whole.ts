/** The whole application on its loopback host, with a window that hears every message. */
import type { AccountId } from '#shared/ids.ts';
import { until } from '#tests/support/until.ts';
import type { Desk } from '../desk.ts';
import { startHost, type Host } from '../host.ts';
import { pause, type Side } from '../pair.ts';
import { openWindow, type HeadlessWindow } from '../window.ts';
import {
  GREETING,
  PATIENCE_MS,
  type CaughtUp,
  type EncryptedReader,
  type Missed,
  type Other,
} from './reader.ts';

export interface WholeCaughtUp extends CaughtUp {
  /** Milliseconds for which main answered nobody. */
  readonly longestBlock: number;
  readonly busy: number;
}

/** Until whatever a start or a catch-up leaves behind is done. */
const SETTLE_MS = 1_000;

export class WholeReader implements EncryptedReader<WholeCaughtUp> {
  readonly name = 'whole application';
  readonly source = 'archive';
  readonly jid: string;
  readonly #desk: Desk;
  readonly #side: Side;
  readonly #profile: string;

  constructor(desk: Desk, side: Side) {
    this.jid = side.jid;
    this.#desk = desk;
    this.#side = side;
    this.#profile = desk.newFolder();
  }

  meet(other: Other): Promise<void> {
    return this.#use(false, async (_, window) => {
      const { port } = this.#desk.server;
      const { id: accountId } = await window.api.accounts.add({ ...this.#side, host: '127.0.0.1', port });
      await until('the account to be online', async () => (await account(window))?.phase === 'online');
      const heard = hears(window, [GREETING]);
      await window.api.contacts.add({ accountId, jid: other.jid });
      await other.befriend(this.jid);
      const { id: chatId } = await window.api.chats.open({ accountId, jid: other.jid });
      await until(
        'the next message to be encrypted',
        async () => (await window.api.encryption.protection({ chatId })).outlook === 'encrypted',
      );
      await other.greet(this.jid);
      await heard;
      const text = `hello from ${this.jid}`;
      await window.api.messages.send({ chatId, text });
      await other.reads(text);
      await logOut(window, accountId);
    });
  }

  catchUp({ texts }: Missed): Promise<WholeCaughtUp> {
    return this.#use(true, async (host, window) => {
      const accountId = (await account(window))?.id;
      if (accountId === undefined) throw new Error('the profile has no account');
      await pause(SETTLE_MS);
      const { busyMs: before } = await host.loop('restart');
      const all = hears(window, texts);
      const started = performance.now();
      await window.api.accounts.setEnabled({ accountId, enabled: true });
      await all;
      const ms = performance.now() - started;
      const { longestMs: longestBlock, busyMs } = await host.loop('tell');
      await pause(SETTLE_MS);
      await logOut(window, accountId);
      return { ms, longestBlock, busy: busyMs - before };
    });
  }

  async #use<T>(watched: boolean, act: (host: Host, window: HeadlessWindow) => Promise<T>): Promise<T> {
    const host = await startHost(this.#profile, this.#desk.env, watched);
    const window = await openWindow(host.launchUrl);
    try {
      await until('the profile to be open', async () => (await window.api.app.snapshot({})).ready);
      return await act(host, window);
    } finally {
      window.close();
      await host.stop();
    }
  }
}

const account = async (
  window: HeadlessWindow,
): Promise<{ readonly id: AccountId; readonly phase: string } | undefined> => {
  const snapshot = await window.api.app.snapshot({});
  return snapshot.ready ? snapshot.accounts[0] : undefined;
};

const logOut = async (window: HeadlessWindow, accountId: AccountId): Promise<void> => {
  await window.api.accounts.setEnabled({ accountId, enabled: false });
  await until('the account to be logged out', async () => (await account(window))?.phase === 'disabled');
};

/** Resolves when all these texts are stored, protected; an event tells of what is committed. */
const hears = (window: HeadlessWindow, texts: readonly string[]): Promise<void> =>
  new Promise((resolve, reject) => {
    const missing = new Set(texts);
    const impatient = setTimeout(() => reject(new Error(`${missing.size} messages never came`)), PATIENCE_MS);
    const off = window.on('messages.upserted', ({ rows }) => {
      for (const { body, protection } of rows) if (protection === 'omemo') missing.delete(body);
      if (missing.size > 0) return;
      clearTimeout(impatient);
      off();
      resolve();
    });
  });

/** Ten thousand messages that were missed: from the login to the last row on the screen. */
import { cp } from 'node:fs/promises';
import { askInstance } from '#main/hosts/web/instance.ts';
import { rosterSet } from '#main/xmpp/features/roster.ts';
import { Peer } from '#tests/support/peer.ts';
import { until } from '#tests/support/until.ts';
import { openBrowser } from '../browser.ts';
import { startHelper, type Helper } from '../child.ts';
import type { ArchiveAnswer, ArchiveQuestion } from '../children/bare-archive.ts';
import { cast, type Desk } from '../desk.ts';
import type { Figure } from '../figures.ts';
import { startHost } from '../host.ts';
import { pause, type Side } from '../pair.ts';
import { openWindow, type HeadlessWindow } from '../window.ts';

const RUNS = 5;
const MESSAGES = 10_000;
/** As the application asks for. */
const PAGE_SIZE = 200;
const IDLE_MS = 5_000;
const SENDERS: readonly Side[] = [cast.ada, cast.bob, cast.carol, cast.dave, cast.frank];

interface Run {
  /** Login to the end of the last page, in the bare client; milliseconds. */
  readonly floor: number;
  /** Login to the last row painted, in the application. */
  readonly painted: number;
  readonly longestBlock: number;
  /** Processor time of main, all threads. */
  readonly busy: number;
  readonly residentMiB: number;
}

export const catchUp = async (desk: Desk, say: (line: string) => void): Promise<readonly Figure[]> => {
  const helper = startHelper<ArchiveQuestion, ArchiveAnswer>('bare-archive', desk.env);
  desk.onClose(() => helper.stop());
  const template = await logInOnce(desk);
  say(`writing ${MESSAGES} messages`);
  const { port } = desk.server;
  await helper.ask({ kind: 'write', receiver: cast.heidi, senders: SENDERS, port, count: MESSAGES });
  say(`${RUNS} times: read them bare, then catch up with them`);
  const runs: Run[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const floor = await readBare(desk, helper);
    const profile = desk.newFolder();
    await cp(template, profile, { recursive: true });
    runs.push({ floor, ...(await catchUpOnce(desk, profile)) });
  }
  return figures(runs);
};

const figures = (runs: readonly Run[]): readonly Figure[] => {
  const of = (value: (run: Run) => number): readonly number[] => runs.map(value);
  const perSecond = (ms: number): number => (MESSAGES * 1_000) / ms;
  return [
    { name: 'catch up with 10,000: bare, parsed', unit: 'ms', values: of(({ floor }) => floor) },
    { name: 'catch up with 10,000: login to painted', unit: 'ms', values: of(({ painted }) => painted) },
    {
      name: 'catch up with 10,000: whole to bare',
      unit: 'ratio',
      values: of(({ painted, floor }) => painted / floor),
      target: { atMost: 2, judge: 'median' },
    },
    { name: 'catch up with 10,000: rate', unit: 'msg/s', values: of(({ painted }) => perSecond(painted)) },
    {
      name: 'catch up with 10,000: longest block of main',
      unit: 'ms',
      values: of(({ longestBlock }) => longestBlock),
      target: { atMost: 50, judge: 'median' },
    },
    { name: 'catch up with 10,000: processor time of main', unit: 'ms', values: of(({ busy }) => busy) },
    { name: 'memory of main: after the catch-up', unit: 'MiB', values: of(({ residentMiB }) => residentMiB) },
  ];
};

const readBare = async (desk: Desk, helper: Helper<ArchiveQuestion, ArchiveAnswer>): Promise<number> => {
  const { port } = desk.server;
  const { ms, messages } = await helper.ask({ kind: 'read', owner: cast.heidi, port, pageSize: PAGE_SIZE });
  if (messages < MESSAGES) throw new Error(`the archive has ${messages} messages only`);
  return ms;
};

/** A profile that knows its contacts, has one message of each, and is not online. */
const logInOnce = async (desk: Desk): Promise<string> => {
  const folder = desk.newFolder();
  const { port, ca } = desk.server;
  const peer = await Peer.start({ ...cast.heidi, port, ca });
  await Promise.all(
    SENDERS.map(({ jid }) => peer.request(rosterSet({ jid, name: nameOf(jid), groups: [] }))),
  );
  const app = await startHost(folder, desk.env);
  const window = await openWindow(app.launchUrl);
  try {
    await until('the profile to be open', async () => (await window.api.app.snapshot({})).ready);
    const { id } = await window.api.accounts.add({ ...cast.heidi, host: '127.0.0.1', port });
    for (const sender of SENDERS) await greet(desk, sender);
    await until('a chat with each', async () => (await chats(window)).length === SENDERS.length);
    // The archive has been asked by then, and is known up to these.
    await pause(2_000);
    await window.api.accounts.setEnabled({ accountId: id, enabled: false });
  } finally {
    window.close();
    await app.stop();
    await peer.close();
  }
  return folder;
};

const nameOf = (jid: string): string => `Contact ${jid.split('@', 1)[0] ?? ''}`;

const greet = async ({ server: { port, ca } }: Desk, sender: Side): Promise<void> => {
  const peer = await Peer.start({ ...sender, port, ca });
  await peer.say(cast.heidi.jid, 'the first one');
  await peer.close();
};

const chats = async (window: HeadlessWindow): Promise<readonly unknown[]> => {
  const snapshot = await window.api.app.snapshot({});
  return snapshot.ready ? snapshot.chats : [];
};

/** The chat of the last message is open, and a second window, which is closed at once, gives the start. */
const catchUpOnce = async (desk: Desk, profile: string): Promise<Omit<Run, 'floor'>> => {
  const app = await startHost(profile, desk.env, true);
  const { page, close } = await openBrowser();
  try {
    await page.goto(app.launchUrl);
    await page.evaluate(() => window.bench.start);
    const last = SENDERS[(MESSAGES - 1) % SENDERS.length] ?? cast.ada;
    await page.locator('[data-region="list"] [data-row]', { hasText: nameOf(last.jid) }).click();
    await page.locator('[data-region="messages"] [data-row]').first().waitFor();
    await page.evaluate((text) => window.bench.awaitRow(text), `number ${MESSAGES - 1}`);
    await pause(1_000);
    const { busyMs: before } = await app.loop('restart');
    const started = await enableAccount(profile);
    const painted = (await page.evaluate(() => window.bench.row())) - started;
    const { longestMs, busyMs } = await app.loop('tell');
    await pause(IDLE_MS);
    return {
      painted,
      longestBlock: longestMs,
      busy: busyMs - before,
      residentMiB: await app.residentMiB(),
    };
  } finally {
    await close();
    await app.stop();
  }
};

/** @returns when the account was told to log in, milliseconds since 1970 */
const enableAccount = async (profile: string): Promise<number> => {
  const reply = await askInstance(profile, { want: 'address' });
  if (reply?.launchUrl === undefined) throw new Error('the application does not answer');
  const window = await openWindow(reply.launchUrl);
  const snapshot = await window.api.app.snapshot({});
  const account = snapshot.ready ? snapshot.accounts[0] : undefined;
  if (account === undefined) throw new Error('the profile has no account');
  const started = performance.timeOrigin + performance.now();
  const enabled = window.api.accounts.setEnabled({ accountId: account.id, enabled: true });
  await enabled;
  window.close();
  return started;
};

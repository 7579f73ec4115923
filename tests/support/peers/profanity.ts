import { execFile, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { publishDeviceList } from '#main/xmpp/features/omemo-nodes.ts';
import type { Login } from './other-client.ts';
import type { OmemoPeer } from './omemo-peer.ts';
import { Peer } from '../peer.ts';
import { until } from '../until.ts';

const run = promisify(execFile);

/**
 * Profanity in a terminal of its own (tmux, one server for each: a second session would get the HOME of the first).
 * What it has read is taken from its log of chats, where it writes what came encrypted too, if told so.
 */
export class ProfanityPeer implements OmemoPeer {
  readonly #home: string;
  readonly #socket: string;
  readonly #log: string;
  readonly #login: Login;
  readonly #greeted = new Set<string>();

  private constructor(login: Login, home: string) {
    this.#login = login;
    this.#home = home;
    const name = randomUUID().slice(0, 8);
    this.#socket = path.join(home, `tmux-${name}`);
    this.#log = path.join(home, `${name}.log`);
  }

  /** @param home of this instance alone; a later one there goes on with its keys */
  static async start(login: Login, home: string): Promise<ProfanityPeer> {
    const peer = new ProfanityPeer(login, home);
    const isNew = !existsSync(path.join(home, '.local'));
    if (isNew) await seedDeviceList(login);
    await peer.#orStop(async () => {
      await peer.#open('DEBUG');
      await peer.logIn();
      if (isNew) await peer.#makeKeys();
    });
    return peer;
  }

  /** Waits before its login, and logs little: for those who measure it. @param home with its keys */
  static async startOffline(login: Login, home: string): Promise<ProfanityPeer> {
    const peer = new ProfanityPeer(login, home);
    await peer.#orStop(() => peer.#open('WARN'));
    return peer;
  }

  async logIn(): Promise<void> {
    await this.#command(this.#login.password);
    await this.#shows('Profanity to be online', /logged in successfully/);
  }

  async befriend(jid: string): Promise<void> {
    await this.#command(`/roster add ${jid}`);
    await this.#command(`/sub request ${jid}`);
    await this.#command(`/sub allow ${jid}`);
  }

  async say(to: string, text: string): Promise<void> {
    if (!this.#greeted.has(to)) await this.#startSession(to, /\d+/);
    this.#greeted.add(to);
    await this.#command(`/msg ${to} ${text}`);
  }

  async reads(text: string): Promise<void> {
    try {
      await until(`Profanity to show ${text}`, async () => (await this.timesRead(text)) > 0);
    } catch (cause) {
      throw new Error(`Profanity does not show ${text}, but\n${await this.screen()}`, { cause });
    }
  }

  timesRead(text: string): Promise<number> {
    return Promise.resolve(this.read().filter((line) => line.endsWith(`: ${text}`)).length);
  }

  /** Lines of its log of chats: `<time> - <who>: <text>`. */
  read(): readonly string[] {
    return this.#chatLog().split('\n');
  }

  async knows(jid: string, devices: readonly number[]): Promise<void> {
    for (const device of devices) {
      await until(`Profanity to hear of ${device}`, () => this.#devicesOf(jid).includes(device));
      await this.#startSession(jid, new RegExp(String(device)));
    }
  }

  knowsNot(jid: string, device: number): Promise<unknown> {
    return until(`Profanity to hear that ${device} is gone`, () => !this.#devicesOf(jid).includes(device));
  }

  /** Takes all sessions from a folder whose client does not run. */
  static loseSessions(home: string): void {
    const folder = path.join(home, '.local/share/profanity/omemo');
    for (const account of readdirSync(folder)) rmSync(path.join(folder, account, 'sessions.txt'));
  }

  /** Processor time since its start, in milliseconds. */
  async busyMs(): Promise<number> {
    const pid = (await this.#tmux('display-message', '-p', '#{pane_pid}')).trim();
    // proc(5): user and system time are the 14th and 15th field, in ticks of 10 ms; the name before may hold blanks.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * 10;
  }

  /** What the terminal shows. */
  async screen(): Promise<string> {
    return (await this.#tmux('capture-pane', '-p'))
      .split('\n')
      .filter((line) => line.trim() !== '')
      .join('\n');
  }

  async stop(): Promise<void> {
    await this.#command('/quit').catch(() => undefined);
    await until('Profanity to end', () =>
      this.#tmux('has-session').then(
        () => false,
        () => true,
      ),
    ).catch(() => this.#tmux('kill-server').catch(() => undefined));
  }

  async #orStop(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      const screen = await this.screen().catch(() => 'no screen');
      await this.stop();
      throw new Error(`Profanity did not start:\n${screen}`, { cause: error });
    }
  }

  /** Up to the question for the password. */
  async #open(logLevel: 'DEBUG' | 'WARN'): Promise<void> {
    const { jid, server } = this.#login;
    const env = ['HOME', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_CACHE_HOME'].map(
      (name, index) =>
        `${name}=${path.join(this.#home, ['', '.config', '.local/share', '.cache'][index] ?? '')}`,
    );
    for (const folder of ['.config', '.local/share', '.cache'])
      mkdirSync(path.join(this.#home, folder), { recursive: true });
    await run('tmux', [
      ...['-S', this.#socket, '-f', '/dev/null', 'new-session', '-d', '-x', '200', '-y', '50'],
      ...['env', ...env, 'TERM=screen-256color', 'LANG=C.UTF-8', 'LC_ALL=C.UTF-8'],
      ...['profanity', '-l', logLevel, '-f', this.#log],
    ]);
    await this.#shows('Profanity to be there', /Type '\/help'/);
    // They are not saved by its end.
    for (const command of SETTINGS) await this.#command(command);
    const { port } = server;
    await this.#command(`/connect ${jid} server 127.0.0.1 port ${port} tls trust`);
    await this.#shows('the question for the password', /Enter password/);
  }

  async #makeKeys(): Promise<void> {
    await this.#command('/omemo gen');
    // The spelling is Profanity's.
    await this.#shows('its keys', /OMEMO cryp?tographic materials generated/);
  }

  #shows(what: string, fits: RegExp): Promise<unknown> {
    return until(what, async () => fits.test(await this.screen()));
  }

  async #command(text: string): Promise<void> {
    await this.#tmux('send-keys', '-l', '--', text);
    await this.#tmux('send-keys', 'Enter');
  }

  async #tmux(...args: readonly string[]): Promise<string> {
    return (await run('tmux', ['-S', this.#socket, '-f', '/dev/null', ...args])).stdout;
  }

  #chatLog(): string {
    const folder = path.join(this.#home, '.local/share/profanity/chatlogs');
    if (!existsSync(folder)) return '';
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.log'))
      .map((file) => readFileSync(path.join(folder, file), 'utf8'))
      .join('\n');
  }

  /** The last list of an address that it has heard of. */
  #devicesOf(jid: string): readonly number[] {
    const heard = this.#debugLog()
      .split('\n')
      .findLast(
        (line) => /RECV: <message .*axolotl\.devicelist/.test(line) && line.includes(`from="${jid}"`),
      );
    return [...(heard ?? '').matchAll(/<device id="(\d+)"/g)].map(([, id]) => Number(id));
  }

  /** Without a session at hand it would say so and send nothing. */
  async #startSession(jid: string, device: RegExp): Promise<void> {
    await this.#command(`/omemo start ${jid}`);
    const started = new RegExp(`Starting device session for ${jid} with device ${device.source}`);
    await until('Profanity to have a session', () => started.test(this.#debugLog()));
  }

  #debugLog(): string {
    return existsSync(this.#log) ? readFileSync(this.#log, 'utf8') : '';
  }
}

const SETTINGS = [
  '/splash off',
  '/logging chat on',
  '/omemo log on',
  '/omemo trustmode blind',
  '/omemo policy automatic',
  '/receipts send on',
  '/carbons on',
];

/** A list that does not exist it never makes: seen with 0.13.1, which waits for one to append itself to. */
const seedDeviceList = async ({ jid, password, server }: Login): Promise<void> => {
  const { port, ca } = server;
  const peer = await Peer.start({ jid, password, port, ca, resource: 'seed', quiet: true });
  await peer.request(publishDeviceList([]));
  await peer.close();
};

export const startProfanity = (login: Login, home: string): Promise<ProfanityPeer> =>
  ProfanityPeer.start(login, home);

/** Why Profanity cannot run here; undefined where it can. */
export const reasonForNoProfanity = (): string | undefined => {
  const missing = ['profanity', 'tmux'].filter(
    (name) => spawnSync('which', [name], { stdio: 'ignore' }).status !== 0,
  );
  return missing.length === 0 ? undefined : `not installed: ${missing.join(', ')}`;
};

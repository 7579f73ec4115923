import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { Peer } from '../peer.ts';
import { until } from '../until.ts';
import type { Login } from './other-client.ts';
import type { OmemoPeer } from './omemo-peer.ts';

const run = promisify(execFile);

const AUTHORITIES = '/etc/ssl/certs/ca-certificates.crt';
/** Network, mounts and processes of its own: with the first of these all others end. */
const ROOM = 'unshare';
const ROOM_ARGS = ['--net', '--mount', '--pid', '--fork', '--mount-proc', '--kill-child=SIGKILL'];
/** Of its `conversation` and `message` tables. */
const ENCRYPTION_OMEMO = 2;
const DIRECTION_RECEIVED = 0;

/**
 * How Dino is found is left in a file: the bus and the display are new each time. By itself Xvfb starts anew when its
 * last client goes, and refuses those who come meanwhile: the first look for a window could keep Dino out. A lock would
 * name a process that is another one outside of the room.
 */
const SESSION = `
rm -f "$HOME/display"
Xvfb -displayfd 3 -screen 0 1280x1024x24 -nolisten tcp -noreset -nolock 3>"$HOME/display" >/dev/null 2>&1 &
while ! [ -s "$HOME/display" ]; do sleep 0.05; done
export DISPLAY=":$(cat "$HOME/display")"
env | grep -E '^(DISPLAY|DBUS_SESSION_BUS_ADDRESS)=' > "$HOME/session"
exec dino-im
`;

/**
 * Dino on a display and in a network of its own; keys are typed, and what it has read is taken from its database.
 * Accounts and the encryption of a chat can only be set while it does not run.
 */
export class DinoPeer implements OmemoPeer {
  readonly #home: string;
  readonly #login: Login;
  #gate: Server | undefined;
  #child: ChildProcess | undefined;
  #connectedAt: number | undefined;

  private constructor(login: Login, home: string) {
    this.#login = login;
    this.#home = home;
  }

  /** @param home a later instance there goes on with its keys */
  static async start(login: Login, home: string): Promise<DinoPeer> {
    const peer = new DinoPeer(login, home);
    const isNew = !existsSync(peer.#path('.local/share/dino'));
    await peer.#prepare();
    await peer.#orStop(() => peer.#begin(isNew));
    return peer;
  }

  /**
   * Does not wait for its window, which may come late when it has much to read: for those who measure it.
   * @param home with its account and keys
   */
  static async startBusy(login: Login, home: string): Promise<DinoPeer> {
    const peer = new DinoPeer(login, home);
    await peer.#prepare();
    await peer.#orStop(() => peer.#launch(() => peer.#connectedAt !== undefined));
    return peer;
  }

  /** When it began to connect to the server; of `performance.now()`. */
  get connectedAt(): number | undefined {
    return this.#connectedAt;
  }

  async befriend(jid: string): Promise<void> {
    const { server, password } = this.#login;
    const { port, ca } = server;
    // Only clicks could do that in Dino itself.
    const friend = await Peer.start({ jid: this.#login.jid, password, port, ca, resource: 'friend' });
    await friend.befriend(jid);
    await friend.expect(
      'to see each other',
      ({ attrs }) => (attrs['from'] ?? '').startsWith(`${jid}/`) && attrs['type'] === undefined,
    );
    await friend.close();
    await this.#close();
    this.#change('INSERT OR IGNORE INTO jid (bare_jid) VALUES (?)', jid);
    this.#change('DELETE FROM conversation');
    this.#change(
      `INSERT INTO conversation (account_id, jid_id, active, last_active, type, encryption, send_typing, send_marker, notification)
       SELECT 1, id, 1, 0, 0, ${ENCRYPTION_OMEMO}, 0, 0, 0 FROM jid WHERE bare_jid = ?`,
      jid,
    );
    await this.#open();
  }

  async say(to: string, text: string): Promise<void> {
    const [row] = this.#query<{ id: number }>(
      'SELECT c.id FROM conversation c JOIN jid j ON j.id = c.jid_id WHERE j.bare_jid = ?',
      to,
    );
    const action = ['im.dino.Dino', '-o', '/im/dino/Dino', '-m', 'org.gtk.Actions.Activate'];
    await this.#inSession(
      'gdbus',
      'call',
      '--session',
      '-d',
      ...action,
      'open-conversation',
      `[<${row?.id ?? 0}>]`,
      '{}',
    );
    const { stdout } = await this.#inSession('xdotool', 'search', '--onlyvisible', '--class', 'dino');
    await this.#inSession('xdotool', 'windowfocus', '--sync', stdout.trim().split('\n').at(-1) ?? '');
    await this.#inSession('xdotool', 'type', '--delay', '15', '--', text);
    await until('Dino to have it', async () => {
      await this.#inSession('xdotool', 'key', 'Return');
      return this.#query('SELECT 1 FROM message WHERE body = ?', text).length > 0;
    });
  }

  reads(text: string): Promise<unknown> {
    return until(`Dino to read ${text}`, async () => (await this.timesRead(text)) > 0);
  }

  timesRead(text: string): Promise<number> {
    return Promise.resolve(this.read().filter((body) => body === text).length);
  }

  /** All texts that it has decrypted. */
  read(): readonly string[] {
    return this.#query<{ body: string }>(
      'SELECT body FROM message WHERE direction = ? AND encryption = ?',
      DIRECTION_RECEIVED,
      ENCRYPTION_OMEMO,
    ).map(({ body }) => body);
  }

  knows(jid: string, devices: readonly number[]): Promise<unknown> {
    return until(`Dino to know ${devices.join()}`, () =>
      devices.every((id) => this.#devicesOf(jid).includes(id)),
    );
  }

  knowsNot(jid: string, device: number): Promise<unknown> {
    return until(`Dino to give ${device} up`, () => !this.#devicesOf(jid).includes(device));
  }

  async stop(): Promise<void> {
    await this.#close();
    this.#gate?.close();
  }

  async #prepare(): Promise<void> {
    for (const folder of ['.local/share', '.config', '.cache', 'run'])
      mkdirSync(this.#path(folder), { recursive: true, mode: 0o700 });
    const authorities = `${readFileSync(AUTHORITIES, 'utf8')}\n${this.#login.server.ca}`;
    writeFileSync(this.#path('ca-certificates.crt'), authorities);
    await this.#openGate();
  }

  async #orStop(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Devices that a list names and whose key it has. */
  #devicesOf(jid: string): readonly number[] {
    const sql =
      'SELECT device_id FROM identity_meta WHERE address_name = ? AND now_active = 1 AND identity_key_public_base64 IS NOT NULL';
    return this.#query<{ device_id: number }>(sql, jid, 'omemo.db').map(({ device_id: id }) => id);
  }

  /** The first start makes the database; the account is put into it. */
  async #begin(isNew: boolean): Promise<void> {
    await this.#open();
    if (!isNew) return;
    await this.#close();
    const { jid, password } = this.#login;
    const sql = 'INSERT INTO account (bare_jid, resourcepart, password, enabled) VALUES (?, ?, ?, 1)';
    this.#change(sql, jid, 'dino', password);
    await this.#open();
  }

  #open(): Promise<void> {
    return this.#launch(() => this.#showsWindow());
  }

  async #launch(isThere: () => boolean | Promise<boolean>): Promise<void> {
    const env = {
      ...process.env,
      ...{ HOME: this.#home, XDG_RUNTIME_DIR: this.#path('run'), XDG_CONFIG_HOME: this.#path('.config') },
      ...{ XDG_DATA_HOME: this.#path('.local/share'), XDG_CACHE_HOME: this.#path('.cache') },
      ...{ LANG: 'C.UTF-8', GSK_RENDERER: 'cairo', GDK_BACKEND: 'x11', GTK_A11Y: 'none' },
    };
    rmSync(this.#path('session'), { force: true });
    const room = path.join(import.meta.dirname, 'dino-room.py');
    const log = openSync(this.#path('log'), 'a');
    const inRoom = ['dbus-run-session', '--', 'sh', '-c', SESSION];
    this.#child = spawn(ROOM, [...ROOM_ARGS, '/usr/bin/python3', room, this.#home, ...inRoom], {
      env,
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    await until('Dino to be there', isThere);
  }

  async #showsWindow(): Promise<boolean> {
    if (!existsSync(this.#path('session'))) return false;
    const windows = await this.#inSession('xdotool', 'search', '--onlyvisible', '--class', 'dino').catch(
      () => undefined,
    );
    return windows !== undefined && windows.stdout.trim() !== '';
  }

  async #close(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  /** Dino knows no ports: its room has this socket behind port 5222. */
  async #openGate(): Promise<void> {
    const { port, host } = this.#login.server;
    rmSync(this.#path('server'), { force: true });
    this.#gate = createServer((inside) => {
      this.#connectedAt ??= performance.now();
      const outside = connect(port, host);
      inside.pipe(outside).pipe(inside);
      for (const one of [inside, outside]) one.on('error', () => one.destroy());
    }).listen(this.#path('server'));
    await once(this.#gate, 'listening');
  }

  #inSession(command: string, ...args: readonly string[]): Promise<{ readonly stdout: string }> {
    const lines = readFileSync(this.#path('session'), 'utf8').trim().split('\n');
    const env = Object.fromEntries(
      lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
    const room = ['--target', String(this.#child?.pid), '--net', '--mount'];
    return run('nsenter', [...room, command, ...args], { env: { ...process.env, ...env } });
  }

  #change(sql: string, ...values: readonly string[]): void {
    const database = new DatabaseSync(this.#path('.local/share/dino/dino.db'));
    database.prepare(sql).run(...values);
    database.close();
  }

  #query<Row>(sql: string, ...values: readonly (string | number)[]): readonly Row[] {
    const last = values.at(-1);
    const file = last === 'omemo.db' ? last : 'dino.db';
    const database = new DatabaseSync(this.#path(`.local/share/dino/${file}`), { readOnly: true });
    try {
      return database.prepare(sql).all(...(file === last ? values.slice(0, -1) : values)) as Row[];
    } finally {
      database.close();
    }
  }

  #path(name: string): string {
    return path.join(this.#home, name);
  }
}

export const startDino = (login: Login, home: string): Promise<DinoPeer> => DinoPeer.start(login, home);

/** Why Dino cannot run here; undefined where it can. */
export const reasonForNoDino = (): string | undefined => {
  // Its network and its authorities need rights over namespaces.
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'Dino needs root on Linux';
  const programs = ['dino-im', 'Xvfb', 'xdotool', 'gdbus', 'dbus-run-session', 'unshare', 'nsenter'];
  const missing = programs.filter((name) => spawnSync('which', [name], { stdio: 'ignore' }).status !== 0);
  return missing.length === 0 ? undefined : `not installed: ${missing.join(', ')}`;
};

import { fork, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { AppError } from '#shared/errors.ts';
import type { Frame, Pipe } from '#shared/pipe.ts';
import type { AccountView } from '#shared/views.ts';
import { TestWindow } from './app.ts';
import type { ComputerEvent } from './computer-event.ts';

export interface DeviceOptions {
  readonly name: string;
  /** Folder of this device alone; its profile lies in it. */
  readonly folder: string;
  readonly ca: string;
  readonly jid: string;
  readonly password: string;
  /** Of the server, or of a proxy before it. */
  readonly port: number;
  /** How many times faster its timers run than they should; default 1. */
  readonly haste?: number;
  /** A disk of its own with so much room, as long as the process runs; see `canHaveDisk`. */
  readonly diskMegabytes?: number;
}

/** Starting a process costs more than all that it does in a test; the compiled modules are kept for the next. */
const compileCache = path.join(tmpdir(), 'chatsecure-compile-cache');

const entry = path.join(import.meta.dirname, 'children', 'device.ts');

/** One person's computer: the application in a process that can be killed at any moment and started again. */
export class Device {
  readonly options: DeviceOptions;
  #child: ChildProcess | undefined;
  #window: TestWindow | undefined;
  #aheadMs = 0;

  private constructor(options: DeviceOptions) {
    this.options = options;
  }

  /** Starts the application and logs in. */
  static async start(options: DeviceOptions): Promise<Device> {
    const device = new Device(options);
    writeFileSync(device.#path('ca.pem'), options.ca);
    try {
      await device.run();
      await device.#logIn();
      return device;
    } catch (error) {
      await device.kill();
      throw error;
    }
  }

  get window(): TestWindow {
    if (this.#window === undefined) throw new Error(`${this.options.name} is not running`);
    return this.#window;
  }

  get isRunning(): boolean {
    return this.#window !== undefined;
  }

  get account(): AccountView | undefined {
    return this.#window?.account(this.options.jid);
  }

  /** Starts the process on the profile as it is. */
  async run(): Promise<void> {
    const { haste = 1, diskMegabytes } = this.options;
    const logFile = openSync(this.#path('log'), 'a');
    const profile = diskMegabytes === undefined ? 'profile' : path.join('disk', 'profile');
    const args = [this.#path(profile), this.#path('ca.pem'), String(haste), String(this.#aheadMs)];
    const child = fork(entry, args, {
      stdio: ['ignore', 'ignore', logFile, 'ipc'],
      serialization: 'advanced',
      env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
      ...(diskMegabytes === undefined ? {} : onOwnDisk(this.#path('disk'), diskMegabytes)),
    });
    closeSync(logFile);
    this.#child = child;
    // A frame on its way to a process that is just being killed.
    child.on('error', () => undefined);
    child.once('exit', () => {
      if (this.#child !== child) return;
      this.#child = undefined;
      this.#window = undefined;
    });
    const window = new TestWindow(pipeTo(child));
    this.#window = window;
    await window.ready();
  }

  /** kill -9: whatever was not on disk is gone. */
  async kill(): Promise<void> {
    await this.#end((child) => child.kill('SIGKILL'));
  }

  /** The user quits. */
  async quit(): Promise<void> {
    await this.#end((child) => child.disconnect());
  }

  /** Something happens to the computer; a clock stays as it was set, also while nothing runs. */
  happen(event: ComputerEvent): void {
    if (event.computer === 'clock') this.#aheadMs = event.aheadMs;
    if (this.#child?.connected === true) this.#child.send(event, () => undefined);
  }

  /** What its clock says, milliseconds since 1970. */
  now(): number {
    return Date.now() + this.#aheadMs;
  }

  async #logIn(): Promise<void> {
    const { jid, password, port } = this.options;
    const { accounts } = this.window.api;
    const account = await patiently(() => accounts.add({ jid, password, host: '127.0.0.1', port }));
    this.window.accounts.set(account.id, account);
    await this.window.phase(jid, 'online');
  }

  async #end(how: (child: ChildProcess) => void): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const exited = once(child, 'exit');
    how(child);
    await exited;
  }

  #path(name: string): string {
    return path.join(this.options.folder, name);
  }
}

const ATTEMPTS = 5;

/** Under haste, a machine that is busy does not always answer in time. */
const patiently = async <T>(act: () => Promise<T>): Promise<T> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await act();
    } catch (error) {
      const isLate = error instanceof AppError && error.code === 'connection-timeout';
      if (!isLate || attempt === ATTEMPTS) throw error;
    }
  }
};

/** The process sees a file system there that nobody else sees, and that goes with it. */
const onOwnDisk = (
  folder: string,
  megabytes: number,
): { readonly execPath: string; readonly execArgv: string[] } => {
  mkdirSync(folder, { recursive: true });
  const script = `mount -t tmpfs -o size=${megabytes}m,mode=700 tmpfs "$0" && exec "$@"`;
  return {
    execPath: 'unshare',
    execArgv: ['--user', '--map-root-user', '--mount', 'sh', '-c', script, folder, process.execPath],
  };
};

/** Some systems forbid mounts to users. */
export const canHaveDisk = (): boolean => {
  if (process.platform !== 'linux') return false;
  const { execPath, execArgv } = onOwnDisk(path.join(tmpdir(), 'chatsecure-disk'), 1);
  return spawnSync(execPath, [...execArgv, '--version']).status === 0;
};

const pipeTo = (child: ChildProcess): Pipe => ({
  // A frame to a process that is just dying is lost, as on any pipe.
  send: (frame: Frame) => {
    if (child.connected) child.send(frame, () => undefined);
  },
  onFrame: (receive) => child.on('message', receive),
  onClose: (closed) => child.once('exit', closed),
});

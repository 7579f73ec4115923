/** A keychain of the bench's own: gnome-keyring on a private session bus, so that the user's stays untouched. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { end } from './child.ts';

const run = promisify(execFile);

export interface PrivateKeyring {
  /** For processes that shall use this keychain. */
  readonly env: NodeJS.ProcessEnv;
  stop(): Promise<void>;
}

/** @param folder empty, and short enough that a socket's address fits (107 bytes) */
export const startKeyring = async (folder: string): Promise<PrivateKeyring> => {
  const runtime = path.join(folder, 'run');
  await mkdir(runtime, { recursive: true, mode: 0o700 });
  const address = `unix:path=${path.join(runtime, 'bus')}`;
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    HOME: folder,
    XDG_DATA_HOME: path.join(folder, 'data'),
    XDG_CONFIG_HOME: path.join(folder, 'config'),
    XDG_RUNTIME_DIR: runtime,
    DBUS_SESSION_BUS_ADDRESS: address,
  };
  const started: ChildProcess[] = [];
  const stop = async (): Promise<void> => {
    for (const child of started.splice(0).toReversed()) await end(child);
  };
  const start = async (command: string, args: readonly string[]): Promise<ChildProcess> => {
    const child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'ignore'] });
    await once(child, 'spawn');
    started.push(child);
    return child;
  };
  try {
    const bus = await start('dbus-daemon', [
      '--session',
      '--nofork',
      `--address=${address}`,
      '--print-address',
    ]);
    if (bus.stdout !== null) await once(bus.stdout, 'data');
    const keyring = await start('gnome-keyring-daemon', ['--components=secrets', '--foreground', '--unlock']);
    keyring.stdin?.end('bench');
    await owned(env);
    return { env, stop };
  } catch (error) {
    await stop();
    throw error;
  }
};

/** Resolves when the keychain is on the bus. */
const owned = async (env: NodeJS.ProcessEnv): Promise<void> => {
  const question = [
    '--session',
    '--print-reply=literal',
    '--dest=org.freedesktop.DBus',
    '/org/freedesktop/DBus',
  ];
  for (let attempt = 0; attempt < 400; attempt += 1) {
    const args = [...question, 'org.freedesktop.DBus.NameHasOwner', 'string:org.freedesktop.secrets'];
    if ((await run('dbus-send', args, { env })).stdout.includes('true')) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('gnome-keyring did not come up');
};

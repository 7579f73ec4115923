import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

const root = path.resolve(import.meta.dirname, '../../..');

/** Entries of the loopback host. */
export const entries = {
  /** What is shipped; the default. */
  built: path.join(root, 'dist/main/web.js'),
  source: path.join(root, 'main/web.ts'),
  /** The host around a test application and a test window (tests/fixtures/window). */
  test: path.join(root, 'tests/support/children/test-host.ts'),
} as const;

export interface LaunchOptions {
  /** Default: a new folder, removed by `stop`. */
  readonly profileDir?: string;
  /** Added to the environment; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly entry?: keyof typeof entries;
  /** Default: `--print-launch-url`. Without it there is no launch URL to wait for. */
  readonly args?: readonly string[];
}

/** A running loopback host. */
export interface LaunchedApp {
  readonly process: ChildProcess;
  readonly pid: number;
  readonly profileDir: string;
  /** Good for one window. */
  readonly launchUrl: string;
  readonly origin: string;
  readonly port: number;
  /** The token in the launch URL. */
  readonly token: string;
  /** Everything that was written to stderr until now. */
  stderr(): string;
  /** A launch URL for one more window, by a second start on the same profile. */
  nextLaunchUrl(): Promise<string>;
  /** Ends the process, SIGTERM by default, and waits. Returns the exit code (null after a signal). */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/**
 * Starts the application on the loopback host and waits for its launch URL. Stop it in `finally` or a fixture.
 * There is no keychain unless `env` gives one back: the user's own must stay untouched.
 * @throws Error with the output where it ends before it serves
 */
export const launchApp = async (options: LaunchOptions = {}): Promise<LaunchedApp> => {
  const profileDir = options.profileDir ?? (await mkdtemp(path.join(os.tmpdir(), 'chatsecure-e2e-')));
  const started = start(profileDir, options);
  const { child, output } = started;
  const reply = await firstReply(started);
  const url = new URL(reply.launchUrl);
  return {
    process: child,
    pid: reply.pid,
    profileDir,
    launchUrl: reply.launchUrl,
    origin: url.origin,
    port: Number(url.port),
    token: url.hash.slice('#launch='.length),
    stderr: output,
    nextLaunchUrl: async () => {
      const second = start(profileDir, options);
      const { launchUrl } = await firstReply(second);
      await ended(second.child);
      return launchUrl;
    },
    stop: async (signal = 'SIGTERM') => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      await ended(child);
      if (options.profileDir === undefined) await rm(profileDir, { recursive: true, force: true });
      return child.exitCode;
    },
  };
};

interface Started {
  readonly child: ChildProcess;
  output(): string;
}

/** Starts an entry without waiting for anything. The caller stops it. */
export const start = (
  profileDir: string,
  { env = {}, entry = 'built', args = ['--print-launch-url'] }: LaunchOptions,
): Started => {
  const script = entries[entry];
  if (!existsSync(script))
    throw new Error(`${path.relative(root, script)} is missing: run scripts/build.ts first`);
  const child = spawn(process.execPath, [script, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent',
      ...env,
      CHATSECURE_PROFILE: profileDir,
    },
  });
  let text = '';
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')));
  return { child, output: () => text };
};

const firstReply = async ({
  child,
  output,
}: Started): Promise<{ readonly pid: number; readonly launchUrl: string }> => {
  if (child.stdout === null) throw new Error('no output to read');
  const lines = createInterface({ input: child.stdout });
  const line = await Promise.race([
    once(lines, 'line').then(([text]) => text as string),
    once(child, 'exit').then(([code]) => {
      throw new Error(`ended with ${code} before it served:\n${output()}`);
    }),
  ]);
  return JSON.parse(line) as { pid: number; launchUrl: string };
};

const ended = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
};

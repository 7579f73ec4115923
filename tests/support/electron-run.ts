/** Runs the Electron host on the stub, with the test application. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, vi } from 'vitest';
import { startElectronHost, type ElectronModule } from '#main/hosts/electron/host.ts';
import type { Shell } from '#main/hosts/shell.ts';
import { createLogger } from '#main/log/logger.ts';
import type { Clock } from '#main/util/clock.ts';
import * as stub from './electron-stub.ts';
import { createTestApplication } from './test-application.ts';

const folders: string[] = [];

/** Evaluates the entry. The clock stands still; `later` runs what waits for it. */
export const start = (argv: readonly string[] = ['/opt/chatsecure', '--type=x']) => {
  const profileDir = path.join(mkdtempSync(path.join(os.tmpdir(), 'chatsecure-electron-')), 'profile');
  folders.push(path.dirname(profileDir));
  const lines: string[] = [];
  const waiting: (() => void)[] = [];
  let now = 0;
  const clock: Clock = {
    now: () => now,
    after: (_ms, act) => {
      waiting.push(act);
      return () => waiting.splice(waiting.indexOf(act), 1);
    },
  };
  const application = createTestApplication('electron');
  const shells: Shell[] = [];
  startElectronHost({
    // The stub has what the host uses; the real type has hundreds of members more.
    electron: stub as unknown as ElectronModule,
    createApplication: (shell) => {
      shells.push(shell);
      return application;
    },
    secrets: { get: async () => undefined, set: async () => {}, delete: async () => {} },
    profileDir,
    rendererDir: '/nowhere',
    preload: '/app/preload.cjs',
    argv,
    clock,
    log: createLogger((line) => lines.push(line), 'info', 'test'),
  });
  const pass = (ms: number): void => {
    now += ms;
  };
  return {
    application,
    shells,
    lines,
    profileDir,
    pass,
    later: () => waiting.splice(0).forEach((act) => act()),
  };
};

/** The same, and `ready`. */
export const run = async (...args: Parameters<typeof start>) => {
  const started = start(...args);
  await stub.fireReady();
  return started;
};

export const theWindow = (): stub.BrowserWindow => {
  const [window] = stub.windows;
  if (window === undefined) throw new Error('no window is open');
  return window;
};

/** Lets everything run that has nothing to wait for. */
export const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
};

/** The recorded calls of one name. */
export const named = (name: string): readonly stub.Call[] => stub.calls.filter(([call]) => call === name);

/** A new program for every test; call it once at the top of the file. */
export const useFreshProgram = (): void => {
  beforeEach(() => stub.reset());
  afterEach(() => {
    vi.restoreAllMocks();
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });
};

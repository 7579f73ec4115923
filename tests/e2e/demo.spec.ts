/** The demo as a stranger types it: it says `demo ok`, and leaves nothing behind however it ends. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from '@playwright/test';

const root = path.resolve(import.meta.dirname, '../..');
const folder = path.join(root, '.demo');
const screenshot = path.join(root, 'test-results/demo.png');

// Both use the one folder of the demo.
test.describe.configure({ mode: 'serial', timeout: 120_000 });

/** The home of whoever tries the demo: it stays as empty as it is. */
let home: string;
test.beforeEach(() => {
  home = mkdtempSync(path.join(os.tmpdir(), 'chatsecure-home-'));
});
test.afterEach(() => {
  rmSync(home, { recursive: true, force: true });
});

const startDemo = (args: readonly string[], env: Record<string, string> = {}) => {
  const child = spawn(process.execPath, [path.join(root, 'scripts/demo.ts'), ...args], {
    env: { ...process.env, HOME: home, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let written = '';
  const collect = (chunk: Buffer): void => {
    written += chunk.toString();
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const ended = once(child, 'close') as Promise<[code: number | null]>;
  return { child, output: () => written, exitCode: async () => (await ended)[0] };
};

/** Server and browser have their files in the folder of the demo, and name them in their command lines. */
const leftRunning = (): readonly string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        return '';
      }
    })
    .filter((command) => command.includes(folder + path.sep));

test('without a person it writes, sees the answer, takes a picture, and says so', async () => {
  const begun = Date.now();
  const demo = startDemo(['--smoke']);
  expect(await demo.exitCode(), demo.output()).toBe(0);
  expect(demo.output()).toContain('demo ok');
  expect(statSync(screenshot).mtimeMs).toBeGreaterThan(begun - 2_000);
  expect(existsSync(folder)).toBe(false);
  expect(readdirSync(home)).toEqual([]);
  expect(leftRunning()).toEqual([]);
});

test('Ctrl-C ends the window, the server and all that they have written', async () => {
  const demo = startDemo([], { CHATSECURE_CHROMIUM_ARGS: '--headless=new' });
  try {
    await expect.poll(demo.output, { timeout: 60_000 }).toContain('signed in');
    // Server and window are there: what is looked for at the end would be found.
    await expect.poll(() => leftRunning().some((command) => command.includes('prosody'))).toBe(true);
    await expect.poll(() => leftRunning().some((command) => command.includes('--app='))).toBe(true);
  } finally {
    demo.child.kill('SIGINT');
  }
  expect(await demo.exitCode(), demo.output()).toBe(0);
  expect(existsSync(folder)).toBe(false);
  expect(readdirSync(home)).toEqual([]);
  await expect.poll(leftRunning).toEqual([]);
});

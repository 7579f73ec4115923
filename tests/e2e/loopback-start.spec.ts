/** The loopback host as a user starts it: with a browser of its own, twice, and without one. */
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { chromium, expect, test, type Browser, type Page } from '@playwright/test';
import { start, type LaunchOptions } from './support/launch.ts';

const browserArguments = [
  '--headless=new',
  '--remote-debugging-port=0',
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
];

/** A profile, a runtime folder, and starts on them that are ended with the test. */
const desk = () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'chatsecure-start-'));
  const runtime = path.join(folder, 'runtime');
  mkdirSync(runtime, { mode: 0o700 });
  const home = path.join(folder, 'home');
  mkdirSync(home);
  const started: ReturnType<typeof start>[] = [];
  const launch = (env: Record<string, string> = {}, args: readonly string[] = []) => {
    const options: LaunchOptions = {
      entry: 'test',
      args,
      env: {
        HOME: home,
        XDG_RUNTIME_DIR: runtime,
        CHATSECURE_CHROMIUM_ARGS: browserArguments.join(' '),
        ...env,
      },
    };
    const host = start(path.join(folder, 'profile'), options);
    started.push(host);
    return host;
  };
  const clear = async (): Promise<void> => {
    for (const { child } of started) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    rmSync(folder, { recursive: true, force: true });
  };
  return { home, runtime, launch, clear };
};

const browserFolder = (runtime: string): string | undefined => {
  const name = readdirSync(runtime).find((entry) => entry.startsWith('chatsecure-desktop-'));
  return name === undefined ? undefined : path.join(runtime, name);
};

const profiles = (runtime: string): readonly string[] => {
  const folder = browserFolder(runtime);
  return folder === undefined
    ? []
    : readdirSync(folder)
        .filter((name) => name.startsWith('profile-'))
        .map((name) => path.join(folder, name));
};

/** Connects to the window with this number that the host has opened, when it has left its launch file. */
const attach = async (
  runtime: string,
  number = 0,
): Promise<{ readonly browser: Browser; readonly page: Page }> => {
  const portFile = (): string => path.join(profiles(runtime)[number] ?? 'missing', 'DevToolsActivePort');
  await expect
    .poll(() => existsSync(portFile()) && readFileSync(portFile(), 'utf8').includes('\n'), {
      timeout: 20_000,
    })
    .toBe(true);
  const address = `http://127.0.0.1:${readFileSync(portFile(), 'utf8').split('\n')[0]}`;
  // Playwright loses a page that changes its process while it attaches.
  await expect
    .poll(async () => (await fetch(`${address}/json`)).text(), { timeout: 20_000 })
    .toContain('"url": "http://127.0.0.1:');
  const browser = await chromium.connectOverCDP(address);
  const page = browser.contexts()[0]?.pages()[0];
  if (page === undefined) throw new Error('no window');
  return { browser, page };
};

test('a window opens, its token shows nowhere, and closing it ends the program', async () => {
  const { home, runtime, launch, clear } = desk();
  try {
    const { child, output } = launch();
    const { browser, page } = await attach(runtime);
    await expect(page.locator('#state')).toHaveText('connected loopback');

    const folder = browserFolder(runtime) ?? '';
    const [file = ''] = readdirSync(folder).filter((name) => name.startsWith('open-'));
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(path.join(folder, file)).mode & 0o777).toBe(0o600);
    const token = /#launch=([\w-]{43})/.exec(readFileSync(path.join(folder, file), 'utf8'))?.[1] ?? '';
    expect(token).toHaveLength(43);
    expect(processesShowing(token)).toEqual([]);
    expect(output()).not.toContain(token);

    await page.reload();
    await expect(page.locator('#state')).toHaveText('connected loopback');
    expect(child.exitCode).toBe(null);

    await page.close();
    await once(child, 'exit');
    expect(child.exitCode).toBe(0);
    expect(browserFolder(runtime)).toBe(undefined);
    // Nor has the browser kept anything where it keeps what is its user's.
    expect(existsSync(path.join(home, '.config'))).toBe(false);
    await browser.close().catch(() => {});
  } finally {
    await clear();
  }
});

/** Files of /proc, readable by every user on many systems, in which a text stands. */
const processesShowing = (text: string): readonly string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => ['cmdline', 'environ'].map((file) => path.join('/proc', pid, file)))
    .filter((file) => {
      try {
        return readFileSync(file, 'latin1').includes(text);
      } catch {
        return false;
      }
    });

test('a second start opens a window on the running instance, hands its link over, and ends', async () => {
  const { runtime, launch, clear } = desk();
  try {
    const first = launch();
    const windows = [await attach(runtime)];
    const second = launch({}, ['xmpp:ann@example.org?message;body=hello']);
    await once(second.child, 'exit');
    expect(second.child.exitCode).toBe(0);
    expect(second.output()).toContain('opened a new window');
    await expect.poll(() => profiles(runtime).length).toBe(2);
    // Names are random: the new one may sort first.
    windows.push(await attach(runtime, 0), await attach(runtime, 1));
    for (const { page } of windows) await expect(page.locator('#state')).toHaveText('connected loopback');
    expect(first.output()).toContain('link message body');
    expect(first.child.exitCode).toBe(null);
    for (const { browser } of windows) await browser.close().catch(() => {});
  } finally {
    await clear();
  }
});

test('without a browser the address is printed with what to do, and the host stays', async () => {
  const { launch, clear } = desk();
  try {
    const { child, output } = launch({ CHATSECURE_CHROMIUM: '/nonexistent/chromium' });
    await expect
      .poll(output)
      .toMatch(
        /No Chromium.*CHATSECURE_CHROMIUM[^]*Open this address[^]*http:\/\/127\.0\.0\.1:\d+\/#launch=[\w-]{43}/,
      );
    const [launchUrl = ''] = /http:\S+/.exec(output()) ?? [];
    const answer = await fetch(launchUrl, {
      headers: { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
    });
    expect([answer.status, child.exitCode]).toEqual([403, null]);
    const again = launch();
    await once(again.child, 'exit');
    expect(again.output()).toMatch(/already running, without a browser[^]*#launch=/);
  } finally {
    await clear();
  }
});

test('a browser that does not come up is replaced by the printed address', async () => {
  const { runtime, launch, clear } = desk();
  const broken = path.join(runtime, 'browser.sh');
  writeFileSync(broken, '#!/bin/sh\nexit 21\n', { mode: 0o755 });
  try {
    const { child, output } = launch({ CHATSECURE_CHROMIUM: broken });
    await expect.poll(output).toMatch(/ended with code 21 before it showed a window[^]*#launch=/);
    expect(child.exitCode).toBe(null);
    expect(browserFolder(runtime)).toBe(undefined);
  } finally {
    await clear();
  }
});

test('arguments that mean nothing are refused', async () => {
  const { launch, clear } = desk();
  try {
    const { child, output } = launch({}, ['--inspect-brk']);
    await once(child, 'exit');
    expect([child.exitCode, output()]).toEqual([2, expect.stringContaining('Usage')]);
  } finally {
    await clear();
  }
});

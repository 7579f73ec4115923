import { once } from 'node:events';
import path from 'node:path';
import {
  _electron,
  test as base,
  expect,
  type Browser,
  type BrowserContextOptions,
  type Page,
} from '@playwright/test';
import { findElectronDist } from '#scripts/electron-dist.ts';
import { launchApp } from './launch.ts';

/** For the specs that run on both hosts: the same application, whatever window shows it. */

const root = path.resolve(import.meta.dirname, '../../..');

export interface OpenOptions {
  /** Default: a folder of the test, so that opening twice in one test opens the same profile again. */
  readonly profileDir?: string;
  /** For example CHATSECURE_EXTRA_CA. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** For the window in the browser, besides the options of the configuration; Electron's window has its own. */
  readonly context?: BrowserContextOptions;
}

export interface OpenedApp {
  readonly page: Page;
  readonly profileDir: string;
  /** Ends the program and waits; SIGKILL for a crash. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export interface Fixtures {
  /** Starts the built application and shows its window. What is still open at the end is stopped. */
  readonly openApp: (options?: OpenOptions) => Promise<OpenedApp>;
}

export const test = base.extend<Fixtures>({
  openApp: async ({ browser }, use, info) => {
    const opened: OpenedApp[] = [];
    await use(async (options = {}) => {
      const profileDir = options.profileDir ?? info.outputPath('profile');
      const app = await openAppOn(info.project.name, browser, { ...options, profileDir });
      opened.push(app);
      return app;
    });
    for (const app of opened) await app.stop();
  },
});

export { expect };

/**
 * Starts the built application on the host that the project of the configuration names. For suites whose tests
 * share one application; the fixture `openApp` is for the others. The caller stops it and removes the profile.
 */
export const openAppOn = (
  project: string,
  browser: Browser,
  options: OpenOptions & { readonly profileDir: string },
): Promise<OpenedApp> =>
  project === 'electron'
    ? openElectron(options.profileDir, options)
    : openLoopback(options.profileDir, options, browser);

const openLoopback = async (
  profileDir: string,
  { env = {}, context = {} }: OpenOptions,
  browser: Browser,
): Promise<OpenedApp> => {
  const app = await launchApp({ profileDir, env });
  // Playwright adds the options of the configuration.
  const page = await (await browser.newContext(context)).newPage();
  await page.goto(app.launchUrl);
  return {
    page,
    profileDir,
    stop: async (signal) => {
      await page.context().close();
      await app.stop(signal);
    },
  };
};

/** The development binary, not a package: a package's fuses refuse what Playwright needs. */
const openElectron = async (profileDir: string, { env = {} }: OpenOptions): Promise<OpenedApp> => {
  const dist = findElectronDist(root);
  if (dist === undefined) throw new Error('no Electron binary');
  const merged = {
    ...process.env,
    DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent',
    ...env,
    CHATSECURE_PROFILE: profileDir,
  };
  const defined = Object.entries(merged).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const app = await _electron.launch({
    executablePath: dist.executable,
    args: [...sandbox, root],
    env: Object.fromEntries(defined),
  });
  return {
    page: await app.firstWindow(),
    profileDir,
    stop: async (signal) => {
      const program = app.process();
      const hasEnded = (): boolean => program.exitCode !== null || program.signalCode !== null;
      if (hasEnded()) return;
      if (signal === undefined) return app.close();
      program.kill(signal);
      await once(program, 'exit');
    },
  };
};

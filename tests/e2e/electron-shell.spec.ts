/**
 * The Electron path end to end without Electron: the built preload, the built window, the real composition and
 * the real app:// handler with its real headers, in a real Chromium. Only the module `electron` is a stub.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, test, type Page } from '@playwright/test';
import { startElectronHost, type ElectronModule } from '#main/hosts/electron/host.ts';
import { findInstallation } from '#main/hosts/paths.ts';
import { createLogger } from '#main/log/logger.ts';
import { systemClock } from '#main/util/clock.ts';
import { IPC_CHANNEL } from '#shared/pipe.ts';
import * as stub from '#tests/support/electron-stub.ts';
import { createTestApplication } from '#tests/support/test-application.ts';

const { rendererDir, preload } = findInstallation(import.meta.dirname);
const testWindow = path.resolve(import.meta.dirname, '../fixtures/window');
/** How Chromium is shown `app://bundle`; its own handler answers. */
const STAND_IN = 'bundle.localhost';

/** Starts the host on the stub and opens its window's page in Chromium. */
const openWindow = async (page: Page, renderer: string) => {
  stub.reset();
  const profileDir = mkdtempSync(path.join(os.tmpdir(), 'chatsecure-shell-'));
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  // What React throws away it reports as an event only.
  await page.addInitScript(`addEventListener('error', ({ message }) => console.error(message))`);
  const log = createLogger((line) => complaints.push(line), 'warn', 'test');
  const application = createTestApplication('electron', log);
  startElectronHost({
    electron: stub as unknown as ElectronModule,
    createApplication: () => application,
    secrets: { get: async () => undefined, set: async () => {}, delete: async () => {} },
    profileDir,
    rendererDir: renderer,
    preload,
    argv: [],
    clock: systemClock,
    log,
  });
  await stub.fireReady();
  await serveBundle(page);
  await connectPreload(page);
  await page.goto(`http://${STAND_IN}/index.html`);
  return { application, complaints, close: () => rmSync(profileDir, { recursive: true, force: true }) };
};

const serveBundle = async (page: Page): Promise<void> => {
  const handler = stub.sessions.get('window')?.handled.get('app');
  if (handler === undefined) throw new Error('no handler of app://');
  await page.route('**/*', async (route) => {
    const url = new URL(route.request().url());
    if (url.host !== STAND_IN) return route.abort();
    const answer = await handler(new Request(`app://bundle${url.pathname}`));
    await route.fulfill({
      status: answer.status,
      headers: Object.fromEntries(answer.headers),
      body: Buffer.from(await answer.arrayBuffer()),
    });
  });
};

/** Runs the built preload before the page, with the `require` of Electron's sandbox, over the stub's IPC. */
const connectPreload = async (page: Page): Promise<void> => {
  const [window] = stub.windows;
  if (window === undefined) throw new Error('no window');
  const { webContents, options } = window;
  await page.exposeFunction('toMain', (channel: string, frame: unknown) => {
    webContents.ipc.emit(channel, { senderFrame: webContents.mainFrame }, frame);
  });
  webContents.on('stub-send', (channel: unknown, frame: unknown) => {
    const deliver = ([name, content]: readonly unknown[]): void =>
      (globalThis as unknown as { fromMain?: (...args: unknown[]) => void }).fromMain?.(name, content);
    page.evaluate(deliver, [channel, frame]).catch(() => {});
  });
  const source = readFileSync(String(options.webPreferences['preload']), 'utf8');
  await page.addInitScript(`(() => {
    const { toMain } = window;
    const listeners = [];
    window.fromMain = (channel, frame) => { for (const [name, listener] of listeners) if (name === channel) listener({}, frame); };
    const contextBridge = { exposeInMainWorld: (key, value) => Object.defineProperty(window, key, { value: Object.freeze({ ...value }) }) };
    const ipcRenderer = { on: (channel, listener) => listeners.push([channel, listener]), send: (channel, frame) => void toMain(channel, frame) };
    const require = (name) => { if (name !== 'electron') throw new Error('module not found: ' + name); return { contextBridge, ipcRenderer }; };
    ((require, process, exports, module) => { ${source} })(require, {}, {}, {});
  })()`);
};

test('preload, frames, events and headers fit together', async ({ page }) => {
  const { complaints, close } = await openWindow(page, testWindow);
  try {
    await expect(page.locator('#state')).toHaveText('connected electron');
    await expect(page.locator('#theme')).toHaveText('system');
    await page.getByRole('button', { name: 'dark' }).click();
    await expect(page.locator('#theme')).toHaveText('dark');
    expect(complaints).toEqual([]);
    expect(
      await page.evaluate(() => Object.keys((globalThis as unknown as { bridge: object }).bridge)),
    ).toEqual(['send', 'onFrame']);
    // connect-src 'none': the window of Electron cannot even ask its own origin.
    expect(
      await page.evaluate(() =>
        fetch('/index.html').then(
          () => 'read',
          () => 'blocked',
        ),
      ),
    ).toBe('blocked');
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  } finally {
    close();
  }
});

test('the built window starts without a word of complaint, and speaks over the bridge alone', async ({
  page,
}) => {
  const { complaints, close } = await openWindow(page, rendererDir);
  try {
    const snapshots = (): number =>
      stub.windows[0]?.webContents.sent.filter(
        ([channel, frame]) => channel === IPC_CHANNEL && (frame as { kind: string }).kind === 'done',
      ).length ?? 0;
    await expect.poll(snapshots).toBeGreaterThan(0);
    await expect
      .poll(async () => complaints.length > 0 || (await page.getByRole('heading').count()) > 0)
      .toBe(true);
    expect(complaints).toEqual([]);
  } finally {
    close();
  }
});

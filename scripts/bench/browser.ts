/** A fresh Chromium without a screen, with the stopwatches of `probe.ts` in its page. */
import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import path from 'node:path';
import { chromium, type Page } from '@playwright/test';
import { findBrowser, quietSwitches } from '#main/hosts/web/browser.ts';

export interface BrowserWindow {
  readonly page: Page;
  /** Milliseconds from the start of the browser's process until it could open a page. */
  readonly browserMs: number;
  readonly close: () => Promise<void>;
}

/** @throws Error where there is no browser */
export const openBrowser = async (): Promise<BrowserWindow> => {
  const executablePath = findBrowser(process.env);
  if (executablePath === undefined)
    throw new Error('no Chromium was found; CHATSECURE_CHROMIUM may name one');
  const started = performance.now();
  // Root in a container cannot use Chromium's sandbox.
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const browser = await chromium.launch({ executablePath, args: [...quietSwitches, ...asRoot] });
  const page = await browser.newPage({ viewport: { width: 1120, height: 760 } });
  await page.addInitScript({ content: probe() });
  return { page, browserMs: performance.now() - started, close: () => browser.close() };
};

const probe = (): string => {
  const source = readFileSync(path.join(import.meta.dirname, 'probe.ts'), 'utf8');
  return `(() => {${stripTypeScriptTypes(source)}})();`;
};

/** When the page began to load, milliseconds since 1970. */
export const timeOrigin = (page: Page): Promise<number> => page.evaluate(() => performance.timeOrigin);

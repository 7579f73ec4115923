import path from 'node:path';
import { test as base, expect, type Page } from '@playwright/test';
import { startFakeApp, type FakeApp } from './fake-app.ts';
import type { FakeData } from './fake-backend.ts';
import { AppWindow } from './app-window.ts';

/** The built window; another one can be named to try it without a whole build. */
const windowDir =
  process.env['CHATSECURE_WINDOW_DIR'] ?? path.resolve(import.meta.dirname, '../../../dist/renderer');

export interface ScriptedWindow {
  readonly app: FakeApp;
  readonly page: Page;
  readonly ui: AppWindow;
  /** What the browser has complained about: errors of scripts, and what the content policy has refused. */
  readonly complaints: readonly string[];
}

/** For specs about the window alone: the built window in Chromium, a scripted application behind it. */
export const test = base.extend<{ openWindow: (data: FakeData) => Promise<ScriptedWindow> }>({
  openWindow: async ({ page }, use) => {
    const apps: FakeApp[] = [];
    await use(async (data) => {
      const app = await startFakeApp(windowDir, data);
      apps.push(app);
      const complaints: string[] = [];
      page.on('pageerror', (error) => complaints.push(error.message));
      page.on('console', (line) => {
        if (line.type() === 'error' || line.type() === 'warning') complaints.push(line.text());
      });
      await page.goto(app.url);
      await expect(page.getByRole('heading', { level: 1 }).first()).toBeVisible();
      return { app, page, ui: new AppWindow(page), complaints };
    });
    for (const app of apps) await app.close();
  },
});

export { expect };

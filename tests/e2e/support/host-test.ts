import { test as base, expect } from '@playwright/test';
import { launchApp, type LaunchedApp } from './launch.ts';

/** A test with the loopback host around the test application; for the specs about the host itself. */
export const test = base.extend<{ app: LaunchedApp }>({
  // Playwright reads the dependencies of a fixture from this pattern.
  // eslint-disable-next-line no-empty-pattern
  app: async ({}, use) => {
    const app = await launchApp({ entry: 'test' });
    await use(app);
    await app.stop();
  },
});

export { expect };

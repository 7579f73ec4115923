import { test } from '@playwright/test';

/** Stands for all shared specs where they cannot run; see playwright.config.ts. */
test('the shared specs run on Electron', () => {
  test.skip(true, 'no Electron binary is here; node_modules/electron/install.js would download one');
});

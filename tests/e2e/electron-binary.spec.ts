import { expect, test } from '@playwright/test';

test('the shared specs run on Electron', () => {
  test.skip(true, 'no Electron binary is here; node_modules/electron/install.js would download one');
  expect(true).toBe(false);
});

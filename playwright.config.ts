import path from 'node:path';
import { defineConfig } from '@playwright/test';
import { findBrowser, quietSwitches } from './main/hosts/web/browser.ts';
import { findElectronDist } from './scripts/electron-dist.ts';

const executablePath = findBrowser(process.env);
if (executablePath === undefined)
  throw new Error('No Chromium was found. Install it, or name it in CHATSECURE_CHROMIUM.');

/** Root in a container cannot use Chromium's sandbox; a user can. */
const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];

/** A microphone and a camera, so that it is the policy that refuses them and not their absence. */
const devices = ['--use-fake-device-for-media-stream'];

/** About one host only: its own defences, or parts of it in isolation. */
const ofOneHost = /(?:demo|loopback-.*|policy|electron-shell|browser-traffic|screenshots)\.spec\.ts$/;
const needsElectron = /electron-binary\.spec\.ts$/;

export default defineConfig({
  testDir: path.join(import.meta.dirname, 'tests/e2e'),
  outputDir: path.join(import.meta.dirname, 'test-results'),
  globalSetup: './tests/e2e/support/global-setup.ts',
  timeout: 60_000,
  // On a busy machine a login takes its time; a limit only ends what hangs.
  expect: { timeout: 20_000 },
  fullyParallel: true,
  workers: 2,
  forbidOnly: process.env['CI'] !== undefined,
  reporter: 'list',
  use: {
    browserName: 'chromium',
    launchOptions: { executablePath, args: [...quietSwitches, ...devices, ...asRoot] },
    locale: 'en-GB',
    trace: 'retain-on-failure',
  },
  projects: [
    { name: 'loopback', testIgnore: needsElectron },
    // The same specs on Electron, where its binary is here; else one test that says why there are none.
    findElectronDist(import.meta.dirname) === undefined
      ? { name: 'electron', testMatch: needsElectron }
      : { name: 'electron', testIgnore: [ofOneHost, needsElectron] },
  ],
});

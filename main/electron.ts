/**
 * The Electron host. Environment, for development builds only: CHATSECURE_EXTRA_CA (PEM file).
 * CHATSECURE_PROFILE and CHATSECURE_LOG as in main/web.ts.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as electron from 'electron';
import { createBackend } from '#main/backend.ts';
import { watchForCrashes } from '#main/hosts/crash.ts';
import { startElectronHost } from '#main/hosts/electron/host.ts';
import { createKeychain } from '#main/hosts/keychain.ts';
import { logLevel } from '#main/hosts/log-level.ts';
import { findInstallation, profileDirectory } from '#main/hosts/paths.ts';
import { createLogger } from '#main/log/logger.ts';
import { systemClock } from '#main/util/clock.ts';

const { env } = process;
const installation = findInstallation(import.meta.dirname);
const log = createLogger((line) => console.error(line), logLevel(env['CHATSECURE_LOG']), randomUUID());
// An installed program trusts what the system trusts, whatever its environment says.
const extraCa = electron.app.isPackaged ? undefined : env['CHATSECURE_EXTRA_CA'];

watchForCrashes(process, log, () => electron.app.quit());
startElectronHost({
  electron,
  createApplication: (shell) => {
    const backend = createBackend({
      shell,
      log,
      clock: systemClock,
      version: installation.version,
      extraCa: extraCa === undefined ? undefined : readFileSync(extraCa, 'utf8'),
    });
    return { ...backend, openDeepLink: (link) => backend.handleLink(link) };
  },
  secrets: createKeychain(),
  profileDir: profileDirectory(),
  rendererDir: installation.rendererDir,
  preload: installation.preload,
  argv: process.argv,
  clock: systemClock,
  log,
});

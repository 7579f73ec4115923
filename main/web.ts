/**
 * The loopback host: the application in plain Node, its window in an installed browser.
 *
 *   node dist/main/web.js [--print-launch-url] [xmpp:address]
 *
 * Environment:
 *   CHATSECURE_PROFILE        folder of the profile; default: the system's place for application data
 *   CHATSECURE_CHROMIUM       the browser; default: the first one of the Chromium family that is found
 *   CHATSECURE_CHROMIUM_ARGS  more switches for it, separated by blanks
 *   CHATSECURE_EXTRA_CA       PEM file of an authority that is trusted besides the usual ones (demo and tests)
 *   CHATSECURE_LOG            debug, info, warn (default) or error
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createBackend } from '#main/backend.ts';
import { watchForCrashes } from '#main/hosts/crash.ts';
import { createKeychain } from '#main/hosts/keychain.ts';
import { logLevel } from '#main/hosts/log-level.ts';
import { findInstallation, profileDirectory } from '#main/hosts/paths.ts';
import { runWebHost } from '#main/hosts/web/host.ts';
import { createLogger } from '#main/log/logger.ts';
import { systemClock } from '#main/util/clock.ts';

const { env } = process;
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stopping.abort());

const installation = findInstallation(import.meta.dirname);
const log = createLogger((line) => console.error(line), logLevel(env['CHATSECURE_LOG']), randomUUID());
const extraCa = env['CHATSECURE_EXTRA_CA'];

let hasCrashed = false;
watchForCrashes(process, log, () => {
  hasCrashed = true;
  stopping.abort();
  // Where even stopping fails.
  setTimeout(() => process.exit(1), 5_000).unref();
});

const code = await runWebHost({
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
  env,
  args: process.argv.slice(2),
  clock: systemClock,
  log,
  print: (line) => console.log(line),
  say: (line) => console.error(line),
  signal: stopping.signal,
});
process.exitCode = hasCrashed ? 1 : code;

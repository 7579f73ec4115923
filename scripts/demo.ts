/**
 * The application with everything it needs: a private Prosody on loopback with three accounts, its own
 * authority trusted by this demo alone, and a second account that answers.
 *
 *   npm run demo                opens the window; Ctrl-C or closing the window ends everything
 *   npm run demo -- --smoke     does the same without a person and says `demo ok`
 *
 * Everything lies in the folder .demo and is removed at the end. The system keychain is not touched.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { createBackend } from '#main/backend.ts';
import { logLevel } from '#main/hosts/log-level.ts';
import { findInstallation } from '#main/hosts/paths.ts';
import { runWebHost } from '#main/hosts/web/host.ts';
import { createLogger } from '#main/log/logger.ts';
import { systemClock } from '#main/util/clock.ts';
import { memorySecrets } from '#tests/support/app.ts';
import { startProsody } from '#tests/support/prosody.ts';
import { buildIfStale } from './build.ts';
import { cast, signIn, startCast } from './demo/cast.ts';
import { smoke } from './demo/smoke.ts';

const root = path.resolve(import.meta.dirname, '..');
const folder = path.join(root, '.demo');
const SCREENSHOT = path.join(root, 'test-results', 'demo.png');

const say = (line: string): void => console.error(line);

/** Chromium refuses its sandbox to root; whoever runs the demo as root is in a container or a test machine. */
const browserSwitches = (): string => {
  const given = process.env['CHATSECURE_CHROMIUM_ARGS'] ?? '';
  if (process.getuid?.() !== 0) return given;
  say('[demo] You are root: the browser runs without its own sandbox.');
  return `${given} --no-sandbox`.trim();
};

/** @returns the exit code */
const demo = async (isSmoke: boolean): Promise<number> => {
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stopping.abort());
  const log = createLogger((line) => say(line), logLevel(process.env['CHATSECURE_LOG']), randomUUID());
  const cleanUps: (() => Promise<void>)[] = [];
  try {
    await rm(folder, { recursive: true, force: true });
    await mkdir(path.join(folder, 'tmp'), { recursive: true, mode: 0o700 });
    cleanUps.push(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
    // Server, browser profile, launch files and what browsers keep besides: all of them look here for a place.
    for (const place of ['TMPDIR', 'XDG_RUNTIME_DIR', 'XDG_CONFIG_HOME', 'XDG_CACHE_HOME', 'XDG_DATA_HOME'])
      process.env[place] = path.join(folder, 'tmp');
    if (await buildIfStale()) say('[demo] built the window');
    const accounts = Object.values(cast).map(({ jid, password }) => ({ jid, password }));
    const server = await startProsody({ accounts });
    cleanUps.push(() => server.stop());
    say(`[demo] a private server is on ${server.host}:${server.port}`);
    const people = await startCast(server);
    cleanUps.push(() => people.stop());
    const installation = findInstallation(import.meta.dirname);
    const window = isSmoke ? smoke(SCREENSHOT, stopping) : undefined;
    const code = await runWebHost({
      createApplication: (shell) => {
        const { version } = installation;
        const backend = createBackend({ shell, log, clock: systemClock, version, extraCa: server.ca });
        return {
          ...backend,
          start: async () => {
            await backend.start();
            await signIn(backend, server);
            say('[demo] signed in; close the window or press Ctrl-C to end');
          },
          openDeepLink: (link) => backend.handleLink(link),
        };
      },
      // The key of the demo's profile lives as long as the demo.
      secrets: memorySecrets(),
      profileDir: path.join(folder, 'profile'),
      rendererDir: installation.rendererDir,
      env: { ...process.env, CHATSECURE_CHROMIUM_ARGS: browserSwitches() },
      args: isSmoke ? ['--print-launch-url'] : [],
      clock: systemClock,
      log,
      print: (line) => window?.open((JSON.parse(line) as { launchUrl: string }).launchUrl),
      say,
      signal: stopping.signal,
    });
    return window === undefined ? code : await window.result;
  } finally {
    for (const cleanUp of cleanUps.toReversed()) {
      await cleanUp().catch((error: unknown) => log.error('cleaning up failed', {}, error));
    }
  }
};

process.exitCode = await demo(process.argv.includes('--smoke')).catch((error: unknown) => {
  say(`[demo] failed: ${error instanceof Error ? error.message : String(error)}`);
  say('[demo] Run it again with CHATSECURE_LOG=debug to see more.');
  return 1;
});
// Nothing may hold the process once everything is closed.
process.exit();

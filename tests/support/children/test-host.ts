/**
 * The loopback host around the test application and the test window; started as a process by the suites
 * that are about the host and not about the application.
 */
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { profileDirectory } from '#main/hosts/paths.ts';
import { runWebHost } from '#main/hosts/web/host.ts';
import { createLogger } from '#main/log/logger.ts';
import { systemClock } from '#main/util/clock.ts';
import { createTestApplication } from '../test-application.ts';

const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());

const log = createLogger((line) => console.error(line), 'debug', randomUUID());
const application = createTestApplication('loopback', log);
process.exitCode = await runWebHost({
  createApplication: () => ({
    ...application,
    openDeepLink: (link) => console.error(`link ${link.action} ${Object.keys(link.parameters).join()}`),
  }),
  secrets: { get: async () => undefined, set: async () => {}, delete: async () => {} },
  profileDir: profileDirectory(),
  rendererDir: path.resolve(import.meta.dirname, '../../fixtures/window'),
  env: process.env,
  args: process.argv.slice(2),
  clock: systemClock,
  log,
  print: (line) => console.log(line),
  say: (line) => console.error(line),
  signal: stopping.signal,
});

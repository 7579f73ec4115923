/** The browser of the loopback host talks to nobody but us: read from Chromium's own log of its network. */
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from '@playwright/test';
import { start } from './support/launch.ts';

/** Long enough for the services that Chromium starts some seconds after its window. */
const WATCH_SECONDS = 25;

interface NetLog {
  readonly constants: { readonly logEventTypes: Readonly<Record<string, number>> };
  readonly events: readonly { readonly type: number; readonly params?: Readonly<Record<string, unknown>> }[];
}

test('no name is looked up and no connection leaves the machine', async () => {
  test.setTimeout(120_000);
  const folder = mkdtempSync(path.join(os.tmpdir(), 'chatsecure-traffic-'));
  const runtime = path.join(folder, 'runtime');
  const file = path.join(folder, 'net.json');
  mkdirSync(runtime, { mode: 0o700 });
  const switches = [
    '--headless=new',
    `--log-net-log=${file}`,
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  ];
  const { child, output } = start(path.join(folder, 'profile'), {
    entry: 'test',
    args: [],
    env: { XDG_RUNTIME_DIR: runtime, CHATSECURE_CHROMIUM_ARGS: switches.join(' ') },
  });
  try {
    await expect
      .poll(() => existsSync(file) && readFileSync(file, 'utf8').includes('/socket'), { timeout: 30_000 })
      .toBe(true);
    await new Promise((resolve) => setTimeout(resolve, WATCH_SECONDS * 1000));
    child.kill('SIGTERM');
    await once(child, 'exit');
    const log = readNetLog(readFileSync(file, 'utf8'));
    const targets = params(log, 'TCP_CONNECT_ATTEMPT').flatMap(({ address }) =>
      typeof address === 'string' ? [address] : [],
    );
    expect(targets.length).toBeGreaterThan(0);
    expect(targets.filter((address) => !address.startsWith('127.0.0.1:'))).toEqual([]);
    expect(params(log, 'UDP_BYTES_SENT')).toEqual([]);
    expect(params(log, 'HOST_RESOLVER_SYSTEM_TASK')).toEqual([]);
    expect(params(log, 'HOST_RESOLVER_DNS_TASK')).toEqual([]);
    expect(output()).not.toContain('refused');
  } finally {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    rmSync(folder, { recursive: true, force: true });
  }
});

const params = (
  { constants, events }: NetLog,
  name: string,
): readonly Readonly<Record<string, unknown>>[] => {
  const type = constants.logEventTypes[name];
  if (type === undefined) throw new Error(`Chromium no longer logs ${name}`);
  return events.filter((event) => event.type === type).map((event) => event.params ?? {});
};

/** The end of the list is missing where Chromium was stopped before it had written it. */
const readNetLog = (text: string): NetLog => {
  try {
    return JSON.parse(text) as NetLog;
  } catch {
    return JSON.parse(`${text.slice(0, text.lastIndexOf('},\n') + 1)}]}`) as NetLog;
  }
};

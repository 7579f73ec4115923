/**
 * The whole application as a process of its own, so that a test can kill it. Its one window is the channel
 * to the parent. The keychain is a file beside the profile: the test is not about keychains, and a kill must
 * not lose the key. What happens to the computer itself (sleep, another network, a clock that is set) comes
 * by the same channel.
 */
import { appendFileSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { flushCompileCache, syncBuiltinESMExports } from 'node:module';
import os from 'node:os';
import { createBackend } from '#main/backend.ts';
import type { SecretStore } from '#main/hosts/shell.ts';
import { createLogger } from '#main/log/logger.ts';
import type { Frame } from '#shared/pipe.ts';
import { isComputerEvent } from '../computer-event.ts';
import { hastyClock } from '../hasty-clock.ts';

const [profileDir, caFile, haste = '1', clockAhead = '0'] = process.argv.slice(2);
if (profileDir === undefined || caFile === undefined)
  throw new Error('usage: device <profile> <ca.pem> [haste] [how far the clock is ahead, ms]');

const file = `${profileDir}.secrets.json`;
const read = (): Record<string, string> =>
  existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>) : {};
const write = (values: Record<string, string>): void => {
  writeFileSync(`${file}.new`, JSON.stringify(values));
  renameSync(`${file}.new`, file);
};
const secrets: SecretStore = {
  get: async (name) => read()[name],
  set: async (name, value) => write({ ...read(), [name]: value }),
  delete: async (name) => {
    const { [name]: _gone, ...rest } = read();
    write(rest);
  },
};

/** What the watcher of the network sees: Node has no port for it, so the system's answer is replaced. */
let networkName = 'eth0';
os.networkInterfaces = () => ({
  [networkName]: [
    {
      address: '192.0.2.1',
      netmask: '255.255.255.0',
      family: 'IPv4',
      mac: '02:00:00:00:00:01',
      internal: false,
      cidr: '192.0.2.1/24',
    },
  ],
});
syncBuiltinESMExports();

/** Takes all room that is left on the disk of the profile. */
const ballast = `${profileDir}.ballast`;
const fillDisk = (): void => {
  for (let size = 65_536; size >= 1;) {
    try {
      appendFileSync(ballast, Buffer.alloc(size));
    } catch {
      size >>= 1;
    }
  }
};

let power: (event: 'suspend' | 'wake') => void = () => undefined;
const clock = hastyClock(Number(haste), Number(clockAhead));
const log = createLogger((line) => process.stderr.write(`${line}\n`), 'debug', 'device');
const backend = createBackend({
  shell: {
    host: 'loopback',
    profileDir,
    secrets,
    openExternal: async () => undefined,
    setBadge: () => undefined,
    onPower: (listener) => {
      power = listener;
      return () => undefined;
    },
  },
  log,
  clock,
  version: '0.0.0-test',
  extraCa: readFileSync(caFile, 'utf8'),
});
process.on('message', (message) => {
  if (!isComputerEvent(message)) return;
  if (message.computer === 'clock') clock.setAhead(message.aheadMs);
  else if (message.computer === 'network') networkName = message.name;
  else if (message.computer === 'disk-full') fillDisk();
  else if (message.computer === 'disk-free') rmSync(ballast);
  else power(message.computer);
});
backend.attach({
  send: (frame: Frame) => process.send?.(frame),
  onFrame: (receive) =>
    process.on('message', (message) => {
      if (!isComputerEvent(message)) receive(message);
    }),
  onClose: (closed) => process.once('disconnect', closed),
});
process.once('disconnect', () => void backend.stop().then(() => process.exit(0)));
await backend.start();
// A process that is killed would not leave the next one its compiled modules.
flushCompileCache();

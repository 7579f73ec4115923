/**
 * The whole application as a process of its own, so that a test can kill it. Its one window is the channel
 * to the parent. The keychain is a file beside the profile: the test is not about keychains, and a kill must
 * not lose the key.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createBackend } from '#main/backend.ts';
import type { SecretStore } from '#main/hosts/shell.ts';
import { createLogger } from '#main/log/logger.ts';
import { systemClock } from '#main/util/clock.ts';
import type { Frame } from '#shared/pipe.ts';

const [profileDir, caFile] = process.argv.slice(2);
if (profileDir === undefined || caFile === undefined) throw new Error('usage: device <profile> <ca.pem>');

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

const log = createLogger((line) => process.stderr.write(`${line}\n`), 'debug', 'device');
const backend = createBackend({
  shell: {
    host: 'loopback',
    profileDir,
    secrets,
    openExternal: async () => undefined,
    setBadge: () => undefined,
    onPower: () => () => undefined,
  },
  log,
  clock: systemClock,
  version: '0.0.0-test',
  extraCa: readFileSync(caFile, 'utf8'),
});
backend.attach({
  send: (frame: Frame) => process.send?.(frame),
  onFrame: (receive) => process.on('message', receive),
  onClose: (closed) => process.once('disconnect', closed),
});
process.once('disconnect', () => void backend.stop().then(() => process.exit(0)));
await backend.start();

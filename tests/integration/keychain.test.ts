import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startChild } from '#tests/support/child-process.ts';
import { startPrivateBus } from '#tests/support/keyring.ts';
import { temporaryFolder } from '#tests/support/temporary-profile.ts';

// The library keeps its connection to the bus for the life of the process: each state gets a process of its own.
const user = new URL('../support/children/use-keychain.ts', import.meta.url).pathname;

const inEnvironment = async (
  env: NodeJS.ProcessEnv,
  folder: string,
  ...steps: string[]
): Promise<unknown[]> => {
  const child = startChild('node', [user, folder, ...steps], { env });
  const answers: unknown[] = [];
  for (let line = await child.nextLine(); line !== undefined; line = await child.nextLine()) {
    answers.push(JSON.parse(line));
  }
  const { code, stderr } = await child.finished();
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return answers;
};

describe('with gnome-keyring', () => {
  test('the key of the first start is found by the next one, and by none while the keyring is locked', async () => {
    const bus = await startPrivateBus();
    const folder = join(temporaryFolder(), 'profile');
    const unlocked = await bus.startKeyring('login password');
    expect(await inEnvironment(bus.env, folder, 'open')).toEqual([
      { state: 'ready', protection: 'keychain' },
    ]);
    expect(await inEnvironment(bus.env, folder, 'open')).toEqual([
      { state: 'ready', protection: 'keychain' },
    ]);
    const database = readFileSync(join(folder, 'chatsecure.db'));

    await unlocked.kill();
    const locked = await bus.startKeyring();
    expect(await inEnvironment(bus.env, folder, 'open', 'unlock:anything', 'set:a=b')).toEqual([
      { state: 'keychain-locked' },
      { error: 'AppError', code: 'keychain-locked' },
      { error: 'SecretsLocked' },
    ]);
    expect(readFileSync(join(folder, 'chatsecure.db')).equals(database)).toBe(true);

    await locked.kill();
    await bus.startKeyring('login password');
    expect(await inEnvironment(bus.env, folder, 'open')).toEqual([
      { state: 'ready', protection: 'keychain' },
    ]);
  });

  test('values of any text come back', async () => {
    const bus = await startPrivateBus();
    await bus.startKeyring('x');
    const folder = temporaryFolder();
    const value = '\u{1F339} пароль "\'';
    expect(await inEnvironment(bus.env, folder, 'get:a', `set:a=${value}`, 'get:a')).toEqual([
      'nothing',
      'done',
      value,
    ]);
  });

  test('a keyring that is locked at the first start makes nothing', async () => {
    const bus = await startPrivateBus();
    const folder = join(temporaryFolder(), 'profile');
    const unlocked = await bus.startKeyring('login password');
    await inEnvironment(bus.env, temporaryFolder(), 'set:a=b');
    await unlocked.kill();
    await bus.startKeyring();
    expect(await inEnvironment(bus.env, folder, 'open')).toEqual([{ state: 'keychain-locked' }]);
    expect(readdirSync(folder)).toEqual(['lock']);
  });
});

describe('without a keychain', () => {
  const noBus = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({ PATH: env['PATH'], HOME: env['HOME'] });

  test('on a bus without Secret Service a passphrase takes its place', async () => {
    const bus = await startPrivateBus();
    const folder = join(temporaryFolder(), 'profile');
    expect(await inEnvironment(bus.env, folder, 'open', 'unlock:balcony')).toEqual([
      { state: 'create-passphrase', reason: 'no program on this system offers a keychain (Secret Service)' },
      { state: 'ready', protection: 'passphrase' },
    ]);
    expect(await inEnvironment(bus.env, folder, 'open', 'unlock:orchard', 'unlock:balcony')).toEqual([
      { state: 'enter-passphrase' },
      { error: 'AppError', code: 'wrong-passphrase' },
      { state: 'ready', protection: 'passphrase' },
    ]);
  });

  test('with a service that has no keyring yet, and nobody to make one', async () => {
    const bus = await startPrivateBus();
    await bus.startKeyring();
    const folder = join(temporaryFolder(), 'profile');
    expect(await inEnvironment(bus.env, folder, 'open')).toEqual([
      { state: 'create-passphrase', reason: 'the system has a keychain service, but no keychain in it' },
    ]);
    expect(existsSync(join(folder, 'key.json'))).toBe(false);
  });

  test('without any bus', async () => {
    const bus = await startPrivateBus();
    const folder = join(temporaryFolder(), 'profile');
    expect(await inEnvironment(noBus(bus.env), folder, 'open')).toEqual([
      { state: 'create-passphrase', reason: 'there is no session bus (D-Bus) to reach a keychain' },
    ]);
  });

  test('a profile whose key is in the keychain waits for it where there is no bus', async () => {
    const bus = await startPrivateBus();
    await bus.startKeyring('x');
    const folder = join(temporaryFolder(), 'profile');
    expect(await inEnvironment(bus.env, folder, 'open')).toEqual([
      { state: 'ready', protection: 'keychain' },
    ]);
    expect(await inEnvironment(noBus(bus.env), folder, 'open')).toEqual([{ state: 'keychain-locked' }]);
    expect(await inEnvironment(bus.env, folder, 'open')).toEqual([
      { state: 'ready', protection: 'keychain' },
    ]);
  });
});

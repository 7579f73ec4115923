import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { memorySecrets, noKeychain, startApp, TestWindow, type TestApp } from '#tests/support/app.ts';

/** The way into a profile, as the window sees it. */
const apps: TestApp[] = [];
const open = async (options: Parameters<typeof startApp>[0] = {}): Promise<TestApp> => {
  const app = await startApp(options);
  apps.push(app);
  return app;
};
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.stop()));
});

describe('a profile without a keychain', () => {
  it('asks once for a passphrase and says why, and then for that one', async () => {
    const app = await open({ secrets: noKeychain });
    const first = await app.window.snapshot();
    expect(first).toMatchObject({
      ready: false,
      lock: { state: 'create-passphrase', reason: 'there is none in this test' },
    });
    await expect(app.window.api.settings.update({ theme: 'dark' })).rejects.toMatchObject({ code: 'locked' });
    const both = [1, 2].map(() => app.window.api.app.unlock({ passphrase: 'correct horse' }));
    expect((await Promise.all(both)).map(({ ready }) => ready)).toEqual([true, true]);
    await app.window.api.settings.update({ theme: 'dark' });

    const again = await app.restart();
    apps.push(again);
    expect(await again.window.snapshot()).toMatchObject({
      ready: false,
      lock: { state: 'enter-passphrase' },
    });
    await expect(again.window.api.app.unlock({ passphrase: 'wrong' })).rejects.toMatchObject({
      code: 'wrong-passphrase',
    });
    const opened = await again.window.api.app.unlock({ passphrase: 'correct horse' });
    expect(opened).toMatchObject({ ready: true, keyProtection: 'passphrase', settings: { theme: 'dark' } });
  });
});

describe('a profile with a keychain', () => {
  it("opens by itself, with a folder that is its user's alone", async () => {
    const app = await open();
    expect(await app.window.ready()).toMatchObject({ keyProtection: 'keychain', accounts: [], chats: [] });
    expect(statSync(app.profileDir).mode & 0o777).toBe(0o700);
    expect(statSync(path.join(app.profileDir, 'chatsecure.db')).mode & 0o777).toBe(0o600);
  });

  it('waits for a keychain that does not answer, and never makes a second key', async () => {
    const secrets = memorySecrets();
    const app = await open({ secrets });
    const before = readFileSync(path.join(app.profileDir, 'key.json'), 'utf8');
    await app.backend.stop();
    const silent = { ...secrets, get: () => Promise.resolve(undefined) };
    let answers = false;
    const locked = await open({
      profileDir: app.profileDir,
      secrets: { ...secrets, get: (name) => (answers ? secrets.get(name) : silent.get()) },
    });
    expect(await locked.window.snapshot()).toMatchObject({ lock: { state: 'keychain-locked' } });
    await locked.window.api.app.retryKeychain({});
    expect(readFileSync(path.join(app.profileDir, 'key.json'), 'utf8')).toBe(before);
    answers = true;
    expect(await locked.window.api.app.retryKeychain({})).toMatchObject({ ready: true });
  });

  it('refuses a second instance, which makes no key and opens the profile when the first has gone', async () => {
    const secrets = memorySecrets();
    const first = await open({ secrets });
    const second = await open({ secrets, profileDir: first.profileDir });
    expect(await second.window.snapshot()).toMatchObject({
      lock: { state: 'broken', code: 'profile-in-use' },
    });
    await expect(second.window.api.app.unlock({ passphrase: 'anything' })).rejects.toMatchObject({
      code: 'profile-in-use',
    });
    await first.backend.stop();
    expect(await second.window.api.app.retryKeychain({})).toMatchObject({ ready: true });
  });

  it('says what is wrong with a damaged file, and changes nothing in it', async () => {
    const secrets = memorySecrets();
    const app = await open({ secrets });
    await app.backend.stop();
    const file = path.join(app.profileDir, 'chatsecure.db');
    const bytes = readFileSync(file);
    bytes.fill(0x55, 100, 2000);
    writeFileSync(file, bytes);
    chmodSync(file, 0o600);
    const damaged = await open({ secrets, profileDir: app.profileDir });
    expect(await damaged.window.snapshot()).toMatchObject({
      lock: { state: 'broken', code: 'database-damaged' },
    });
    expect(readFileSync(file).equals(bytes)).toBe(true);
  });
});

describe('a window', () => {
  it('that comes later sees the same, and gets the same events', async () => {
    const app = await open();
    const other = new TestWindow(app.backend);
    await other.ready();
    await app.window.api.settings.update({ language: 'de' });
    expect(await other.ready()).toMatchObject({ settings: { language: 'de' } });
    other.close();
  });

  it('gets a link of the system once', async () => {
    const app = await open();
    app.backend.handleLink({ jid: 'bob@localhost', action: 'message', parameters: {} });
    expect(await app.window.ready()).toMatchObject({ link: { jid: 'bob@localhost' } });
    expect(await app.window.ready()).not.toHaveProperty('link');
  });
});

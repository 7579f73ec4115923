import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { AccountId } from '#shared/ids.ts';
import { AccountSecrets } from '#main/crypto/account-secrets.ts';
import { Keyring, type OpenedKey } from '#main/crypto/keyring.ts';
import { openDatabase } from '#main/store/database.ts';
import { rejectionCode } from '#tests/support/app-error.ts';
import { MemorySecrets } from '#tests/support/memory-secrets.ts';
import { storeWithChat, temporaryProfile } from '#tests/support/temporary-profile.ts';

interface Setup {
  readonly secrets: MemorySecrets;
  readonly markerPath: string;
  readonly databasePath: string;
  /** A keyring as after a restart. */
  keyring(): Keyring;
}

const setUp = (mode: MemorySecrets['mode'] = 'open'): Setup => {
  const { paths } = temporaryProfile();
  const secrets = new MemorySecrets();
  secrets.mode = mode;
  const options = { markerPath: paths.keyMarker, databasePath: paths.database, secrets };
  return {
    secrets,
    markerPath: paths.keyMarker,
    databasePath: paths.database,
    keyring: () => new Keyring(options),
  };
};

const ready = (outcome: Awaited<ReturnType<Keyring['open']>>): OpenedKey => {
  if (outcome.state !== 'ready') throw new Error(`expected a key, got ${outcome.state}`);
  return outcome;
};

/** What is on disk and in the keychain: nothing of it may change where a key is refused. */
const traces = ({ secrets, markerPath, databasePath }: Setup): unknown => ({
  items: [...secrets.items],
  marker: existsSync(markerPath) ? readFileSync(markerPath, 'utf8') : undefined,
  database: existsSync(databasePath) ? readFileSync(databasePath, 'base64') : undefined,
});

const editMarker = (path: string, edit: (marker: Record<string, unknown>) => unknown): void => {
  const marker = z.record(z.string(), z.unknown()).parse(JSON.parse(readFileSync(path, 'utf8')));
  writeFileSync(path, JSON.stringify(edit(marker)));
};

describe('with a keychain', () => {
  test('the first start makes a key, and every later one finds it', async () => {
    const profile = setUp();
    const first = ready(await profile.keyring().open());
    expect(first.protection).toBe('keychain');
    expect(first.key).toHaveLength(32);
    openDatabase(profile.databasePath, first.key).close();
    const again = ready(await profile.keyring().open());
    expect(Buffer.from(again.key).equals(Buffer.from(first.key))).toBe(true);
    openDatabase(profile.databasePath, again.key).close();
    expect(profile.secrets.items.size).toBe(1);
  });

  test('the marker is for the owner only, and the key is not in it', async () => {
    const profile = setUp();
    const { key } = ready(await profile.keyring().open());
    const marker = readFileSync(profile.markerPath, 'utf8');
    expect((statSync(profile.markerPath).mode & 0o777).toString(8)).toBe('600');
    expect(marker).not.toContain(Buffer.from(key).toString('base64'));
    expect(marker).not.toContain(Buffer.from(key).toString('hex'));
    expect(readdirSync(profile.markerPath.replace(/key\.json$/, ''))).toEqual(['key.json']);
  });

  test('two profiles have keys of their own in the same keychain', async () => {
    const one = setUp();
    const two = temporaryProfile();
    const first = ready(await one.keyring().open());
    const second = ready(
      await new Keyring({
        markerPath: two.paths.keyMarker,
        databasePath: two.paths.database,
        secrets: one.secrets,
      }).open(),
    );
    expect(Buffer.from(first.key).equals(Buffer.from(second.key))).toBe(false);
    expect(one.secrets.items.size).toBe(2);
    expect(ready(await one.keyring().open()).key).toEqual(first.key);
  });

  test.each(['locked', 'absent'] as const)(
    'a keychain that is %s later asks the user to unlock it',
    async (mode) => {
      const profile = setUp();
      const { key } = ready(await profile.keyring().open());
      openDatabase(profile.databasePath, key).close();
      const before = traces(profile);
      profile.secrets.mode = mode;
      const keyring = profile.keyring();
      expect(await keyring.open()).toEqual({ state: 'keychain-locked' });
      expect(await rejectionCode(() => keyring.unlock('a passphrase'))).toBe('keychain-locked');
      expect(traces(profile)).toEqual(before);
      profile.secrets.mode = 'open';
      expect(ready(await keyring.open()).key).toEqual(key);
    },
  );

  test('an item that was deleted looks like a locked keychain; no second key is made', async () => {
    const profile = setUp();
    ready(await profile.keyring().open());
    profile.secrets.items.clear();
    expect(await profile.keyring().open()).toEqual({ state: 'keychain-locked' });
    expect(profile.secrets.items.size).toBe(0);
  });

  test('a keychain that holds another key is told from a damaged database', async () => {
    const profile = setUp();
    ready(await profile.keyring().open());
    for (const wrong of [Buffer.alloc(32, 1).toString('base64'), 'not base64 ...', '']) {
      const [item] = [...profile.secrets.items.keys()];
      profile.secrets.items.set(item ?? '', wrong);
      expect(await profile.keyring().open()).toMatchObject({
        state: 'broken',
        detail: expect.stringContaining('another key'),
      });
    }
  });

  test('a keychain that is locked at the first start makes nothing', async () => {
    const profile = setUp('locked');
    expect(await profile.keyring().open()).toEqual({ state: 'keychain-locked' });
    expect(existsSync(profile.markerPath)).toBe(false);
  });

  test('a keychain that forgets at once counts as none', async () => {
    const profile = setUp();
    profile.secrets.set = async () => undefined;
    expect(await profile.keyring().open()).toMatchObject({ state: 'create-passphrase' });
    expect(existsSync(profile.markerPath)).toBe(false);
  });

  test('an error that nobody knows is not taken for a missing keychain', async () => {
    const profile = setUp();
    profile.secrets.set = async () => {
      throw new Error('segmentation fault');
    };
    await expect(profile.keyring().open()).rejects.toThrow('segmentation fault');
    expect(existsSync(profile.markerPath)).toBe(false);
  });
});

describe('without a keychain', () => {
  test('the first start asks for a passphrase and says why', async () => {
    const profile = setUp('absent');
    const keyring = profile.keyring();
    expect(await keyring.open()).toEqual({ state: 'create-passphrase', reason: 'there is no keychain here' });
    const made = await keyring.unlock('parting is such sweet sorrow');
    expect(made.protection).toBe('passphrase');
    openDatabase(profile.databasePath, made.key).close();

    const later = profile.keyring();
    expect(await later.open()).toEqual({ state: 'enter-passphrase' });
    const before = traces(profile);
    expect(await rejectionCode(() => later.unlock('parting is such sweet sorrow '))).toBe('wrong-passphrase');
    expect(traces(profile)).toEqual(before);
    const opened = await later.unlock('parting is such sweet sorrow');
    expect(Buffer.from(opened.key).equals(Buffer.from(made.key))).toBe(true);
    openDatabase(profile.databasePath, opened.key).close();
  });

  test('the passphrase is stretched by scrypt with its full cost', async () => {
    const profile = setUp('absent');
    await profile.keyring().unlock('x');
    const marker: unknown = JSON.parse(readFileSync(profile.markerPath, 'utf8'));
    expect(marker).toMatchObject({
      version: 1,
      wrap: { kind: 'passphrase', scrypt: { n: 131_072, r: 8, p: 1 } },
    });
  });

  test('the same passphrase typed on another keyboard opens it too', async () => {
    const profile = setUp('absent');
    await profile.keyring().unlock('caf\u00e9');
    expect((await profile.keyring().unlock('cafe\u0301')).state).toBe('ready');
  });

  test('two windows that make the first passphrase at once get one key', async () => {
    const profile = setUp('absent');
    const keyring = profile.keyring();
    const [one, two] = await Promise.all([keyring.unlock('same'), keyring.unlock('same')]);
    expect(Buffer.from(one.key).equals(Buffer.from(two.key))).toBe(true);
  });

  test('a keychain that appears later does not change anything', async () => {
    const profile = setUp('absent');
    await profile.keyring().unlock('x');
    profile.secrets.mode = 'open';
    expect(await profile.keyring().open()).toEqual({ state: 'enter-passphrase' });
    expect(profile.secrets.items.size).toBe(0);
  });

  test('a passphrase of other alphabets and great length', async () => {
    const profile = setUp('absent');
    const passphrase = '\u{1F5DD}\ufe0f пароль 密码 '.repeat(70);
    await profile.keyring().unlock(passphrase);
    expect(await rejectionCode(() => profile.keyring().unlock(passphrase.slice(1)))).toBe('wrong-passphrase');
    expect((await profile.keyring().unlock(passphrase)).state).toBe('ready');
  });
});

describe('a profile that is not whole', () => {
  const databaseWithoutMarker = async (): Promise<Setup> => {
    const profile = setUp();
    const { key } = ready(await profile.keyring().open());
    openDatabase(profile.databasePath, key).close();
    return profile;
  };

  test('a database without its marker never gets a new key', async () => {
    const whole = await databaseWithoutMarker();
    const profile = setUp();
    writeFileSync(profile.databasePath, readFileSync(whole.databasePath));
    const before = traces(profile);
    expect(await profile.keyring().open()).toMatchObject({ state: 'broken', code: 'database-damaged' });
    expect(await rejectionCode(() => profile.keyring().unlock('x'))).toBe('database-damaged');
    expect(traces(profile)).toEqual(before);
  });

  test('an empty file, left by a first start that was cut off, counts as none', async () => {
    const profile = setUp();
    writeFileSync(profile.databasePath, '');
    expect(ready(await profile.keyring().open()).key).toHaveLength(32);
  });

  test.each([
    ['nothing', ''],
    ['no JSON', '{"version": 1'],
    ['JSON of something else', '{"hello": "world"}'],
    ['a list', '[]'],
    ['null', 'null'],
    [
      'a key of no kind',
      '{"version":1,"check":"AAAAAAAAAAAAAAAAAAAAAA==","wrap":{"kind":"plain","key":"AA=="}}',
    ],
  ])('a marker that holds %s', async (_, text) => {
    const profile = setUp();
    writeFileSync(profile.markerPath, text);
    expect(await profile.keyring().open()).toMatchObject({ state: 'broken', code: 'database-damaged' });
    expect(await rejectionCode(() => profile.keyring().unlock('x'))).toBe('database-damaged');
    expect(readFileSync(profile.markerPath, 'utf8')).toBe(text);
    expect(profile.secrets.items.size).toBe(0);
  });

  test('a marker of a newer version', async () => {
    const profile = setUp();
    writeFileSync(profile.markerPath, '{"version": 2, "wraps": []}');
    expect(await profile.keyring().open()).toMatchObject({ state: 'broken', code: 'database-newer' });
  });

  test('a marker that asks for all of the memory is refused before it is tried', async () => {
    const profile = setUp('absent');
    await profile.keyring().unlock('x');
    for (const change of [{ n: 2 ** 30 }, { n: 100_000 }, { r: 1_000 }, { p: 1_000 }, { salt: '' }]) {
      const intact = readFileSync(profile.markerPath);
      editMarker(profile.markerPath, (marker) => {
        const wrap = marker['wrap'] as { scrypt: object };
        return { ...marker, wrap: { ...wrap, scrypt: { ...wrap.scrypt, ...change } } };
      });
      expect(await profile.keyring().open()).toMatchObject({ state: 'broken' });
      writeFileSync(profile.markerPath, intact);
    }
  });

  test('a sealed key that was exchanged for one of another profile', async () => {
    const one = setUp('absent');
    const two = setUp('absent');
    await one.keyring().unlock('same');
    await two.keyring().unlock('same');
    const { wrap } = JSON.parse(readFileSync(two.markerPath, 'utf8')) as { wrap: unknown };
    editMarker(one.markerPath, (marker) => ({ ...marker, wrap }));
    expect(await rejectionCode(() => one.keyring().unlock('same'))).toBe('database-damaged');
  });

  test('a sealed key with one flipped bit does not open', async () => {
    const profile = setUp('absent');
    await profile.keyring().unlock('x');
    editMarker(profile.markerPath, (marker) => {
      const wrap = marker['wrap'] as { sealed: string };
      const sealed = Buffer.from(wrap.sealed, 'base64');
      sealed[0] = (sealed[0] ?? 0) ^ 1;
      return { ...marker, wrap: { ...wrap, sealed: sealed.toString('base64') } };
    });
    expect(await rejectionCode(() => profile.keyring().unlock('x'))).toBe('wrong-passphrase');
  });
});

describe('passwords of accounts', () => {
  const juliet = '6b1b8f4e-3c0a-4a5b-9f43-2f0f5c1d7e11' as AccountId;
  const nurse = '0a4c6c52-8a3e-4b39-8d8e-1d8f3a1b2c3d' as AccountId;

  test.each([
    ['the keychain', () => new MemorySecrets()],
    ['the encrypted database', () => storeWithChat().store.secrets],
  ])('in %s', async (_, make) => {
    const secrets = new AccountSecrets(make());
    await secrets.setPassword(juliet, 'wherefore \u{1F339}');
    await secrets.setPassword(nurse, 'angelica');
    await secrets.setPassword(juliet, 'art thou');
    expect([await secrets.password(juliet), await secrets.password(nurse)]).toEqual(['art thou', 'angelica']);
    await secrets.forget(juliet);
    await secrets.forget(juliet);
    expect([await secrets.password(juliet), await secrets.password(nurse)]).toEqual([undefined, 'angelica']);
  });
});

test('a key whose marker cannot be written is not used', async () => {
  const profile = setUp();
  // In the place of the temporary file that becomes the marker.
  mkdirSync(`${profile.markerPath}.new`);
  expect(await rejectionCode(() => profile.keyring().open())).toBe('storage');
  rmSync(`${profile.markerPath}.new`, { recursive: true });
  expect(ready(await profile.keyring().open()).key).toHaveLength(32);
});

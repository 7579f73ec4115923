/** How the steps of the schema are run, whatever they are. */
import { describe, expect, test } from 'vitest';
import { openDatabase } from '#main/store/database.ts';
import type { Migration } from '#main/store/migrations/index.ts';
import { openStore } from '#main/store/store.ts';
import { errorCode } from '#tests/support/app-error.ts';
import { temporaryProfile, TEST_KEY } from '#tests/support/temporary-profile.ts';

describe('the migrator', () => {
  const step = (version: number, sql: string): Migration => ({ version, sql });
  const first = step(1, 'CREATE TABLE one (a TEXT NOT NULL) STRICT; INSERT INTO one VALUES (1);');

  test('runs only what is missing, in order', () => {
    const { paths } = temporaryProfile();
    openDatabase(paths.database, TEST_KEY, [first]).close();
    const second = step(2, "UPDATE one SET a = a || '-2'");
    const third = step(3, "UPDATE one SET a = a || '-3'");
    const database = openDatabase(paths.database, TEST_KEY, [first, second, third]);
    try {
      expect(database.all('SELECT a FROM one')).toEqual([{ a: '1-2-3' }]);
      expect(database.schemaVersion).toBe(3);
    } finally {
      database.close();
    }
  });

  test('leaves a whole version when a step fails in its middle', () => {
    const { paths } = temporaryProfile();
    openDatabase(paths.database, TEST_KEY, [first]).close();
    const good = step(2, "UPDATE one SET a = 'two'");
    const bad = step(3, "UPDATE one SET a = 'three'; INSERT INTO nowhere VALUES (1);");
    expect(errorCode(() => openDatabase(paths.database, TEST_KEY, [first, good, bad]))).toBe('storage');
    const database = openDatabase(paths.database, TEST_KEY, [first, good]);
    try {
      expect(database.all('SELECT a FROM one')).toEqual([{ a: 'two' }]);
      expect(database.schemaVersion).toBe(2);
    } finally {
      database.close();
    }
  });

  test('refuses a file of a newer version, and says which', () => {
    const { paths } = temporaryProfile();
    openDatabase(paths.database, TEST_KEY, [first, step(2, 'SELECT 1')]).close();
    expect(() => openDatabase(paths.database, TEST_KEY, [first])).toThrow(
      expect.objectContaining({ code: 'database-newer', detail: { found: 2, supported: 1 } }),
    );
  });

  test('a store over a present version opens', () => {
    const profile = temporaryProfile();
    const database = openDatabase(profile.paths.database, TEST_KEY);
    expect(openStore(database).accounts.list()).toEqual([]);
    database.close();
  });
});

import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { AppError } from '#shared/errors.ts';
import { openDatabase } from '#main/store/database.ts';
import { errorCode } from '#tests/support/app-error.ts';
import {
  incoming,
  storeWithChat,
  temporaryFolder,
  temporaryProfile,
  TEST_KEY,
} from '#tests/support/temporary-profile.ts';

const otherKey = new Uint8Array(32).fill(9);
const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

describe('opening the database', () => {
  test('what was stored is there again with the same key', () => {
    const profile = temporaryProfile();
    const first = profile.open();
    const account = first.store.accounts.add({
      jid: 'juliet@capulet.example',
      directTls: false,
      createdAt: 1,
    });
    first.database.close();
    expect(
      profile
        .open()
        .store.accounts.list()
        .map(({ id }) => id),
    ).toEqual([account.id]);
  });

  test('its files are for the owner only, also when an older one was not', () => {
    const profile = temporaryProfile();
    writeFileSync(profile.paths.database, '', { mode: 0o644 });
    profile.open().store.accounts.add({ jid: 'juliet@capulet.example', directTls: false, createdAt: 1 });
    const files = readdirSync(profile.folder);
    expect(files).toContain('chatsecure.db-wal');
    expect(files.map((name) => modeOf(join(profile.folder, name)))).toEqual(files.map(() => '600'));
  });

  test('the safe modes are on', () => {
    const { database } = temporaryProfile().open();
    const pragma = (name: string): unknown => Object.values(database.one<object>(`PRAGMA ${name}`) ?? {})[0];
    expect({
      journal: pragma('journal_mode'),
      locking: pragma('locking_mode'),
      // 1 is NORMAL: what must survive a power cut waits for `durable`.
      synchronous: pragma('synchronous'),
      // 2 is MEMORY: no readable temporary files.
      temporary: pragma('temp_store'),
      foreignKeys: pragma('foreign_keys'),
      trustedSchema: pragma('trusted_schema'),
      secureDelete: pragma('secure_delete'),
    }).toEqual({
      journal: 'wal',
      locking: 'exclusive',
      synchronous: 1,
      temporary: 2,
      foreignKeys: 1,
      trustedSchema: 0,
      secureDelete: 1,
    });
  });

  test('another key opens nothing and changes no byte, also beside a log that a crash left', () => {
    const profile = temporaryProfile();
    const crashed = temporaryProfile();
    const { store } = profile.open();
    store.accounts.add({ jid: 'juliet@capulet.example', directTls: false, createdAt: 1 });
    // The log is still beside the file, as after a crash.
    const files = ['chatsecure.db', 'chatsecure.db-wal'];
    for (const name of files)
      writeFileSync(join(crashed.folder, name), readFileSync(join(profile.folder, name)));
    const bytes = (): readonly Buffer[] => files.map((name) => readFileSync(join(crashed.folder, name)));
    const before = bytes();
    expect(errorCode(() => crashed.open(otherKey))).toBe('database-damaged');
    expect(bytes()).toEqual(before);
    expect(crashed.open().store.accounts.list()).toHaveLength(1);
  });

  test('a key of the wrong length is refused before a file is made', () => {
    const { paths } = temporaryProfile();
    expect(errorCode(() => openDatabase(paths.database, new Uint8Array(16)))).toBe('storage');
    expect(existsSync(paths.database)).toBe(false);
  });

  test('a database that is not encrypted is refused', () => {
    const profile = temporaryProfile();
    const plain = Buffer.alloc(4096);
    plain.write('SQLite format 3\0');
    writeFileSync(profile.paths.database, plain);
    expect(errorCode(() => profile.open())).toBe('database-damaged');
    expect(readFileSync(profile.paths.database).equals(plain)).toBe(true);
  });

  test('a folder that does not exist is an error of the storage, without its path in the message', () => {
    const path = join(temporaryFolder(), 'nobody', 'chatsecure.db');
    expect(errorCode(() => openDatabase(path, TEST_KEY))).toBe('storage');
    expect(() => openDatabase(path, TEST_KEY)).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('nobody') }),
    );
  });

  test('a newer schema is refused and stays as it is', () => {
    const profile = temporaryProfile();
    const { database } = profile.open();
    database.execute('PRAGMA user_version = 999');
    database.close();
    const before = readFileSync(profile.paths.database);
    expect(errorCode(() => profile.open())).toBe('database-newer');
    expect(readFileSync(profile.paths.database).equals(before)).toBe(true);
  });

  test('one flipped bit in any page is noticed', () => {
    const profile = temporaryProfile();
    const { database, store } = profile.open();
    const { id } = store.accounts.add({ jid: 'juliet@capulet.example', directTls: false, createdAt: 1 });
    const chat = store.chats.findOrCreate(id, 'romeo@montague.example', 1);
    for (let at = 1; at <= 20; at += 1) store.messages.insertIncoming(incoming(chat.id, `message ${at}`, at));
    database.close();
    const intact = readFileSync(profile.paths.database);
    for (let page = 0; page < intact.length / 4096; page += 1) {
      const damaged = Buffer.from(intact);
      damaged[page * 4096 + 100] = (intact[page * 4096 + 100] ?? 0) ^ 4;
      writeFileSync(profile.paths.database, damaged);
      const readAll = (): void => {
        const reopened = profile.open();
        try {
          // Reads every page, indexes included.
          reopened.database.all('PRAGMA integrity_check');
        } finally {
          reopened.database.close();
        }
      };
      expect(errorCode(readAll), `page ${page + 1}`).toBe('database-damaged');
    }
    writeFileSync(profile.paths.database, intact);
    expect(
      profile.open().store.messages.page({ kind: 'latest', chatId: chat.id, limit: 50 }).rows,
    ).toHaveLength(20);
  });
});

describe('transactions', () => {
  test('all writes or none', () => {
    const { store, database, chatId } = storeWithChat();
    const failing = (): void =>
      database.transaction(() => {
        store.messages.insertIncoming(incoming(chatId, 'hello', 1));
        throw new Error('no');
      });
    expect(failing).toThrow('no');
    expect(store.messages.page({ kind: 'latest', chatId, limit: 10 }).rows).toEqual([]);
  });

  test('a failed inner transaction takes back only its own writes', () => {
    const { store, database, chatId } = storeWithChat();
    database.transaction(() => {
      store.messages.insertIncoming(incoming(chatId, 'kept', 1));
      const inner = (): void =>
        database.transaction(() => {
          store.messages.insertIncoming(incoming(chatId, 'lost', 2));
          throw new Error('no');
        });
      expect(inner).toThrow('no');
    });
    const { rows } = store.messages.page({ kind: 'latest', chatId, limit: 10 });
    expect(rows.map(({ body }) => body)).toEqual(['kept']);
  });

  test('a promise inside is refused, because it would write after the commit', () => {
    const { store, database, chatId } = storeWithChat();
    const late = (): unknown =>
      database.transaction(async () => store.messages.insertIncoming(incoming(chatId, 'late', 1)));
    expect(late).toThrow(TypeError);
    expect(store.messages.page({ kind: 'latest', chatId, limit: 10 }).rows).toEqual([]);
  });

  test('a change that hits no row or two is an error', () => {
    const { database, store } = storeWithChat();
    store.settings.set({ a: 1, b: 2 });
    expect(errorCode(() => database.changeOne("UPDATE settings SET value = '3' WHERE key = 'c'", {}))).toBe(
      'not-found',
    );
    const both = (): void =>
      database.transaction(() => database.changeOne("UPDATE settings SET value = '3'", {}));
    expect(errorCode(both)).toBe('storage');
    expect(store.settings.all()).toEqual({ a: 1, b: 2 });
  });

  test('a constraint that SQLite refuses becomes an error of the storage', () => {
    const { database } = storeWithChat();
    const orphan = (): number =>
      database.run("INSERT INTO chats (account_id, jid, active_at, rev) VALUES ('nobody', 'x', 1, 1)");
    expect(orphan).toThrow(
      expect.objectContaining({ code: 'storage', detail: { sqlite: 'SQLITE_CONSTRAINT_FOREIGNKEY' } }),
    );
  });
});

describe('a closed database', () => {
  test('says that it is locked, and closes only once', () => {
    const { database, store } = storeWithChat();
    database.close();
    database.close();
    expect(errorCode(() => store.accounts.list())).toBe('locked');
    expect(errorCode(() => database.transaction(() => undefined))).toBe('locked');
  });

  test('leaves no log behind', () => {
    const profile = temporaryProfile();
    const { database, store } = profile.open();
    store.accounts.add({ jid: 'juliet@capulet.example', directTls: false, createdAt: 1 });
    database.close();
    expect(readdirSync(profile.folder)).toEqual(['chatsecure.db']);
  });
});

describe('a full disk', () => {
  test('is reported by its name, loses nothing, and ends with the space', () => {
    const { database, store, chatId } = storeWithChat();
    const pages = Number(Object.values(database.one<object>('PRAGMA page_count') ?? {})[0]);
    database.one(`PRAGMA max_page_count = ${pages + 8}`);
    const long = 'x'.repeat(2_000);
    let stored = 0;
    const fill = (): void => {
      for (; stored < 1_000; stored += 1) store.messages.insertIncoming(incoming(chatId, long, stored + 1));
    };
    expect(errorCode(fill)).toBe('disk-full');
    expect(stored).toBeGreaterThan(0);
    const bodies = (): number => store.messages.page({ kind: 'latest', chatId, limit: 200 }).rows.length;
    expect(bodies()).toBe(stored);
    expect(store.chats.require(chatId).unread).toBe(stored);
    database.one('PRAGMA max_page_count = 100000');
    store.messages.insertIncoming(incoming(chatId, long, 2_000));
    expect(bodies()).toBe(stored + 1);
  });
});

test('errors of SQLite carry its code, and their message has no contents', () => {
  const { store, chatId } = storeWithChat();
  store.messages.insertIncoming({ ...incoming(chatId, 'a secret', 1), archiveId: 'a1' });
  const again = (): unknown =>
    store.messages.insertIncoming({ ...incoming(chatId, 'a secret', 2), archiveId: 'a1' });
  expect(again).toThrow(AppError);
  expect(again).toThrow(expect.not.objectContaining({ message: expect.stringContaining('secret') }));
});

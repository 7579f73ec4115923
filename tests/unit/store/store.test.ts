import { describe, expect, test } from 'vitest';
import { columns } from '#main/store/rows.ts';
import { storeWithChat, temporaryProfile } from '#tests/support/temporary-profile.ts';

test('the row types have exactly the columns of the tables', () => {
  const { database } = temporaryProfile().open();
  for (const [table, names] of Object.entries(columns)) {
    const found = database.all<{ name: string }>('SELECT name FROM pragma_table_info($table)', { table });
    expect(names, table).toEqual(found.map(({ name }) => name));
  }
});

test('every table has strict types', () => {
  const { database } = temporaryProfile().open();
  const loose = database.all<{ name: string }>(
    "SELECT name FROM pragma_table_list WHERE type = 'table' AND strict = 0 AND name NOT LIKE 'sqlite_%'",
  );
  expect(loose).toEqual([]);
});

describe('the counter of revisions', () => {
  test('grows within a run and over the next ones', () => {
    const profile = temporaryProfile();
    const seen: number[] = [];
    for (let run = 0; run < 4; run += 1) {
      const { database, store } = profile.open();
      seen.push(store.revisions.next(), store.revisions.next());
      database.close();
    }
    expect(seen).toEqual([...new Set(seen)].toSorted((a, b) => a - b));
    expect(seen.every((rev) => Number.isSafeInteger(rev))).toBe(true);
  });

  test('gives no number twice after a transaction that failed', () => {
    const { store } = storeWithChat();
    let inside = 0;
    const failing = (): void =>
      store.transaction(() => {
        inside = store.revisions.next();
        throw new Error('no');
      });
    expect(failing).toThrow('no');
    expect(store.revisions.next()).toBeGreaterThan(inside);
  });
});

test('settings keep any JSON value, and what is undefined stays as it is', () => {
  const profile = temporaryProfile();
  const first = profile.open();
  first.store.settings.set({ theme: 'dark', sendTyping: false, list: [1, { a: null }] });
  first.store.settings.set({ theme: 'light', sendTyping: undefined });
  first.database.close();
  expect(profile.open().store.settings.all()).toEqual({
    theme: 'light',
    sendTyping: false,
    list: [1, { a: null }],
  });
});

test('a setting named like a property of every object is only a setting', () => {
  const { store } = storeWithChat();
  store.settings.set(
    JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}') as Record<string, unknown>,
  );
  const all = store.settings.all();
  expect(Object.keys(all).toSorted()).toEqual(['__proto__', 'constructor']);
  expect((all as { polluted?: boolean }).polluted).toBeUndefined();
});

test('secrets are kept, replaced and deleted', async () => {
  const { store } = storeWithChat();
  expect(await store.secrets.get('a')).toBeUndefined();
  await store.secrets.set('a', 'one');
  await store.secrets.set('a', 'two');
  expect(await store.secrets.get('a')).toBe('two');
  await store.secrets.delete('a');
  await store.secrets.delete('a');
  expect(await store.secrets.get('a')).toBeUndefined();
});

describe('what clients can do', () => {
  test('is remembered by hash', () => {
    const { store } = storeWithChat();
    store.caps.store('sha-1 abc', ['urn:xmpp:ping']);
    store.caps.store('sha-1 abc', ['urn:xmpp:ping', 'jabber:iq:version']);
    expect(store.caps.features('sha-1 abc')).toEqual(['urn:xmpp:ping', 'jabber:iq:version']);
    expect(store.caps.features('sha-1 def')).toBeUndefined();
  });

  test('cannot fill the disk: the oldest hashes are forgotten', () => {
    const { database, store } = storeWithChat();
    store.transaction(() => {
      for (let index = 0; index < 2_100; index += 1) store.caps.store(`hash ${index}`, []);
    });
    expect(database.one('SELECT count(*) AS n FROM caps_cache')).toEqual({ n: 2_000 });
    expect(store.caps.features('hash 0')).toBeUndefined();
    expect(store.caps.features('hash 2099')).toEqual([]);
  });
});

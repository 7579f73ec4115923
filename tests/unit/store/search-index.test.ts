import { describe, expect, test } from 'vitest';
import { decryptedBytes } from '#tests/support/decrypted-pages.ts';
import { migrations } from '#main/store/migrations/index.ts';
import { openDatabase } from '#main/store/database.ts';
import { incoming, storeWithChat, temporaryProfile, TEST_KEY } from '#tests/support/temporary-profile.ts';

const insertRow = `INSERT INTO messages (chat_id, direction, sender_jid, body, at, sort_at, state, protection, rev)
  VALUES ($chatId, 'in', 'x@y', $body, $at, $at, 'received', 'none', 1)`;

/** 450 messages of an earlier version: more than two slices. */
const profileOfVersionTwo = () => {
  const profile = temporaryProfile();
  const database = openDatabase(profile.paths.database, TEST_KEY, migrations.slice(0, 2));
  database.execute(`
    INSERT INTO accounts (id, jid, enabled, direct_tls, resource, created_at, rev) VALUES ('a', 'j@c', 1, 0, 'r', 1, 1);
    INSERT INTO chats (id, account_id, jid, active_at, rev) VALUES (1, 'a', 'r@m', 1, 1);`);
  database.transaction(() => {
    for (let at = 1; at <= 450; at += 1)
      database.insert(insertRow, { chatId: 1, body: `old number${at}`, at });
  });
  database.close();
  return profile;
};

describe('after an update', () => {
  test('old messages are found again slice by slice, the newest first, and new ones at once', () => {
    const { database, store } = profileOfVersionTwo().open();
    const chatId = store.chats.list()[0]?.id ?? (0 as never);
    const count = (query: string): number => store.search.search({ query, limit: 1_000 }).hits.length;
    store.messages.insertIncoming(incoming(chatId, 'new', 999));
    expect([count('new'), count('old')]).toEqual([1, 0]);
    expect([store.maintain(), count('old'), count('number450'), count('number1 ')]).toEqual([
      true,
      200,
      1,
      0,
    ]);
    expect([store.maintain(), count('old')]).toEqual([true, 400]);
    expect([store.maintain(), count('old')]).toEqual([false, 450]);
    expect([store.maintain(), count('old')]).toEqual([false, 450]);
    database.execute("INSERT INTO messages_search (messages_search) VALUES ('integrity-check')");
  });

  test('what is changed or deleted before its turn is indexed as it is then, once', () => {
    const profile = profileOfVersionTwo();
    const { database, store } = profile.open();
    const count = (query: string): number => store.search.search({ query, limit: 1_000 }).hits.length;
    store.maintain();
    for (const id of [3, 440])
      database.changeOne("UPDATE messages SET body = 'changed' WHERE id = $id", { id });
    // Deleted without ever having been indexed: the index must not learn the word from its deletion.
    database.changeOne("UPDATE messages SET body = 'quagmire' WHERE id = 4", {});
    for (const id of [4, 441]) database.changeOne('DELETE FROM messages WHERE id = $id', { id });
    while (store.maintain());
    expect([count('old'), count('changed'), count('number3 '), count('number440')]).toEqual([446, 2, 0, 0]);
    database.execute('CREATE VIRTUAL TABLE temp.words USING fts5vocab(main, messages_search, instance)');
    const instances = "SELECT count(*) AS n FROM temp.words WHERE term = 'changed'";
    expect(database.one(instances)).toEqual({ n: 2 });
    database.execute("INSERT INTO messages_search (messages_search) VALUES ('integrity-check')");
    database.scrubLog();
    expect(decryptedBytes(profile.paths.database, TEST_KEY).includes('quagmire')).toBe(false);
  });

  test('a restart in the middle goes on where it was', () => {
    const profile = profileOfVersionTwo();
    const first = profile.open();
    first.store.maintain();
    first.database.close();
    const { store } = profile.open();
    expect([store.maintain(), store.maintain()]).toEqual([true, false]);
    expect(store.search.search({ query: 'old', limit: 1_000 }).hits).toHaveLength(450);
  });
});

test('other rules for words build the index anew', () => {
  const profile = temporaryProfile();
  const first = profile.open();
  const account = first.store.accounts.add({ jid: 'juliet@capulet.example', directTls: false, createdAt: 1 });
  const chatId = first.store.chats.findOrCreate(account.id, 'romeo@montague.example', 1).id;
  first.store.messages.insertIncoming(incoming(chatId, 'hello', 1));
  // As an application with another Unicode version would have left it.
  first.database.changeOne("UPDATE counters SET value = 1 WHERE name = 'search-version'", {});
  first.database.close();
  const { store } = profile.open();
  expect(store.search.search({ query: 'hello', limit: 9 }).hits).toEqual([]);
  expect(store.maintain()).toBe(false);
  expect(store.search.search({ query: 'hello', limit: 9 }).hits).toHaveLength(1);
});

test('a write that is taken back leaves the index as it was', () => {
  const { database, store, chatId } = storeWithChat();
  const { id } = store.messages.insertIncoming(incoming(chatId, 'kept', 1));
  const failing =
    (act: () => unknown): (() => void) =>
    () =>
      store.transaction(() => {
        act();
        throw new Error('no');
      });
  expect(failing(() => store.messages.insertIncoming(incoming(chatId, 'lost', 2)))).toThrow('no');
  expect(failing(() => store.deletions.deleteMessage(id))).toThrow('no');
  const count = (query: string): number => store.search.search({ query, limit: 9 }).hits.length;
  expect([count('kept'), count('lost')]).toEqual([1, 0]);
  database.execute("INSERT INTO messages_search (messages_search) VALUES ('integrity-check')");
});

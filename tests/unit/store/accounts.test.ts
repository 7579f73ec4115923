import { describe, expect, test } from 'vitest';
import type { AccountId } from '#shared/ids.ts';
import type { Database } from '#main/store/database.ts';
import { errorCode } from '#tests/support/app-error.ts';
import { incoming, outgoing, storeWithChat, temporaryProfile } from '#tests/support/temporary-profile.ts';

const nobody = '00000000-0000-4000-8000-000000000000' as AccountId;

describe('accounts', () => {
  test('a new account is enabled and has an id and a resource of its own', () => {
    const { store } = temporaryProfile().open();
    const juliet = store.accounts.add({ jid: 'juliet@capulet.example', directTls: false, createdAt: 5 });
    const romeo = store.accounts.add({
      jid: 'romeo@montague.example',
      host: 'xmpp.montague.example',
      port: 5223,
      directTls: true,
      pinnedSpki: 'pin',
      createdAt: 6,
    });
    expect(juliet).toMatchObject({ enabled: true, host: undefined, port: undefined, pinnedSpki: undefined });
    expect(romeo).toMatchObject({
      host: 'xmpp.montague.example',
      port: 5223,
      directTls: true,
      pinnedSpki: 'pin',
    });
    expect(juliet.resource).not.toBe(romeo.resource);
    expect(juliet.id).toMatch(/^[0-9a-f-]{36}$/);
    expect(store.accounts.list()).toEqual([juliet, romeo]);
    expect(store.accounts.byJid('romeo@montague.example')).toEqual(romeo);
  });

  test('the resource of a login that worked is kept', () => {
    const { store } = temporaryProfile().open();
    const account = store.accounts.add({
      jid: 'a@b.example',
      directTls: false,
      createdAt: 1,
      resource: 'tried',
    });
    expect(store.accounts.require(account.id).resource).toBe('tried');
  });

  test('an address cannot be added twice', () => {
    const { store } = storeWithChat();
    const again = (): unknown =>
      store.accounts.add({ jid: 'juliet@capulet.example', directTls: false, createdAt: 2 });
    expect(errorCode(again)).toBe('account-exists');
  });

  test('each change the window can see has a newer rev', () => {
    const { store, accountId } = storeWithChat();
    const revs = [
      store.accounts.require(accountId),
      store.accounts.setEnabled(accountId, false),
      store.accounts.setPin(accountId, 'pin'),
      store.accounts.setPin(accountId, undefined),
    ].map(({ rev }) => rev);
    expect(revs).toEqual([...new Set(revs)].toSorted((a, b) => a - b));
    expect(store.accounts.require(accountId)).toMatchObject({ enabled: false, pinnedSpki: undefined });
  });

  test('the state of a stream is kept until there is another', () => {
    const { store, accountId } = storeWithChat();
    store.accounts.setResumeState(accountId, '{"id":"x"}');
    expect(store.accounts.resumeState(accountId)).toBe('{"id":"x"}');
    store.accounts.setResumeState(accountId, undefined);
    expect(store.accounts.resumeState(accountId)).toBeUndefined();
    store.accounts.setRosterVersion(accountId, 'ver7');
    expect(store.accounts.require(accountId).rosterVersion).toBe('ver7');
  });

  test('an account that is not there', () => {
    const { store } = storeWithChat();
    expect(store.accounts.get(nobody)).toBeUndefined();
    const acts = [
      () => store.accounts.require(nobody),
      () => store.accounts.remove(nobody),
      () => store.accounts.setEnabled(nobody, true),
      () => store.accounts.setPin(nobody, 'x'),
      () => store.accounts.setResumeState(nobody, 'x'),
      () => store.accounts.setRosterVersion(nobody, 'x'),
      () => store.chats.findOrCreate(nobody, 'x@y', 1),
    ];
    expect(acts.map((act) => errorCode(act))).toEqual(acts.map(() => 'not-found'));
  });

  test('a removed account takes everything of its own with it and nothing of another', () => {
    const { database, store, accountId, chatId } = storeWithChat();
    const other = store.accounts.add({ jid: 'nurse@capulet.example', directTls: false, createdAt: 2 });
    const otherChat = store.chats.findOrCreate(other.id, 'romeo@montague.example', 2);
    for (const [account, chat] of [
      [accountId, chatId],
      [other.id, otherChat.id],
    ] as const) {
      store.messages.insertIncoming(incoming(chat, `wherefore ${account}`, 3));
      store.messages.insertOutgoing(outgoing(chat, 'thou', 4));
      store.contacts.upsert(account, {
        jid: 'x@y',
        name: 'X',
        subscription: 'both',
        asked: false,
        groups: [],
      });
      store.contacts.addRequest({ accountId: account, jid: 'z@y', name: 'Z', text: '', at: 1 });
    }
    const before = countAll(database);
    store.accounts.remove(accountId);
    while (store.maintain());
    const half = Object.fromEntries(Object.entries(before).map(([table, count]) => [table, count / 2]));
    expect(countAll(database)).toEqual(half);
    expect(
      database.all("SELECT rowid FROM messages_search WHERE messages_search MATCH 'wherefore'"),
    ).toHaveLength(1);
    expect(store.messages.page({ kind: 'latest', chatId: otherChat.id, limit: 5 }).rows).toHaveLength(2);
  });
});

test('a removed account is gone at once, however much it had, and its address may come again', () => {
  const { database, store, accountId, chatId } = storeWithChat();
  store.transaction(() => {
    for (let at = 1; at <= 250; at += 1) store.messages.insertIncoming(incoming(chatId, 'old', at));
  });
  store.messages.insertOutgoing(outgoing(chatId, 'unsent', 300));
  store.accounts.remove(accountId);
  expect([store.accounts.list(), store.accounts.get(accountId), store.chats.list()]).toEqual([
    [],
    undefined,
    [],
  ]);
  expect(store.accounts.byJid('juliet@capulet.example')).toBeUndefined();
  expect(store.outbox.countWaiting(accountId)).toBe(0);
  expect(store.search.search({ query: 'old', limit: 9 }).hits).toEqual([]);
  // What still arrives over a stream that has not heard of it.
  expect(errorCode(() => store.chats.findOrCreate(accountId, 'romeo@montague.example', 1))).toBe('not-found');
  expect(errorCode(() => store.accounts.remove(accountId))).toBe('not-found');
  const again = store.accounts.add({ jid: 'juliet@capulet.example', directTls: false, createdAt: 2 });
  const chat = store.chats.findOrCreate(again.id, 'romeo@montague.example', 1);
  store.messages.insertIncoming(incoming(chat.id, 'new', 1));
  while (store.maintain());
  expect(store.accounts.list()).toHaveLength(1);
  expect(database.all('SELECT body FROM messages')).toEqual([{ body: 'new' }]);
  expect(database.one('SELECT count(*) AS n FROM accounts')).toEqual({ n: 1 });
  for (const table of ['cleared_history', 'deleted_messages', 'deletions']) {
    expect(database.all(`SELECT * FROM ${table}`), table).toEqual([]);
  }
});

const countAll = (database: Database): Record<string, number> =>
  Object.fromEntries(
    ['accounts', 'contacts', 'contact_requests', 'chats', 'messages', 'outbox'].map(
      (table): [string, number] => [
        table,
        database.one<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)?.n ?? 0,
      ],
    ),
  );

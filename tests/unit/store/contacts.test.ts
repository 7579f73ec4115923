import { describe, expect, test } from 'vitest';
import type { RosterItem } from '#main/store/contacts.ts';
import { storeWithChat } from '#tests/support/temporary-profile.ts';

const item = (jid: string, more: Partial<RosterItem> = {}): RosterItem => ({
  jid,
  name: undefined,
  subscription: 'both',
  asked: false,
  groups: [],
  ...more,
});

describe('the roster', () => {
  test('a whole roster replaces the stored one and tells what differs', () => {
    const { store, accountId } = storeWithChat();
    store.contacts.replaceRoster(accountId, [item('a@x'), item('b@x', { name: 'Bea' }), item('c@x')]);
    const before = store.contacts.list(accountId);
    const changes = store.contacts.replaceRoster(accountId, [
      item('a@x'),
      item('b@x', { name: 'Beatrice', groups: ['Friends', 'Work'] }),
      item('d@x', { subscription: 'none', asked: true }),
    ]);
    expect(changes.removed).toEqual(['c@x']);
    expect(changes.upserted).toMatchObject([
      { jid: 'b@x', name: 'Beatrice', groups: ['Friends', 'Work'] },
      { jid: 'd@x', subscription: 'none', asked: true, name: undefined },
    ]);
    // What is as before keeps its rev: nobody needs to hear of it.
    expect(store.contacts.get(accountId, 'a@x')).toEqual(before[0]);
  });

  test('an empty roster removes all', () => {
    const { store, accountId } = storeWithChat();
    store.contacts.replaceRoster(accountId, [item('a@x'), item('b@x')]);
    expect(store.contacts.replaceRoster(accountId, [])).toEqual({ upserted: [], removed: ['a@x', 'b@x'] });
    expect(store.contacts.list()).toEqual([]);
  });

  test('a roster that names somebody twice keeps the last word', () => {
    const { store, accountId } = storeWithChat();
    const { upserted } = store.contacts.replaceRoster(accountId, [
      item('a@x', { name: 'One' }),
      item('a@x', { name: 'Two' }),
    ]);
    expect(upserted).toMatchObject([{ jid: 'a@x', name: 'Two' }]);
  });

  test('a push adds, changes and removes one contact', () => {
    const { store, accountId } = storeWithChat();
    const added = store.contacts.upsert(accountId, item('a@x'));
    const same = store.contacts.upsert(accountId, item('a@x'));
    const named = store.contacts.upsert(accountId, item('a@x', { name: 'Ann' }));
    const unnamed = store.contacts.upsert(accountId, item('a@x'));
    expect(same).toEqual(added);
    expect(named.rev).toBeGreaterThan(added.rev);
    expect(unnamed.rev).toBeGreaterThan(named.rev);
    expect(unnamed.name).toBeUndefined();
    expect(store.contacts.remove(accountId, 'a@x')).toBe(true);
    expect(store.contacts.remove(accountId, 'a@x')).toBe(false);
  });

  test('names that look like SQL or like other scripts are only names', () => {
    const { store, accountId } = storeWithChat();
    const name = `Robert'); DROP TABLE contacts;-- "\u{1F339}" مرحبا 你好`;
    store.contacts.upsert(accountId, item('a@x', { name, groups: [`"]}'`] }));
    expect(store.contacts.get(accountId, 'a@x')).toMatchObject({ name, groups: [`"]}'`] });
  });

  test('two accounts have rosters of their own', () => {
    const { store, accountId } = storeWithChat();
    const other = store.accounts.add({ jid: 'nurse@capulet.example', directTls: false, createdAt: 2 }).id;
    store.contacts.upsert(accountId, item('a@x'));
    store.contacts.upsert(other, item('a@x', { name: 'Ann' }));
    expect(store.contacts.replaceRoster(accountId, []).removed).toEqual(['a@x']);
    expect(store.contacts.list()).toMatchObject([{ accountId: other, name: 'Ann' }]);
  });
});

describe('requests to see our presence', () => {
  test('are kept once for each address, the newest text, oldest first', () => {
    const { store, accountId } = storeWithChat();
    const request = (jid: string, text: string, at: number): void =>
      store.contacts.addRequest({ accountId, jid, name: '', text, at });
    request('b@x', 'second', 2);
    request('a@x', 'first', 1);
    request('b@x', 'second, again', 3);
    expect(store.contacts.listRequests(accountId).map(({ jid, text }) => [jid, text])).toEqual([
      ['a@x', 'first'],
      ['b@x', 'second, again'],
    ]);
    expect(store.contacts.removeRequest(accountId, 'a@x')).toBe(true);
    expect(store.contacts.removeRequest(accountId, 'a@x')).toBe(false);
    expect(store.contacts.listRequests()).toHaveLength(1);
  });
});

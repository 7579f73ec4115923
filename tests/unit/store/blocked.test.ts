import { expect, test } from 'vitest';
import { storeWithChat } from '#tests/support/temporary-profile.ts';

test('the block list of an account is kept, changed and replaced', () => {
  const { store, accountId } = storeWithChat();
  const other = store.accounts.add({ jid: 'nurse@capulet.example', directTls: false, createdAt: 2 }).id;
  expect([store.blocked.add(accountId, 'tybalt@x'), store.blocked.add(accountId, 'tybalt@x')]).toEqual([
    true,
    false,
  ]);
  store.blocked.add(other, 'paris@x');
  store.blocked.replace(accountId, ['b@x', 'a@x', 'b@x']);
  expect(store.blocked.list(accountId)).toEqual(['a@x', 'b@x']);
  expect([store.blocked.remove(accountId, 'a@x'), store.blocked.remove(accountId, 'a@x')]).toEqual([
    true,
    false,
  ]);
  store.blocked.replace(accountId, []);
  expect([store.blocked.list(accountId), store.blocked.list(other)]).toEqual([[], ['paris@x']]);
  store.accounts.remove(other);
  expect(store.blocked.list(other)).toEqual([]);
});

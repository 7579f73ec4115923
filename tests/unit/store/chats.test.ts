import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ChatId, MessageId } from '#shared/ids.ts';
import { chatListSql } from '#main/store/chats.ts';
import { fillStore } from '#tests/support/fill-store.ts';
import { errorCode } from '#tests/support/app-error.ts';
import { incoming, outgoing, storeWithChat, temporaryProfile } from '#tests/support/temporary-profile.ts';

describe('chats', () => {
  test('the same address always gives the same chat', () => {
    const { store, accountId, chatId } = storeWithChat();
    expect(store.chats.findOrCreate(accountId, 'romeo@montague.example', 99)).toMatchObject({
      id: chatId,
      activeAt: 1,
    });
    expect(store.chats.find(accountId, 'nobody@x')).toBeUndefined();
  });

  test('what is needed for every message is found without looking at messages', () => {
    const { store, accountId, chatId } = storeWithChat();
    store.messages.insertIncoming(incoming(chatId, 'unread', 1));
    const { unread, firstUnreadId, last, ...properties } = store.chats.require(chatId);
    expect({ unread, firstUnreadId, body: last?.start }).toEqual({
      unread: 1,
      firstUnreadId: 1,
      body: 'unread',
    });
    expect(store.chats.properties(chatId)).toEqual(properties);
    expect(store.chats.find(accountId, 'romeo@montague.example')).toEqual(properties);
    expect(errorCode(() => store.chats.properties(99 as ChatId))).toBe('not-found');
  });

  test('an empty chat has no last message and nothing unread', () => {
    const { store, chatId } = storeWithChat();
    expect(store.chats.require(chatId)).toMatchObject({
      last: undefined,
      unread: 0,
      firstUnreadId: undefined,
      draft: '',
    });
  });

  test('shows the newest message of the timeline, which need not be the one stored last', () => {
    const { store, chatId } = storeWithChat();
    const newest = store.messages.insertOutgoing(outgoing(chatId, 'x'.repeat(1_000), 50));
    store.messages.insertIncoming(incoming(chatId, 'delayed', 20));
    expect(store.chats.require(chatId).last).toEqual({
      id: newest.id,
      start: 'x'.repeat(400),
      direction: 'out',
      state: 'queued',
      retracted: false,
    });
    expect(store.chats.require(chatId).activeAt).toBe(50);
  });

  test('says of the newest message that it could not be decrypted', () => {
    const { store, chatId } = storeWithChat();
    store.messages.insertIncoming({
      ...incoming(chatId, 'I sent you a secret', 20),
      failure: 'not-decryptable',
    });
    expect(store.chats.require(chatId).last?.failure).toBe('not-decryptable');
  });

  test('the list begins with the chat that was active last', () => {
    const { store, accountId, chatId } = storeWithChat();
    const second = store.chats.findOrCreate(accountId, 'nurse@capulet.example', 10).id;
    expect(store.chats.list().map(({ id }) => id)).toEqual([second, chatId]);
    store.messages.insertIncoming(incoming(chatId, 'hello', 20));
    expect(store.chats.list().map(({ id }) => id)).toEqual([chatId, second]);
    store.chats.touch(chatId, 5);
    expect(store.chats.require(chatId).activeAt).toBe(20);
  });

  test('a draft is kept until it is emptied', () => {
    const { store, chatId } = storeWithChat();
    store.chats.setDraft(chatId, 'Good night, good ni');
    expect(store.chats.require(chatId).draft).toBe('Good night, good ni');
    store.chats.setDraft(chatId, '');
    expect(store.chats.require(chatId).draft).toBe('');
  });

  test('what is unread begins after the read position, and own messages do not count', () => {
    const { store, chatId } = storeWithChat();
    const [first, second] = [1, 2].map(
      (at) => store.messages.insertIncoming(incoming(chatId, `in ${at}`, at)).id,
    );
    store.messages.insertOutgoing(outgoing(chatId, 'out', 3));
    const third = store.messages.insertIncoming(incoming(chatId, 'in 4', 4)).id;
    expect(store.chats.require(chatId)).toMatchObject({ unread: 3, firstUnreadId: first });
    expect(store.chats.setReadUpTo(chatId, second as MessageId)).toBe(true);
    expect(store.chats.require(chatId)).toMatchObject({ unread: 1, firstUnreadId: third });
    expect(store.chats.setReadUpTo(chatId, first as MessageId)).toBe(false);
    expect(store.chats.require(chatId)).toMatchObject({ unread: 1, firstUnreadId: third });
    store.chats.setReadUpTo(chatId, third);
    expect(store.chats.require(chatId)).toMatchObject({ unread: 0, firstUnreadId: undefined });
  });

  test('everything the list shows raises the rev', () => {
    const { store, chatId } = storeWithChat();
    const out = store.messages.insertOutgoing(outgoing(chatId, 'out', 3));
    const acts: readonly (() => unknown)[] = [
      () => store.messages.insertIncoming(incoming(chatId, 'in', 4)),
      () => store.messages.insertOutgoing(outgoing(chatId, 'out', 5)),
      () => store.messages.setState(out.id, 'sending'),
      () => store.messages.requeueSending(),
      () => store.messages.setState(out.id, 'failed'),
      () => store.messages.requeue(out.id, 9),
      () => store.chats.setReadUpTo(chatId, out.id),
      () => store.chats.setDraft(chatId, 'draft'),
      () => store.chats.touch(chatId, 99),
    ];
    for (const act of acts) {
      const { rev } = store.chats.require(chatId);
      act();
      expect(store.chats.require(chatId).rev, String(act)).toBeGreaterThan(rev);
    }
  });

  test('a chat or message that is not there', () => {
    const { store, accountId, chatId } = storeWithChat();
    const other = store.chats.findOrCreate(accountId, 'nurse@capulet.example', 1).id;
    const message = store.messages.insertIncoming(incoming(other, 'hello', 1)).id;
    const unknown = 999 as ChatId;
    const acts = [
      () => store.chats.require(unknown),
      () => store.chats.setDraft(unknown, 'x'),
      () => store.chats.touch(unknown, 1),
      () => store.chats.setReadUpTo(unknown, message),
      // A message of another chat.
      () => store.chats.setReadUpTo(chatId, message),
      () => store.messages.insertIncoming(incoming(unknown, 'x', 1)),
      () => store.messages.insertOutgoing(outgoing(unknown, 'x', 1)),
    ];
    expect(acts.map((act) => errorCode(act))).toEqual(acts.map(() => 'not-found'));
  });

  test('unread is always the number of incoming messages after the furthest position', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('in' as const), sortAt: fc.integer({ min: 0, max: 20 }) }),
      fc.record({ kind: fc.constant('out' as const), sortAt: fc.integer({ min: 0, max: 20 }) }),
      fc.record({ kind: fc.constant('read' as const), pick: fc.nat(30) }),
    );
    const { store, accountId } = storeWithChat();
    let run = 0;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        run += 1;
        const chatId = store.chats.findOrCreate(accountId, `run-${run}@x`, 0).id;
        const model: { id: number; sortAt: number; incoming: boolean }[] = [];
        let read = { id: 0, sortAt: 0 };
        const isAfter = (a: { id: number; sortAt: number }, b: { id: number; sortAt: number }): boolean =>
          a.sortAt > b.sortAt || (a.sortAt === b.sortAt && a.id > b.id);
        for (const one of steps) {
          if (one.kind === 'read') {
            const message = model[one.pick % Math.max(1, model.length)];
            if (message === undefined) continue;
            expect(store.chats.setReadUpTo(chatId, message.id as MessageId)).toBe(isAfter(message, read));
            if (isAfter(message, read)) read = message;
          } else {
            const stored =
              one.kind === 'in'
                ? store.messages.insertIncoming(incoming(chatId, 'x', one.sortAt))
                : store.messages.insertOutgoing(outgoing(chatId, 'x', one.sortAt));
            model.push({ id: stored.id, sortAt: one.sortAt, incoming: one.kind === 'in' });
          }
        }
        const unread = model.filter((message) => message.incoming && isAfter(message, read));
        const first = unread.toSorted((a, b) => (isAfter(a, b) ? 1 : -1))[0];
        expect(store.chats.require(chatId)).toMatchObject({
          unread: unread.length,
          firstUnreadId: first?.id,
        });
      }),
      { numRuns: 60 },
    );
  });
});

test('the chat list asks the indexes, not the history', () => {
  const { database, store } = temporaryProfile().open();
  fillStore(database, store, { chats: 20, messages: 2_000, unread: 3 });
  const chats = store.chats.list();
  expect(chats.map(({ unread }) => unread)).toEqual(chats.map(() => 3));
  const plan = database
    .all<{ detail: string }>(`EXPLAIN QUERY PLAN ${chatListSql}`)
    .map(({ detail }) => detail)
    .filter((detail) => /messages| [ulm] /.test(detail));
  expect(plan).toHaveLength(3);
  for (const detail of plan)
    expect(detail).toMatch(/^SEARCH [ulm] USING (COVERING INDEX|INTEGER PRIMARY KEY)/);
});

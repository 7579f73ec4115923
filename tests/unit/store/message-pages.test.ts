import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ChatId, MessageId } from '#shared/ids.ts';
import { newerSql, olderSql } from '#main/store/message-pages.ts';
import { errorCode } from '#tests/support/app-error.ts';
import { incoming, storeWithChat } from '#tests/support/temporary-profile.ts';

type TestStore = ReturnType<typeof storeWithChat>['store'];

const fill = (store: TestStore, chatId: ChatId, times: readonly number[]): readonly MessageId[] =>
  store.transaction(() =>
    times.map((at) => store.messages.insertIncoming(incoming(chatId, `at ${at}`, at)).id),
  );

const bodies = (page: { rows: readonly { body: string }[] }): readonly string[] =>
  page.rows.map(({ body }) => body);

describe('pages of a chat', () => {
  test('the newest rows, oldest first', () => {
    const { store, chatId } = storeWithChat();
    fill(store, chatId, [3, 1, 2]);
    const page = store.messages.page({ kind: 'latest', chatId, limit: 2 });
    expect([bodies(page), page.hasOlder, page.hasNewer]).toEqual([['at 2', 'at 3'], true, false]);
  });

  test('an empty chat', () => {
    const { store, chatId } = storeWithChat();
    const page = store.messages.page({ kind: 'latest', chatId, limit: 5 });
    expect(page).toEqual({ rows: [], hasOlder: false, hasNewer: false });
  });

  test('before and after leave the anchor out, around has it', () => {
    const { store, chatId } = storeWithChat();
    const ids = fill(store, chatId, [1, 2, 3, 4, 5]);
    const anchor = ids[2] as MessageId;
    const read = (kind: 'before' | 'after' | 'around', limit: number): unknown => {
      const page = store.messages.page({ kind, chatId, anchor, limit });
      return [bodies(page), page.hasOlder, page.hasNewer];
    };
    expect(read('before', 1)).toEqual([['at 2'], true, true]);
    expect(read('before', 9)).toEqual([['at 1', 'at 2'], false, true]);
    expect(read('after', 1)).toEqual([['at 4'], true, true]);
    expect(read('after', 9)).toEqual([['at 4', 'at 5'], true, false]);
    expect(read('around', 1)).toEqual([['at 3'], true, true]);
    expect(read('around', 3)).toEqual([['at 2', 'at 3', 'at 4'], true, true]);
    expect(read('around', 9)).toEqual([['at 1', 'at 2', 'at 3', 'at 4', 'at 5'], false, false]);
  });

  test('around a date stands the first row of that time or later', () => {
    const { store, chatId } = storeWithChat();
    fill(store, chatId, [10, 20, 20, 40, 50]);
    const read = (at: number, limit: number): unknown => {
      const page = store.messages.page({ kind: 'date', chatId, at, limit });
      return [bodies(page), page.hasOlder, page.hasNewer];
    };
    expect(read(20, 2)).toEqual([['at 10', 'at 20'], false, true]);
    expect(read(30, 2)).toEqual([['at 20', 'at 40'], true, true]);
    expect(read(1, 2)).toEqual([['at 10', 'at 20'], false, true]);
    expect(read(60, 4)).toEqual([['at 40', 'at 50'], true, false]);
  });

  test('an anchor of another chat, or of none', () => {
    const { store, accountId, chatId } = storeWithChat();
    const other = store.chats.findOrCreate(accountId, 'nurse@capulet.example', 1).id;
    const [foreign] = fill(store, other, [1]);
    for (const anchor of [foreign, 999]) {
      const read = (): unknown =>
        store.messages.page({ kind: 'around', chatId, anchor: anchor as MessageId, limit: 5 });
      expect(errorCode(read)).toBe('not-found');
    }
  });

  test('scrolling up and down shows every row once, also where many have the same time', () => {
    const { store, accountId } = storeWithChat();
    let run = 0;
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 7 }),
        (times, limit) => {
          run += 1;
          const chatId = store.chats.findOrCreate(accountId, `run-${run}@x`, 0).id;
          const ids = fill(store, chatId, times);
          const order = ids
            .map((id, index) => ({ id, at: times[index] ?? 0 }))
            .toSorted((a, b) => a.at - b.at || a.id - b.id)
            .map(({ id }) => id);
          const idsOf = (page: { rows: readonly { id: MessageId }[] }): MessageId[] =>
            page.rows.map(({ id }) => id);

          let page = store.messages.page({ kind: 'latest', chatId, limit });
          const upwards = idsOf(page);
          while (page.hasOlder) {
            page = store.messages.page({ kind: 'before', chatId, anchor: upwards[0] as MessageId, limit });
            expect(page.rows.length).toBeGreaterThan(0);
            upwards.unshift(...idsOf(page));
          }
          expect(upwards).toEqual(order);

          const downwards = [order[0] as MessageId];
          do {
            page = store.messages.page({
              kind: 'after',
              chatId,
              anchor: downwards.at(-1) as MessageId,
              limit,
            });
            downwards.push(...idsOf(page));
          } while (page.hasNewer);
          expect(downwards).toEqual(order);

          for (const [place, anchor] of order.entries()) {
            const around = store.messages.page({ kind: 'around', chatId, anchor, limit });
            const found = idsOf(around);
            expect(found).toContain(anchor);
            const start = order.indexOf(found[0] as MessageId);
            expect(found).toEqual(order.slice(start, start + found.length));
            expect(found.length).toBeLessThanOrEqual(limit);
            expect([around.hasOlder, around.hasNewer]).toEqual([
              start > 0,
              start + found.length < order.length,
            ]);
            expect(place - start).toBeLessThanOrEqual(Math.floor(limit / 2));
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  test('both directions walk along the index, without sorting', () => {
    const { database } = storeWithChat();
    for (const sql of [olderSql, newerSql]) {
      const plan = database.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, {
        chatId: 1,
        sortAt: 1,
        id: 1,
        limit: 1,
      });
      expect(plan.map(({ detail }) => detail)).toEqual([
        expect.stringMatching(
          /^SEARCH messages USING INDEX messages_timeline \(chat_id=\? AND sort_at[<>]\?\)$/,
        ),
      ]);
    }
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MessageId } from '#shared/ids.ts';
import { chatListSql } from '#main/store/chats.ts';
import { unreadBySearch } from '#tests/support/unread.ts';
import { incoming, outgoing, storeWithChat } from '#tests/support/temporary-profile.ts';

const MANY = 50_000;

describe('the number of unread messages', () => {
  test('is right whatever happens to the messages and to the read position', () => {
    const { database, store, accountId } = storeWithChat();
    const place = fc.integer({ min: 1, max: 20 });
    const pick = fc.nat(40);
    const of = (...kinds: readonly string[]): fc.Arbitrary<{ kind: string; place: number; pick: number }> =>
      fc.record({ kind: fc.constantFrom(...kinds), place, pick });
    const act = fc.oneof(
      { weight: 5, arbitrary: of('in', 'in', 'out') },
      { weight: 5, arbitrary: of('read', 'retract', 'delete', 'move', 'withdraw', 'read elsewhere') },
      { weight: 1, arbitrary: of('clear', 'slice') },
    );
    let run = 0;
    fc.assert(
      fc.property(fc.array(act, { minLength: 25, maxLength: 50 }), (acts) => {
        run += 1;
        const chatId = store.chats.findOrCreate(accountId, `run-${run}@x`, 0).id;
        for (const [step, one] of acts.entries()) {
          const { rows } = store.messages.page({ kind: 'latest', chatId, limit: 100 });
          const id = rows[one.pick % Math.max(1, rows.length)]?.id ?? (0 as MessageId);
          if (one.kind === 'in') store.messages.insertIncoming(incoming(chatId, 'x', one.place));
          else if (one.kind === 'out') store.messages.insertOutgoing(outgoing(chatId, 'x', one.place));
          else if (one.kind === 'clear') store.deletions.deleteHistory(chatId);
          else if (one.kind === 'slice') store.maintain();
          else if (one.kind === 'read elsewhere')
            store.chats.setReadUpToArchiveId(chatId, `${run} ${one.pick}`);
          else if (id === 0) continue;
          else if (one.kind === 'read') store.chats.setReadUpTo(chatId, id);
          else if (one.kind === 'retract') store.messages.retract(id, 99);
          else if (one.kind === 'withdraw') store.messages.withdraw(id);
          else if (one.kind === 'delete') store.deletions.deleteMessage(id);
          else store.messages.adopt(id, `${run} ${step}`, one.place + 0.5);
          expect(store.chats.require(chatId).unread, one.kind).toBe(unreadBySearch(database, chatId));
        }
      }),
      { numRuns: 60 },
    );
  });

  test(`costs nothing to know, however many there are: ${MANY} of them`, () => {
    const { database, store, accountId, chatId } = storeWithChat();
    database.run(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${MANY})
       INSERT INTO messages (chat_id, direction, sender_jid, body, at, sort_at, state, protection, rev)
       SELECT $chatId, 'in', 'romeo@montague.example', 'hark', i, i, 'received', 'none', i FROM n`,
      { chatId },
    );
    const first = 1 as MessageId;
    expect(store.chats.require(chatId)).toMatchObject({ unread: MANY, firstUnreadId: first });
    expect(store.chats.list({ accountId })).toMatchObject([{ unread: MANY }]);
    expect(store.chats.counts('open')).toEqual({ chats: 1, unread: MANY });
    // Reading on counts what is read now, not what is left.
    store.chats.setReadUpTo(chatId, 3 as MessageId);
    expect(store.chats.require(chatId)).toMatchObject({ unread: MANY - 3, firstUnreadId: 4 });

    // Of the messages one row is looked up at a time, each by an index; none are counted.
    expect(chatListSql).not.toMatch(/count\s*\(|sum\s*\(/i);
    const plan = database
      .all<{ detail: string }>(`EXPLAIN QUERY PLAN ${chatListSql}`)
      .map(({ detail }) => detail)
      .filter((detail) => /messages| [ulm]( |$)/.test(detail));
    expect(plan).toHaveLength(3);
    for (const detail of plan)
      expect(detail).toMatch(/^SEARCH [ulm] USING (COVERING INDEX|INTEGER PRIMARY KEY)/);
  });
});

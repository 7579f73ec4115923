import { describe, expect, test } from 'vitest';
import { FILLED, queries } from '#scripts/bench/search-queries.ts';
import { fillStore } from '#tests/support/fill-store.ts';
import { temporaryProfile } from '#tests/support/temporary-profile.ts';

describe('what the bench searches for', () => {
  test('is asked the same in every run of the same number, and otherwise in the next', () => {
    expect(queries(0)).toEqual(queries(0));
    const again = new Set(queries(0).map((query) => JSON.stringify(query)));
    const known = queries(1).filter((query) => again.has(JSON.stringify(query)));
    expect(known).toEqual([]);
  });

  test('is mostly there: a search that finds nothing costs nothing', () => {
    const { database, store } = temporaryProfile().open();
    const { id: accountId } = store.accounts.add({
      jid: 'owner@example.org',
      directTls: false,
      createdAt: 1,
    });
    // A hundredth of it, with as many kinds of text.
    for (const part of FILLED.parts)
      fillStore(database, store, { ...part, accountId, chats: 2, messages: part.messages / 100 });
    const found = Map.groupBy(queries(0), ({ kind }) => kind);
    const withoutHits = [...found].flatMap(([kind, all]) => {
      const hits = all.map(({ query, from, before, after, chat }) => {
        const chatId = chat === undefined ? undefined : store.chats.find(accountId, chat)?.id;
        if (chat !== undefined && chatId === undefined) return 0;
        return store.search.search({ query, from, before, after, chatId, limit: 30 }).hits.length;
      });
      return hits.every((count) => count === 0) ? [kind] : [];
    });
    expect(withoutHits.toSorted()).toEqual(['nowhere']);
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AccountId, ChatId } from '#shared/ids.ts';
import type { NewArchived } from '#main/store/messages.ts';
import type { Store } from '#main/store/store.ts';
import { errorCode } from '#tests/support/app-error.ts';
import {
  archived,
  incoming,
  outgoing,
  storeWithChat,
  temporaryProfile,
} from '#tests/support/temporary-profile.ts';

const bodies = (store: Store, chatId: ChatId): readonly string[] =>
  store.messages.page({ kind: 'latest', chatId, limit: 200 }).rows.map(({ body }) => body);

const unknownAccount = '00000000-0000-4000-8000-000000000000' as AccountId;

describe('the ledger of an account', () => {
  test('knows the last entry up to which everything is here', () => {
    const { store, accountId } = storeWithChat();
    expect(store.archive.lastConfirmed(accountId)).toBeUndefined();
    store.archive.confirm(accountId, { id: 'a1', sortAt: 10.5 });
    expect(store.archive.lastConfirmed(accountId)).toEqual({ id: 'a1', sortAt: 10.5 });
    store.archive.confirm(accountId, undefined);
    expect(store.archive.lastConfirmed(accountId)).toBeUndefined();
    expect(errorCode(() => store.archive.confirm(unknownAccount, undefined))).toBe('not-found');
  });

  test('keeps gaps until they are closed', () => {
    const { store, accountId } = storeWithChat();
    const gap = store.archive.openGap({
      accountId,
      after: { id: 'a1', sortAt: 10 },
      before: { id: 'a9', sortAt: 90 },
      createdAt: 100,
    });
    expect(gap).toMatchObject({
      afterId: 'a1',
      afterAt: 10,
      beforeId: 'a9',
      beforeAt: 90,
      chatJid: undefined,
    });
    store.archive.narrowGap(gap.id, { after: { id: 'a4', sortAt: 40 } });
    expect(store.archive.narrowGap(gap.id, { before: { id: 'a7', sortAt: 70 } })).toMatchObject({
      afterId: 'a4',
      afterAt: 40,
      beforeId: 'a7',
      beforeAt: 70,
    });
    expect(store.archive.gaps(accountId)).toHaveLength(1);
    expect([store.archive.closeGap(gap.id), store.archive.closeGap(gap.id)]).toEqual([true, false]);
    expect(errorCode(() => store.archive.narrowGap(gap.id, {}))).toBe('not-found');
    expect(store.archive.gaps(accountId)).toEqual([]);
  });

  test('says which gaps concern a chat, in the order of its timeline', () => {
    const { store, accountId, chatId } = storeWithChat();
    const open = (after: number, chatJid?: string): void => {
      const ends = { after: { id: `a${after}`, sortAt: after }, before: { id: 'b', sortAt: after + 5 } };
      store.archive.openGap({ accountId, chatJid, ...ends, createdAt: 1 });
    };
    open(50);
    open(20, 'romeo@montague.example');
    open(10, 'nurse@capulet.example');
    expect(store.archive.gapsOfChat(chatId).map(({ afterAt }) => afterAt)).toEqual([20, 50]);
  });

  test('goes with its account', () => {
    const { database, store, accountId } = storeWithChat();
    store.archive.openGap({ accountId, createdAt: 1 });
    store.accounts.remove(accountId);
    while (store.maintain());
    expect(database.one('SELECT count(*) AS gaps FROM archive_gaps')).toEqual({ gaps: 0 });
    expect(errorCode(() => store.archive.openGap({ accountId, createdAt: 1 }))).toBe('storage');
  });

  test('the oldest and newest rows that the archive knows', () => {
    const { store, chatId } = storeWithChat();
    expect([store.archive.oldest(chatId), store.archive.newest(chatId)]).toEqual([undefined, undefined]);
    store.messages.insertArchived([
      archived(chatId, 'a', 10),
      archived(chatId, 'b', 20),
      archived(chatId, 'c', 30),
    ]);
    store.messages.insertOutgoing(outgoing(chatId, 'not there yet', 99));
    expect(store.archive.oldest(chatId)).toEqual({ id: 'archive-10', sortAt: 10 });
    expect(store.archive.oldest(chatId, 10)).toEqual({ id: 'archive-20', sortAt: 20 });
    expect(store.archive.newest(chatId)).toEqual({ id: 'archive-30', sortAt: 30 });
    expect(store.archive.newest(chatId, 30)).toEqual({ id: 'archive-20', sortAt: 20 });
  });
});

describe('the order of the archive', () => {
  test('what was missed stands before what arrived first, also under a clock that is a day behind', () => {
    const { store, accountId, chatId } = storeWithChat();
    const day = 86_400_000;
    const [last] = store.archive.placePage(accountId, [{ archiveId: 'a0', stamp: 5 * day }], {
      after: undefined,
      before: undefined,
      from: 'after',
    });
    const after = { id: 'a0', sortAt: last ?? 0 };
    store.messages.insertArchived([{ ...archived(chatId, 'seen before', 5 * day), sortAt: after.sortAt }]);
    store.archive.confirm(accountId, after);
    // The clock says one day less than the archive did.
    const gap = store.archive.openGap({ accountId, after, createdAt: 4 * day });
    for (const body of ['live 1', 'live 2']) {
      store.messages.insertIncoming({
        chatId,
        senderJid: 'romeo@montague.example',
        body,
        at: 4 * day,
        protection: 'none',
        archiveId: body,
      });
    }
    const missed = Array.from({ length: 300 }, (_, index) => `missed ${index}`);
    const entries = missed.map((archiveId, index) => ({
      archiveId,
      stamp: 5 * day + 1_000 + Math.floor(index / 7),
    }));
    for (const half of [entries.slice(0, 150), entries.slice(150)]) {
      const { afterAt, beforeAt } = store.archive.gaps(accountId)[0] ?? gap;
      const places = store.archive.placePage(accountId, half, {
        after: afterAt,
        before: beforeAt,
        from: 'after',
      });
      store.messages.insertArchived(
        half.map(({ archiveId, stamp }, index) => ({
          ...archived(chatId, archiveId, stamp),
          archiveId,
          sortAt: places[index] ?? 0,
        })),
      );
      store.archive.narrowGap(gap.id, {
        after: { id: half.at(-1)?.archiveId ?? '', sortAt: places.at(-1) ?? 0 },
      });
    }
    expect(bodies(store, chatId).slice(-4)).toEqual(['missed 298', 'missed 299', 'live 1', 'live 2']);
    const page = store.messages.page({ kind: 'latest', chatId, limit: 400 }).rows.map(({ body }) => body);
    expect(page).toEqual(['seen before', ...missed, 'live 1', 'live 2']);
  });

  test('rows that arrive after a restart stand behind the archive, also when the clock was set back', () => {
    const profile = temporaryProfile();
    const first = profile.open();
    const { id } = first.store.accounts.add({
      jid: 'juliet@capulet.example',
      directTls: false,
      createdAt: 1,
    });
    const chatId = first.store.chats.findOrCreate(id, 'romeo@montague.example', 1).id;
    const other = first.store.chats.findOrCreate(id, 'nurse@capulet.example', 1).id;
    first.store.messages.insertArchived([archived(other, 'in another chat', 5_000)]);
    first.database.close();
    const { store } = profile.open();
    const late = { ...incoming(chatId, 'late', 4_000), sortAt: undefined, archiveId: 'late' };
    expect(store.messages.insertIncoming(late).sortAt).toBeGreaterThan(5_000);
  });

  test('a place that was kept for what was missed is kept over a restart', () => {
    const profile = temporaryProfile();
    const first = profile.open();
    const accountId = first.store.accounts.add({
      jid: 'juliet@capulet.example',
      directTls: false,
      createdAt: 1,
    }).id;
    const chatId = first.store.chats.findOrCreate(accountId, 'romeo@montague.example', 1).id;
    const gap = first.store.archive.openGap({ accountId, createdAt: 5_000 });
    first.database.close();
    const { store } = profile.open();
    const live = { ...incoming(chatId, 'live', 4_000), sortAt: undefined, archiveId: 'live' };
    expect(store.messages.insertIncoming(live).sortAt).toBeGreaterThan(gap.beforeAt ?? 0);
  });

  test('without an archive the end of the timeline is never left', () => {
    const { store, chatId } = storeWithChat();
    const live = (body: string, at: number): void => {
      store.messages.insertIncoming({ ...incoming(chatId, body, at), sortAt: undefined });
    };
    live('first', 50);
    live('after the clock was set back', 10);
    store.messages.insertOutgoing({ ...outgoing(chatId, 'answer', 11), sortAt: undefined });
    expect(bodies(store, chatId)).toEqual(['first', 'after the clock was set back', 'answer']);
  });

  test('a page that lies over rows that are here doubles nothing and puts them in order', () => {
    const { store, accountId, chatId } = storeWithChat();
    // Stored by an earlier version, by a clock that jumped.
    store.messages.insertIncoming({ ...incoming(chatId, 'b', 30), archiveId: 'b' });
    store.messages.insertIncoming({ ...incoming(chatId, 'a', 40), archiveId: 'a' });
    const entries = ['a', 'b', 'c'].map((archiveId, index) => ({ archiveId, stamp: 10 + index, chatId }));
    const places = store.archive.placePage(accountId, entries, {
      after: undefined,
      before: undefined,
      from: 'after',
    });
    const page = entries.map(({ archiveId, stamp }, index) => ({
      ...archived(chatId, archiveId, stamp),
      archiveId,
      sortAt: places[index] ?? 0,
    }));
    expect(store.messages.insertArchived(page).map(({ kind }) => kind)).toEqual([
      'known',
      'completed',
      'inserted',
    ]);
    expect(bodies(store, chatId)).toEqual(['a', 'b', 'c']);
  });

  test('however pages and live messages mix, each chat shows the archive in its order, once', () => {
    const { store, accountId } = storeWithChat();
    let run = 0;
    fc.assert(
      fc.property(
        fc.array(fc.record({ gap: fc.integer({ min: -400, max: 400 }), chat: fc.nat(2) }), { maxLength: 60 }),
        fc.integer({ min: 0, max: 60 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: -3_000, max: 3_000 }),
        (steps, missedFrom, pageSize, skew) => {
          run += 1;
          const chats = [0, 1, 2].map((n) => store.chats.findOrCreate(accountId, `run-${run}-${n}@x`, 0).id);
          let clock = 1_000_000 * run;
          const archive = steps.map(({ gap, chat }, index) => {
            clock += gap;
            const chatId = chats[chat] as ChatId;
            return { archiveId: `${run}-${index}`, stamp: clock, chatId, body: `${index}` };
          });
          const row = (entry: (typeof archive)[number], sortAt: number): NewArchived => ({
            ...archived(entry.chatId, entry.body, entry.stamp),
            archiveId: entry.archiveId,
            sortAt,
          });
          const start = store.archive.openGap({ accountId, createdAt: 1_000_000 * run - 500_000 });
          // The newest third was live, under our own clock; the rest comes in pages, from one end or the other.
          const cut = Math.min(missedFrom, archive.length);
          for (const entry of archive.slice(cut)) {
            store.messages.insertIncoming({ ...row(entry, 0), sortAt: undefined, at: entry.stamp + skew });
          }
          let [after, before] = [start.afterAt, start.beforeAt];
          const missed = archive.slice(0, cut);
          while (missed.length > 0) {
            const isForward = missed.length % 2 === 0;
            const page = isForward ? missed.splice(0, pageSize) : missed.splice(-pageSize);
            const from = isForward ? ('after' as const) : ('before' as const);
            const places = store.archive.placePage(accountId, page, { after, before, from });
            store.messages.insertArchived(page.map((entry, index) => row(entry, places[index] ?? 0)));
            if (isForward) after = places.at(-1);
            else before = places[0];
          }
          for (const chatId of chats) {
            const wanted = archive.filter((entry) => entry.chatId === chatId).map(({ body }) => body);
            expect(bodies(store, chatId)).toEqual(wanted);
          }
          store.archive.closeGap(start.id);
        },
      ),
      { numRuns: 60 },
    );
  });
});

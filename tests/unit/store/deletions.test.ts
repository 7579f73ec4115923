import { describe, expect, test } from 'vitest';
import type { ChatId, MessageId } from '#shared/ids.ts';
import type { Store } from '#main/store/store.ts';
import { errorCode } from '#tests/support/app-error.ts';
import { archived, incoming, outgoing, storeWithChat } from '#tests/support/temporary-profile.ts';

const ROMEO = 'romeo@montague.example';
const JULIET = 'juliet@capulet.example';
const DAY = 86_400_000;

const finish = (store: Store): void => {
  while (store.maintain());
};

const bodies = (store: Store, chatId: ChatId): readonly string[] =>
  store.messages.page({ kind: 'latest', chatId, limit: 200 }).rows.map(({ body }) => body);

const count = (store: Store, query: string): number => store.search.search({ query, limit: 100 }).hits.length;

/** More than two slices. */
const fillOld = (store: Store, chatId: ChatId): void =>
  store.transaction(() => {
    for (let at = 1; at <= 250; at += 1) store.messages.insertIncoming(incoming(chatId, 'old', at));
  });

describe('deleting a message', () => {
  test('takes its versions and what waited to be sent of it, but a retraction still leaves', () => {
    const { store, accountId, chatId } = storeWithChat();
    const { id } = store.messages.insertIncoming(incoming(chatId, 'hello', 1));
    store.outbox.add({ chatId, aboutId: id, kind: 'reaction', createdAt: 1 });
    store.outbox.add({ chatId, aboutId: id, kind: 'retraction', payload: { retracts: 'm1' }, createdAt: 1 });
    const { rev } = store.chats.require(chatId);
    expect([store.deletions.deleteMessage(id), store.deletions.deleteMessage(id)]).toEqual([true, false]);
    expect(store.outbox.next(accountId)).toMatchObject({ kind: 'retraction', aboutId: undefined });
    expect(store.outbox.countWaiting(accountId)).toBe(1);
    expect(store.chats.require(chatId)).toMatchObject({ unread: 0, last: undefined });
    expect(store.chats.require(chatId).rev).toBeGreaterThan(rev);
  });

  test('is remembered: neither the message nor its edits come back from the archive', () => {
    const { store, chatId } = storeWithChat();
    const page = [
      { ...archived(chatId, 'one', 10), originId: 'o1', stanzaId: 's1' },
      { ...archived(chatId, 'two', 20), originId: 'o2' },
    ];
    const [one] = store.messages.insertArchived(page);
    const edit = { body: 'edited', at: 15, sortAt: 15, archiveId: 'archive-15', originId: 'o15' };
    store.edits.apply({ messageId: one?.messageId as MessageId, senderJid: ROMEO, ...edit });
    store.deletions.deleteMessage(one?.messageId as MessageId);
    const again = store.messages.insertArchived([
      ...page,
      { ...archived(chatId, 'edited', 15), originId: 'o15' },
    ]);
    expect(again.map(({ kind }) => kind)).toEqual(['ignored', 'known', 'ignored']);
    // Under another archive id too, as when a server was moved.
    expect(store.messages.insertArchived([{ ...archived(chatId, 'one', 99), originId: 'o1' }])).toMatchObject(
      [{ kind: 'ignored' }],
    );
    for (const refId of ['o1', 's1', 'o15']) {
      const reference = {
        chatId,
        refId,
        kind: 'edit',
        payload: { body: 'x' },
        at: 16,
        archiveId: 'a',
      } as const;
      store.references.add({ ...reference, senderJid: ROMEO });
      expect(store.references.take(chatId, [refId], ROMEO)).toEqual([]);
    }
    expect(bodies(store, chatId)).toEqual(['two']);
  });

  test('hides no other message: not of another author, in another chat, or with an id that is used again', () => {
    const { store, accountId, chatId } = storeWithChat();
    const other = store.chats.findOrCreate(accountId, 'nurse@capulet.example', 1).id;
    const { id } = store.messages.insertIncoming({
      ...incoming(chatId, 'x', 10),
      originId: 'o',
      stanzaId: '1',
      archiveId: 'a',
    });
    store.deletions.deleteMessage(id);
    const page = [
      { ...archived(chatId, 'by another author', 11), originId: 'o', senderJid: JULIET },
      { ...archived(other, 'in another chat', 12), archiveId: 'a', originId: 'o' },
      { ...archived(chatId, 'with the same id', 13), stanzaId: '1' },
    ];
    expect(store.messages.insertArchived(page).map(({ kind }) => kind)).toEqual([
      'inserted',
      'inserted',
      'inserted',
    ]);
  });
});

describe('deleting a history', () => {
  test('leaves the chat, and what still waits to be sent', () => {
    const { store, accountId, chatId } = storeWithChat();
    store.messages.insertArchived([archived(chatId, 'one', 10), archived(chatId, 'two', 20)]);
    store.messages.insertOutgoing(outgoing(chatId, 'unsent', 30));
    store.chats.setPinned(chatId, true);
    store.deletions.deleteHistory(chatId);
    finish(store);
    expect(bodies(store, chatId)).toEqual(['unsent']);
    expect(store.outbox.countWaiting(accountId)).toBe(1);
    expect(store.chats.require(chatId)).toMatchObject({ pinned: true, historyStart: true, unread: 0 });
    expect(errorCode(() => store.deletions.deleteHistory(99 as ChatId))).toBe('not-found');
  });

  test('nothing older comes back from the archive, and everything newer still comes', () => {
    const { store, chatId } = storeWithChat();
    store.messages.insertArchived([archived(chatId, 'one', 10), archived(chatId, 'two', 20)]);
    store.deletions.deleteHistory(chatId);
    finish(store);
    const page = [5, 10, 20, 21].map((at) => archived(chatId, `at ${at}`, at));
    expect(store.messages.insertArchived(page).map(({ kind }) => kind)).toEqual([
      'ignored',
      'ignored',
      'ignored',
      'inserted',
    ]);
    const reference = {
      chatId,
      refId: 'm',
      kind: 'edit',
      payload: { body: 'old text' },
      senderJid: ROMEO,
    } as const;
    store.references.add({ ...reference, at: 15, archiveId: 'a15' });
    expect(store.references.take(chatId, ['m'], ROMEO)).toEqual([]);
    store.references.add({ ...reference, at: 15, archiveId: undefined });
    expect(store.references.take(chatId, ['m'], ROMEO)).toHaveLength(1);
  });

  test('what came live does not come back from an archive whose clock is ahead', () => {
    const { store, chatId } = storeWithChat();
    const live = { ...incoming(chatId, 'live', 10), archiveId: 'archive-15' };
    store.messages.insertIncoming(live);
    store.deletions.deleteHistory(chatId);
    finish(store);
    const page = [archived(chatId, 'live', 15), archived(chatId, 'new', 16)];
    expect(store.messages.insertArchived(page).map(({ kind }) => kind)).toEqual(['ignored', 'inserted']);
    // Nor from a server that was not told in time that we have it.
    expect(store.deletions.remembers(chatId, live)).toBe(true);
  });

  test('what is being deleted does not escape to the place that a page gives it', () => {
    const { store, chatId } = storeWithChat();
    store.messages.insertIncoming({ ...incoming(chatId, 'live', 10), archiveId: 'archive-15' });
    store.deletions.deleteHistory(chatId);
    store.messages.insertArchived([archived(chatId, 'live', 15)]);
    finish(store);
    expect(bodies(store, chatId)).toEqual([]);
  });

  test('what was missed and has not been seen yet is not lost with it', () => {
    const { store, accountId, chatId } = storeWithChat();
    store.messages.insertArchived([archived(chatId, 'old', 10)]);
    store.archive.openGap({
      accountId,
      after: { id: 'archive-10', sortAt: 10 },
      before: { id: 'archive-30', sortAt: 30 },
      createdAt: 40,
    });
    store.messages.insertArchived([archived(chatId, 'live', 30)]);
    store.deletions.deleteHistory(chatId);
    finish(store);
    const page = [archived(chatId, 'old', 10), archived(chatId, 'missed', 20), archived(chatId, 'live', 30)];
    expect(store.messages.insertArchived(page).map(({ kind }) => kind)).toEqual([
      'ignored',
      'inserted',
      'ignored',
    ]);
    expect(bodies(store, chatId)).toEqual(['missed']);
  });

  test('a message that arrives meanwhile stays', () => {
    const { store, chatId } = storeWithChat();
    fillOld(store, chatId);
    store.deletions.deleteHistory(chatId);
    store.maintain();
    store.messages.insertIncoming({ ...incoming(chatId, 'new', 1), sortAt: undefined, at: 900 });
    // Not even searching finds what is about to go.
    expect(count(store, 'old')).toBe(0);
    finish(store);
    expect(bodies(store, chatId)).toEqual(['new']);
  });
});

describe('deleting a chat', () => {
  test('hides it at once, with its unread messages and what waited to be sent', () => {
    const { store, accountId, chatId } = storeWithChat();
    fillOld(store, chatId);
    store.messages.insertOutgoing(outgoing(chatId, 'unsent', 300));
    store.deletions.deleteChat(chatId);
    expect([store.chats.list(), store.chats.get(chatId), store.chats.find(accountId, ROMEO)]).toEqual([
      [],
      undefined,
      undefined,
    ]);
    expect(store.chats.counts('open')).toEqual({ chats: 0, unread: 0 });
    finish(store);
    expect(store.outbox.countWaiting(accountId)).toBe(0);
    expect(errorCode(() => store.deletions.deleteChat(chatId))).toBe('not-found');
  });

  test('somebody writes before it is gone: the chat is there again, without its past', () => {
    const { store, accountId, chatId } = storeWithChat();
    fillOld(store, chatId);
    store.chats.setDraft(chatId, 'draft');
    store.deletions.deleteChat(chatId);
    store.maintain();
    expect(store.chats.findOrCreate(accountId, ROMEO, 900)).toMatchObject({ id: chatId, draft: '' });
    store.messages.insertIncoming(incoming(chatId, 'new', 900));
    finish(store);
    expect(bodies(store, chatId)).toEqual(['new']);
    expect(store.chats.require(chatId)).toMatchObject({ unread: 1 });
  });

  test('its past does not come back with a new chat', () => {
    const { store, accountId, chatId } = storeWithChat();
    store.messages.insertArchived([archived(chatId, 'one', 10)]);
    store.deletions.deleteChat(chatId);
    finish(store);
    const again = store.chats.findOrCreate(accountId, ROMEO, 99).id;
    expect(again).not.toBe(chatId);
    expect(store.messages.insertArchived([archived(again, 'one', 10)])).toMatchObject([{ kind: 'ignored' }]);
  });
});

describe('retention', () => {
  const withAges = () => {
    const context = storeWithChat();
    const { store, accountId, chatId } = context;
    const now = 100 * DAY;
    const chats = ['default', 'forever', 7, 0] as const;
    const ids = chats.map((retention, index) => {
      const id = index === 0 ? chatId : store.chats.findOrCreate(accountId, `${index}@x`, 1).id;
      store.chats.setRetention(id, retention);
      for (const age of [40, 10, 1])
        store.messages.insertIncoming(incoming(id, `${age} days`, now - age * DAY));
      return id;
    });
    return { ...context, now, ids };
  };

  test('each chat keeps what its own rule or the default says', () => {
    const { store, now, ids } = withAges();
    const last = store.messages.page({ kind: 'latest', chatId: ids[3] as ChatId, limit: 2 }).rows[0];
    store.chats.setReadUpTo(ids[3] as ChatId, last?.id as MessageId);
    expect(store.deletions.deleteOlderThan(now, 30)).toEqual([ids[0], ids[2], ids[3]]);
    finish(store);
    expect(ids.map((id) => bodies(store, id))).toEqual([
      ['10 days', '1 days'],
      ['40 days', '10 days', '1 days'],
      ['1 days'],
      // Kept until it has been read.
      ['1 days'],
    ]);
    expect(store.deletions.deleteOlderThan(now, 30)).toEqual([]);
  });

  test('without a default, only chats with a rule of their own lose something', () => {
    const { store, now, ids } = withAges();
    expect(store.deletions.deleteOlderThan(now, undefined)).toEqual([ids[2]]);
  });

  test('what waits to be sent is never too old', () => {
    const { store, chatId } = storeWithChat();
    store.messages.insertOutgoing(outgoing(chatId, 'unsent', 1));
    store.chats.setRetention(chatId, 1);
    expect(store.deletions.deleteOlderThan(99 * DAY, undefined)).toEqual([]);
    finish(store);
    expect(bodies(store, chatId)).toEqual(['unsent']);
  });
});

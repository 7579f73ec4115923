import { describe, expect, test } from 'vitest';
import type { ChatId, MessageId } from '#shared/ids.ts';
import { errorCode } from '#tests/support/app-error.ts';
import { archived, incoming, outgoing, storeWithChat } from '#tests/support/temporary-profile.ts';

describe('standing', () => {
  test('a stranger begins as a request, and stays what he is when he writes again', () => {
    const { store, accountId } = storeWithChat();
    const stranger = store.chats.findOrCreate(accountId, 'paris@verona.example', 1, 'request');
    expect(stranger.standing).toBe('request');
    expect(store.chats.findOrCreate(accountId, 'paris@verona.example', 2).standing).toBe('request');
    store.chats.setStanding(stranger.id, 'open');
    expect(store.chats.require(stranger.id).standing).toBe('open');
  });

  test('lists and counts are of one standing', () => {
    const { store, accountId, chatId } = storeWithChat();
    const other = store.accounts.add({ jid: 'nurse@capulet.example', directTls: false, createdAt: 2 }).id;
    const make = (account: typeof accountId, jid: string, unread: number): ChatId => {
      const { id } = store.chats.findOrCreate(account, jid, 1, 'request');
      for (let at = 1; at <= unread; at += 1) store.messages.insertIncoming(incoming(id, 'x', at));
      return id;
    };
    const requests = [make(accountId, 'a@x', 1), make(other, 'b@x', 2)];
    expect(store.chats.list({ standing: 'request' }).map(({ id }) => id)).toEqual(requests.toReversed());
    expect(store.chats.list({ accountId: other }).map(({ id }) => id)).toEqual([requests[1]]);
    expect(store.chats.list({ accountId: other, standing: 'open' })).toEqual([]);
    expect(store.chats.list()).toHaveLength(3);
    expect([
      store.chats.counts('request'),
      store.chats.counts('open'),
      store.chats.counts('blocked'),
    ]).toEqual([
      { chats: 2, unread: 3 },
      { chats: 1, unread: 0 },
      { chats: 0, unread: 0 },
    ]);
    expect(store.chats.require(chatId).standing).toBe('open');
  });
});

test('what is set for a chat is kept, and raises its rev', () => {
  const { store, chatId } = storeWithChat();
  const before = store.chats.require(chatId);
  expect(before).toMatchObject({
    retention: 'default',
    pinned: false,
    mutedUntil: undefined,
    historyStart: false,
  });
  store.chats.setRetention(chatId, 0);
  store.chats.setPinned(chatId, true);
  store.chats.setMutedUntil(chatId, 99);
  store.chats.setHistoryStart(chatId);
  expect(store.chats.require(chatId)).toMatchObject({
    retention: 0,
    pinned: true,
    mutedUntil: 99,
    historyStart: true,
  });
  expect(store.chats.require(chatId).rev).toBeGreaterThan(before.rev);
  store.chats.setRetention(chatId, 'forever');
  expect(store.chats.require(chatId).retention).toBe('forever');
  store.chats.setRetention(chatId, 'default');
  store.chats.setPinned(chatId, false);
  store.chats.setMutedUntil(chatId, undefined);
  store.chats.setHistoryStart(chatId, false);
  expect({ ...store.chats.require(chatId), rev: 0 }).toEqual({ ...before, rev: 0 });
  expect(errorCode(() => store.chats.setRetention(chatId, -7))).toBe('storage');
  expect(errorCode(() => store.chats.setPinned(99 as ChatId, true))).toBe('not-found');
});

describe('reading on several devices', () => {
  test('what another device has read is read here, never back', () => {
    const { store, chatId } = storeWithChat();
    store.messages.insertArchived([10, 20, 30].map((at) => archived(chatId, 'x', at)));
    expect(store.chats.setReadUpToArchiveId(chatId, 'archive-20')).toBe(true);
    expect(store.chats.require(chatId).unread).toBe(1);
    expect(store.chats.setReadUpToArchiveId(chatId, 'archive-10')).toBe(false);
    expect(store.chats.require(chatId).unread).toBe(1);
    expect(errorCode(() => store.chats.setReadUpToArchiveId(99 as ChatId, 'x'))).toBe('not-found');
  });

  test('a position whose message comes later, live or from the archive, waits for it', () => {
    const { store, chatId } = storeWithChat();
    store.messages.insertIncoming({ ...incoming(chatId, 'one', 1), archiveId: 'a1' });
    expect(store.chats.setReadUpToArchiveId(chatId, 'a2')).toBe(false);
    store.messages.insertIncoming({ ...incoming(chatId, 'two', 2), archiveId: 'a2' });
    expect(store.chats.require(chatId).unread).toBe(0);
    store.messages.insertIncoming({ ...incoming(chatId, 'three', 3), archiveId: 'a3' });
    expect(store.chats.require(chatId).unread).toBe(1);
    // An own message that is here and learns its archive id only now.
    store.messages.insertOutgoing(outgoing(chatId, 'own', 4));
    store.chats.setReadUpToArchiveId(chatId, 'a4');
    store.messages.completeByEcho(chatId, 'juliet@capulet.example', { originId: 'out-4', archiveId: 'a4' });
    expect(store.chats.require(chatId).unread).toBe(0);
  });

  test('the others are told once what was read here: the newest received message that the archive knows', () => {
    const { store, accountId, chatId } = storeWithChat();
    expect(store.chats.unpublishedReads(accountId)).toEqual([]);
    const rows = store.messages.insertArchived([10, 20].map((at) => archived(chatId, 'x', at)));
    expect(store.chats.unpublishedReads(accountId)).toEqual([]);
    store.chats.setReadUpTo(chatId, rows[0]?.messageId as MessageId);
    const unpublished = { chatId, jid: 'romeo@montague.example' };
    expect(store.chats.unpublishedReads(accountId)).toEqual([{ ...unpublished, archiveId: 'archive-10' }]);
    store.chats.setReadPublished(chatId, 'archive-10');
    expect(store.chats.unpublishedReads(accountId)).toEqual([]);
    const own = store.messages.insertOwn({
      ...archived(chatId, 'own', 30),
      senderJid: 'juliet@capulet.example',
    });
    store.chats.setReadUpTo(chatId, own.id);
    expect(store.chats.unpublishedReads(accountId)).toEqual([{ ...unpublished, archiveId: 'archive-20' }]);
  });

  test('nothing is told back to a device that is ahead', () => {
    const { store, accountId, chatId } = storeWithChat();
    const rows = store.messages.insertArchived([10, 20].map((at) => archived(chatId, 'x', at)));
    store.chats.setReadUpTo(chatId, rows[0]?.messageId as MessageId);
    store.chats.setReadUpToArchiveId(chatId, 'not here yet');
    expect(store.chats.unpublishedReads(accountId)).toEqual([]);
    // It has marked an own message, which is further than all that was received.
    store.messages.insertOwn({ ...archived(chatId, 'own', 30), senderJid: 'juliet@capulet.example' });
    store.chats.setReadUpToArchiveId(chatId, 'archive-30');
    expect(store.chats.unpublishedReads(accountId)).toEqual([]);
    expect(store.chats.require(chatId).unread).toBe(0);
  });
});

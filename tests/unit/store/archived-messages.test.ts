import { describe, expect, test } from 'vitest';
import type { NewIncoming } from '#main/store/messages.ts';
import { errorCode } from '#tests/support/app-error.ts';
import { archived, incoming, outgoing, storeWithChat } from '#tests/support/temporary-profile.ts';

const JULIET = 'juliet@capulet.example';

const own = (body: string, at: number): Omit<NewIncoming, 'chatId'> => ({
  senderJid: JULIET,
  body,
  at,
  protection: 'none',
});

describe('messages of the archive', () => {
  test('are stored once, and the archive says which were new', () => {
    const { store, chatId } = storeWithChat();
    const page = [archived(chatId, 'one', 10), archived(chatId, 'two', 20)];
    const first = store.messages.insertArchived(page);
    expect(first.map(({ kind }) => kind)).toEqual(['inserted', 'inserted']);
    const again = store.messages.insertArchived([...page, archived(chatId, 'three', 30)]);
    expect(again.map(({ kind }) => kind)).toEqual(['known', 'known', 'inserted']);
    expect(again.slice(0, 2).map(({ messageId }) => messageId)).toEqual(
      first.map(({ messageId }) => messageId),
    );
    expect(store.chats.require(chatId)).toMatchObject({ unread: 3, activeAt: 30 });
  });

  test('own ones of other devices are on the server already, and nothing waits to be sent', () => {
    const { store, accountId, chatId } = storeWithChat();
    store.messages.insertArchived([
      { ...archived(chatId, 'from the phone', 10), direction: 'out', senderJid: JULIET },
    ]);
    const live = store.messages.insertOwn({ ...own('from the tablet', 20), chatId, archiveId: 'a20' });
    expect(live).toMatchObject({ direction: 'out', state: 'acked', archiveId: 'a20' });
    expect(store.outbox.countWaiting(accountId)).toBe(0);
    expect(store.chats.require(chatId)).toMatchObject({ unread: 0, last: { state: 'acked' } });
  });

  test('complete what arrived live without an archive id, and put it into its place', () => {
    const { store, chatId } = storeWithChat();
    const live = store.messages.insertIncoming({
      ...incoming(chatId, 'live', 50),
      originId: 'o1',
      stanzaId: 's1',
    });
    const plain = store.messages.insertIncoming({ ...incoming(chatId, 'plain', 51), stanzaId: 's2' });
    const outcomes = store.messages.insertArchived([
      { ...archived(chatId, 'live', 40), originId: 'o1', stanzaId: 's1' },
      { ...archived(chatId, 'plain', 41), stanzaId: 's2' },
    ]);
    expect(outcomes).toEqual([
      { kind: 'completed', messageId: live.id },
      { kind: 'completed', messageId: plain.id },
    ]);
    expect(store.messages.require(live.id)).toMatchObject({ archiveId: 'archive-40', sortAt: 40, at: 50 });
  });

  test('an id that a client uses again is another message', () => {
    const { store, chatId } = storeWithChat();
    store.messages.insertIncoming({ ...incoming(chatId, 'one', 1), stanzaId: '1' });
    const page = [
      { ...archived(chatId, 'two', 2), stanzaId: '1' },
      { ...archived(chatId, 'two', 3), stanzaId: '1' },
      { ...archived(chatId, 'two', 4), stanzaId: '1', originId: 'o' },
    ];
    expect(store.messages.insertArchived(page).map(({ kind }) => kind)).toEqual([
      'inserted',
      'inserted',
      'inserted',
    ]);
  });

  test('an archive id of somebody else inserts nothing and breaks no page', () => {
    const { store, chatId } = storeWithChat();
    store.messages.insertArchived([archived(chatId, 'hers', 10)]);
    const forged = { ...archived(chatId, 'forged', 10), senderJid: 'tybalt@capulet.example' };
    const outcomes = store.messages.insertArchived([forged, archived(chatId, 'next', 11)]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['known', 'inserted']);
    expect(store.messages.page({ kind: 'latest', chatId, limit: 9 }).rows.map(({ body }) => body)).toEqual([
      'hers',
      'next',
    ]);
  });

  test('all of a page or nothing', () => {
    const { store, chatId } = storeWithChat();
    const unknown = { ...archived(chatId, 'x', 2), chatId: 99 as typeof chatId };
    expect(errorCode(() => store.messages.insertArchived([archived(chatId, 'one', 1), unknown]))).toBe(
      'not-found',
    );
    expect(store.messages.page({ kind: 'latest', chatId, limit: 9 }).rows).toEqual([]);
  });

  test('a position that another device has read to waits for its message', () => {
    const { store, chatId } = storeWithChat();
    expect(store.chats.setReadUpToArchiveId(chatId, 'archive-20')).toBe(false);
    store.messages.insertArchived([
      archived(chatId, 'one', 10),
      archived(chatId, 'two', 20),
      archived(chatId, 'three', 30),
    ]);
    expect(store.chats.require(chatId).unread).toBe(1);
  });
});

describe('the echo of an own message', () => {
  test('completes it in every state that it can have, and takes it out of the outbox', () => {
    for (const state of ['queued', 'sending', 'sent', 'acked', 'delivered', 'read'] as const) {
      const { store, accountId, chatId } = storeWithChat();
      const { id } = store.messages.insertOutgoing(outgoing(chatId, 'hello', 5));
      store.messages.setState(id, state);
      const completed = store.messages.completeByEcho(chatId, JULIET, {
        originId: 'out-5',
        archiveId: 'a',
        sortAt: 9,
      });
      expect(completed).toMatchObject({ id, archiveId: 'a', sortAt: 9 });
      expect(completed?.state).toBe(['delivered', 'read'].includes(state) ? state : 'acked');
      expect(store.outbox.countWaiting(accountId)).toBe(0);
    }
  });

  test('is found by the `id` attribute too, and changes nothing the second time', () => {
    const { store, chatId } = storeWithChat();
    store.messages.insertOutgoing(outgoing(chatId, 'hello', 5));
    const first = store.messages.completeByEcho(chatId, JULIET, {
      stanzaId: 'out-5',
      archiveId: 'a',
      sortAt: 9,
    });
    const again = store.messages.completeByEcho(chatId, JULIET, {
      stanzaId: 'out-5',
      archiveId: 'a',
      sortAt: 9,
    });
    expect(again).toEqual(first);
  });

  test('a message that failed keeps its reason, and learns where the archive has it', () => {
    const { store, chatId } = storeWithChat();
    const { id } = store.messages.insertOutgoing(outgoing(chatId, 'hello', 5));
    store.messages.setState(id, 'failed', 'item-not-found', 'no such user');
    expect(
      store.messages.completeByEcho(chatId, JULIET, { originId: 'out-5', archiveId: 'a', sortAt: 6 }),
    ).toMatchObject({
      state: 'failed',
      failure: 'item-not-found',
      failureText: 'no such user',
      archiveId: 'a',
    });
  });

  test('live, it stands behind what arrived before it', () => {
    const { store, chatId } = storeWithChat();
    store.messages.insertOutgoing(outgoing(chatId, 'written first', 5));
    store.messages.insertIncoming({
      ...incoming(chatId, 'on the server first', 7),
      sortAt: undefined,
      archiveId: 'a1',
    });
    store.messages.completeByEcho(chatId, JULIET, { originId: 'out-5', archiveId: 'a2' });
    expect(store.messages.page({ kind: 'latest', chatId, limit: 9 }).rows.map(({ body }) => body)).toEqual([
      'on the server first',
      'written first',
    ]);
  });

  test('nothing is completed by what others say', () => {
    const { store, accountId, chatId } = storeWithChat();
    const nurse = store.chats.findOrCreate(accountId, 'nurse@capulet.example', 1).id;
    const message = store.messages.insertOutgoing(outgoing(chatId, 'hello', 5));
    const theirs = store.messages.insertIncoming({
      ...incoming(chatId, 'hi', 6),
      archiveId: 'theirs',
      originId: 'o',
    });
    const echoes = [
      store.messages.completeByEcho(chatId, 'tybalt@capulet.example', { originId: 'out-5', archiveId: 'x' }),
      store.messages.completeByEcho(nurse, JULIET, { originId: 'out-5', archiveId: 'x' }),
      store.messages.completeByEcho(chatId, JULIET, { originId: 'other', archiveId: 'x' }),
      store.messages.completeByEcho(chatId, JULIET, { originId: 'out-5', archiveId: 'theirs' }),
      store.messages.completeByEcho(chatId, JULIET, {}),
    ];
    expect(echoes).toEqual(echoes.map(() => undefined));
    expect(store.messages.require(message.id)).toEqual(message);
    expect(store.messages.require(theirs.id)).toEqual(theirs);
  });

  test('a second archive id under one origin-id is the same message sent twice', () => {
    const { store, chatId } = storeWithChat();
    store.messages.insertOutgoing(outgoing(chatId, 'hello', 5));
    const first = store.messages.completeByEcho(chatId, JULIET, {
      originId: 'out-5',
      archiveId: 'a1',
      sortAt: 9,
    });
    const second = store.messages.completeByEcho(chatId, JULIET, {
      originId: 'out-5',
      archiveId: 'a2',
      sortAt: 19,
    });
    expect(second).toEqual(first);
  });
});

describe('taking back before it leaves', () => {
  test('an unsealed message disappears, its text comes back', () => {
    const { store, accountId, chatId } = storeWithChat();
    const message = store.messages.insertOutgoing({ ...outgoing(chatId, 'oops', 5), notBefore: 9 });
    expect(store.messages.withdraw(message.id)).toEqual(message);
    expect(store.messages.get(message.id)).toBeUndefined();
    expect(store.outbox.countWaiting(accountId)).toBe(0);
    expect(store.messages.withdraw(message.id)).toBeUndefined();
  });

  test('what is sealed may have left: it stays as it is', () => {
    const { store, chatId } = storeWithChat();
    const message = store.messages.insertOutgoing(outgoing(chatId, 'gone', 5));
    const entry = store.outbox.ofMessage(message.id);
    if (entry !== undefined) store.outbox.storeSealed(entry.id, '<message/>');
    expect([store.messages.withdraw(message.id), store.messages.changeText(message.id, 'new')]).toEqual([
      undefined,
      undefined,
    ]);
    expect(store.messages.require(message.id)).toEqual(message);
  });

  test('its text can be changed until then, without a history', () => {
    const { store, chatId } = storeWithChat();
    const { id } = store.messages.insertOutgoing(outgoing(chatId, 'helo', 5));
    expect(store.messages.changeText(id, 'hello')).toMatchObject({ body: 'hello', editedAt: undefined });
    expect(store.edits.of(id)).toEqual([]);
  });
});

test('extras of a message come back as they were', () => {
  const { store, chatId } = storeWithChat();
  const extras = {
    reply: { id: 'm1', jid: 'juliet@capulet.example', quote: 'Wherefore' },
    receiptWanted: true,
    markable: true,
    hasFile: true,
    thread: 't',
  };
  expect(store.messages.insertIncoming({ ...incoming(chatId, 'a', 1), ...extras })).toMatchObject(extras);
  expect(store.messages.insertOutgoing({ ...outgoing(chatId, 'b', 2), ...extras })).toMatchObject(extras);
  expect(store.messages.insertIncoming(incoming(chatId, 'c', 3))).toMatchObject({
    reply: undefined,
    receiptWanted: false,
    markable: false,
    hasFile: false,
  });
});

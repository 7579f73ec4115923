import { describe, expect, test } from 'vitest';
import type { ChatId, MessageId } from '#shared/ids.ts';
import type { OutboxEntry } from '#main/store/outbox.ts';
import { errorCode } from '#tests/support/app-error.ts';
import { incoming, outgoing, storeWithChat, temporaryProfile } from '#tests/support/temporary-profile.ts';

describe('the outbox', () => {
  test('gives the entries of one account in the order in which they were written', () => {
    const { store, accountId, chatId } = storeWithChat();
    const other = store.accounts.add({ jid: 'nurse@capulet.example', directTls: false, createdAt: 2 }).id;
    const otherChat = store.chats.findOrCreate(other, 'peter@capulet.example', 1).id;
    // A clock that goes back does not change the order.
    const written = [
      store.messages.insertOutgoing(outgoing(chatId, 'first', 50)),
      store.messages.insertOutgoing(outgoing(otherChat, 'of the other', 40)),
      store.messages.insertOutgoing(outgoing(chatId, 'second', 30)),
    ];
    const entries: OutboxEntry[] = [];
    for (
      let next = store.outbox.next(accountId);
      next !== undefined;
      next = store.outbox.next(accountId, next.id)
    ) {
      entries.push(next);
    }
    expect(entries.map(({ messageId }) => messageId)).toEqual([written[0]?.id, written[2]?.id]);
    expect(entries.map((entry) => entry.accountId)).toEqual([accountId, accountId]);
    expect(store.outbox.countWaiting(other)).toBe(1);
  });

  test('keeps the sealed stanza, once, so that every attempt sends the same', () => {
    const profile = temporaryProfile();
    const first = profile.open();
    const { id: accountId } = first.store.accounts.add({
      jid: 'juliet@capulet.example',
      directTls: false,
      createdAt: 1,
    });
    const chat = first.store.chats.findOrCreate(accountId, 'romeo@montague.example', 1);
    first.store.messages.insertOutgoing(outgoing(chat.id, 'hello', 1));
    const { id } = first.store.outbox.next(accountId) as OutboxEntry;
    first.store.outbox.storeSealed(id, '<message id="1"/>');
    expect(first.store.outbox.countAttempt(id)).toBe(1);
    expect(errorCode(() => first.store.outbox.storeSealed(id, '<message id="2"/>'))).toBe('not-found');
    first.database.close();
    const again = profile.open().store.outbox;
    expect(again.countAttempt(id)).toBe(2);
    expect(again.next(accountId)).toMatchObject({ id, stanza: '<message id="1"/>', attempts: 2 });
  });

  test('an entry is removed once', () => {
    const { store, accountId, chatId } = storeWithChat();
    const message = store.messages.insertOutgoing(outgoing(chatId, 'hello', 1));
    const { id } = store.outbox.ofMessage(message.id) as OutboxEntry;
    expect([store.outbox.remove(id), store.outbox.remove(id), store.outbox.removeOf(message.id)]).toEqual([
      true,
      false,
      false,
    ]);
    expect(store.outbox.countWaiting(accountId)).toBe(0);
    expect(errorCode(() => store.outbox.countAttempt(id))).toBe('not-found');
  });

  test('the number of an entry is never given to another one', () => {
    const { store, chatId } = storeWithChat();
    const first = store.outbox.add({ chatId, kind: 'message', createdAt: 1 });
    store.outbox.remove(first.id);
    expect(store.outbox.add({ chatId, kind: 'message', createdAt: 2 }).id).toBeGreaterThan(first.id);
  });

  test('a chat that is not there', () => {
    const { store } = storeWithChat();
    expect(errorCode(() => store.outbox.add({ chatId: 9 as ChatId, kind: 'message', createdAt: 1 }))).toBe(
      'not-found',
    );
  });
});

describe('scheduled entries', () => {
  test('hold nothing up, and join the end of the queue when their time has come', () => {
    const { store, accountId, chatId } = storeWithChat();
    const send = (body: string, at: number, notBefore?: number): MessageId =>
      store.messages.insertOutgoing({ ...outgoing(chatId, body, at), notBefore }).id;
    const tomorrow = send('tomorrow', 1, 100);
    const soon = send('soon', 2, 50);
    const now = send('now', 3);
    expect(store.outbox.nextDueAt(accountId)).toBe(50);
    const first = store.outbox.next(accountId, undefined, 10);
    expect(first?.messageId).toBe(now);
    expect(store.outbox.next(accountId, first?.id, 49)).toBeUndefined();
    // Written before the others, and yet behind what is on its way already.
    const second = store.outbox.next(accountId, first?.id, 50);
    expect(second).toMatchObject({ messageId: soon, notBefore: undefined });
    const later = send('later', 60);
    const third = store.outbox.next(accountId, second?.id, 100);
    expect(third?.messageId).toBe(later);
    expect(store.outbox.next(accountId, third?.id, 100)?.messageId).toBe(tomorrow);
    expect(store.outbox.nextDueAt(accountId)).toBeUndefined();
    expect(store.outbox.countWaiting(accountId)).toBe(4);
  });

  test('what is said about them never overtakes them, however often they are moved', () => {
    const { store, accountId, chatId } = storeWithChat();
    const { id } = store.messages.insertOutgoing({ ...outgoing(chatId, 'later', 1), notBefore: 100 });
    store.outbox.add({ chatId, aboutId: id, kind: 'reaction', payload: 1, createdAt: 2 });
    store.outbox.add({ chatId, aboutId: id, kind: 'reaction', payload: 2, createdAt: 3 });
    const left = (now: number): readonly (string | undefined)[] => {
      const kinds: string[] = [];
      let last = store.outbox.next(accountId, undefined, now);
      for (; last !== undefined; last = store.outbox.next(accountId, last.id, now))
        kinds.push(last.payload === undefined ? last.kind : `${last.kind} ${JSON.stringify(last.payload)}`);
      return kinds;
    };
    const entry = store.outbox.ofMessage(id);
    if (entry === undefined) throw new Error('there is no entry');
    store.outbox.reschedule(entry.id, 200);
    expect(left(150)).toEqual([]);
    expect(left(200)).toEqual(['message', 'reaction 1', 'reaction 2']);
  });

  test('several that are due leave in the order of their times', () => {
    const { store, accountId, chatId } = storeWithChat();
    const ids = [30, 10, 20].map(
      (notBefore, at) => store.messages.insertOutgoing({ ...outgoing(chatId, 'x', at), notBefore }).id,
    );
    const seen: (MessageId | undefined)[] = [];
    let entry = store.outbox.next(accountId, undefined, 99);
    for (; entry !== undefined; entry = store.outbox.next(accountId, entry.id, 99))
      seen.push(entry.messageId);
    expect(seen).toEqual([ids[1], ids[2], ids[0]]);
  });

  test('who does not say what time it is gets nothing that waits for its time', () => {
    const { store, accountId, chatId } = storeWithChat();
    store.messages.insertOutgoing({ ...outgoing(chatId, 'x', 1), notBefore: 2 });
    expect(store.outbox.next(accountId)).toBeUndefined();
  });

  test('can be cancelled, moved and changed until they are sealed', () => {
    const { store, accountId, chatId } = storeWithChat();
    const add = (): OutboxEntry =>
      store.outbox.add({
        chatId,
        kind: 'reaction',
        payload: { emojis: ['👍'] },
        createdAt: 1,
        notBefore: 50,
      });
    const first = add();
    expect(store.outbox.setPayload(first.id, { emojis: [] })).toBe(true);
    expect(store.outbox.reschedule(first.id, 70)).toMatchObject({ notBefore: 70, payload: { emojis: [] } });
    expect(store.outbox.get(first.id)).toBeUndefined();
    const due = store.outbox.next(accountId, undefined, 70);
    expect(due).toMatchObject({ kind: 'reaction', payload: { emojis: [] }, messageId: undefined });
    const sealed = due as OutboxEntry;
    store.outbox.storeSealed(sealed.id, '<message/>');
    expect(store.outbox.cancel(sealed.id)).toBeUndefined();
    expect(store.outbox.reschedule(sealed.id, 99)).toBeUndefined();
    expect(store.outbox.setPayload(sealed.id, 1)).toBe(false);
    expect(store.outbox.get(sealed.id)).toEqual({ ...sealed, stanza: '<message/>' });
    const second = add();
    expect(store.outbox.cancel(second.id)).toEqual(second);
    expect(store.outbox.cancel(second.id)).toBeUndefined();
    const third = add();
    expect(store.outbox.reschedule(third.id, undefined)?.notBefore).toBeUndefined();
  });

  test('a rescheduled entry keeps its message, attempts and time of writing', () => {
    const { store, chatId } = storeWithChat();
    const { id } = store.messages.insertOutgoing({ ...outgoing(chatId, 'x', 7), notBefore: 9 });
    const entry = store.outbox.ofMessage(id) as OutboxEntry;
    const moved = store.outbox.reschedule(entry.id, 99);
    expect(moved).toEqual({ ...entry, id: moved?.id, notBefore: 99 });
    expect(store.outbox.ofMessage(id)).toEqual(moved);
  });

  test('entries about a message are found by it, and outlive it', () => {
    const { store, chatId } = storeWithChat();
    const { id } = store.messages.insertIncoming(incoming(chatId, 'x', 1));
    const entry = store.outbox.add({
      chatId,
      kind: 'receipt',
      aboutId: id,
      payload: { to: 'm1' },
      createdAt: 1,
    });
    expect(store.outbox.about(id)).toEqual([entry]);
  });
});

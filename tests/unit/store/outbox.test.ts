import { describe, expect, test } from 'vitest';
import type { ChatId } from '#shared/ids.ts';
import type { OutboxEntry } from '#main/store/outbox.ts';
import { errorCode } from '#tests/support/app-error.ts';
import { outgoing, storeWithChat, temporaryProfile } from '#tests/support/temporary-profile.ts';

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

import { describe, expect, it } from 'vitest';
import { incoming, outgoing, storeWithChat } from '#tests/support/temporary-profile.ts';

const HOUR_MS = 3_600_000;

/** A chat in which the user has written something while the clock was an hour ahead: that is also what is read. */
const writtenAhead = () => {
  const { store, chatId } = storeWithChat();
  store.messages.insertIncoming(incoming(chatId, 'before', 1_000));
  const own = store.messages.insertOutgoing({ ...outgoing(chatId, 'ahead', HOUR_MS), originId: 'own' });
  store.chats.setReadUpTo(chatId, own.id);
  const unread = (): readonly string[] => {
    const { firstUnreadId } = store.chats.require(chatId);
    if (firstUnreadId === undefined) return [];
    const page = store.messages.page({ kind: 'after', chatId, anchor: firstUnreadId, limit: 9 });
    return [store.messages.require(firstUnreadId).body, ...page.rows.map(({ body }) => body)];
  };
  return { store, chatId, own, unread };
};

describe('a read position', () => {
  it('goes with its message to where the archive has it, so that what follows is unread', () => {
    const { store, chatId, own, unread } = writtenAhead();
    store.messages.adopt(own.id, 'a2', 2_000);
    store.messages.insertIncoming(incoming(chatId, 'after', 3_000));
    expect(unread()).toEqual(['after']);
  });

  it('at an own message that leaves late does not cover what others wrote meanwhile', () => {
    const { store, chatId, unread } = writtenAhead();
    const waiting = store.messages.insertOutgoing(outgoing(chatId, 'waiting', 2 * HOUR_MS));
    store.chats.setReadUpTo(chatId, waiting.id);
    store.messages.insertIncoming(incoming(chatId, 'meanwhile', 3 * HOUR_MS));
    store.messages.adopt(waiting.id, 'a9', 4 * HOUR_MS);
    expect(unread()[0]).toBe('meanwhile');
  });

  it('at a received message goes wherever that goes: it has been seen', () => {
    const { store, chatId, unread } = writtenAhead();
    const seen = store.messages.insertIncoming(incoming(chatId, 'seen', 2 * HOUR_MS));
    store.chats.setReadUpTo(chatId, seen.id);
    store.messages.adopt(seen.id, 'a9', 3 * HOUR_MS);
    expect(unread()).toEqual([]);
  });

  it('goes back to the message before, when its own is withdrawn or deleted', () => {
    for (const remove of ['withdraw', 'delete'] as const) {
      const { store, chatId, own, unread } = writtenAhead();
      if (remove === 'withdraw') store.messages.withdraw(own.id);
      else store.deletions.deleteMessage(own.id);
      expect(store.chats.require(chatId).unread).toBe(0);
      store.messages.insertIncoming(incoming(chatId, 'after', 3_000));
      expect(unread(), remove).toEqual(['after']);
    }
  });

  it('stands at nothing when the only message goes', () => {
    const { store, chatId } = storeWithChat();
    const own = store.messages.insertOutgoing(outgoing(chatId, 'only', HOUR_MS));
    store.chats.setReadUpTo(chatId, own.id);
    store.messages.withdraw(own.id);
    store.messages.insertIncoming(incoming(chatId, 'first', 1));
    expect(store.chats.require(chatId).unread).toBe(1);
  });
});

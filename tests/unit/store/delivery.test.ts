import { describe, expect, test } from 'vitest';
import type { MessageState } from '#shared/views.ts';
import { unseenSql } from '#main/store/delivery.ts';
import { incoming, outgoing, storeWithChat } from '#tests/support/temporary-profile.ts';

const JULIET = 'juliet@capulet.example';

describe('a receipt', () => {
  test('moves the message forward, and says what it found', () => {
    const { store, accountId, chatId } = storeWithChat();
    const { id } = store.messages.insertOutgoing(outgoing(chatId, 'hello', 1));
    store.messages.setState(id, 'sent');
    expect(store.delivery.markDelivered(chatId, JULIET, 'out-1')).toMatchObject({ id, state: 'delivered' });
    expect(store.delivery.markDelivered(chatId, JULIET, 'out-1')).toBe('known');
    expect(store.delivery.markDelivered(chatId, JULIET, 'out-2')).toBeUndefined();
    expect(store.outbox.countWaiting(accountId)).toBe(0);
  });

  test('of an edit counts for the message', () => {
    const { store, chatId } = storeWithChat();
    const { id } = store.messages.insertOutgoing(outgoing(chatId, 'helo', 1));
    store.messages.setState(id, 'acked');
    store.edits.apply({ messageId: id, senderJid: JULIET, body: 'hello', at: 2, stanzaId: 'edit-1' });
    expect(store.delivery.markDelivered(chatId, JULIET, 'edit-1')).toMatchObject({ id, state: 'delivered' });
  });

  test('moves nothing that is not ours, or in another chat', () => {
    const { store, accountId, chatId } = storeWithChat();
    const other = store.chats.findOrCreate(accountId, 'nurse@capulet.example', 1).id;
    store.messages.insertIncoming({ ...incoming(chatId, 'theirs', 1), stanzaId: 'in-1' });
    store.messages.insertOutgoing(outgoing(chatId, 'ours', 2));
    expect(store.delivery.markDelivered(chatId, JULIET, 'in-1')).toBeUndefined();
    expect(store.delivery.markDelivered(other, JULIET, 'out-2')).toBeUndefined();
  });
});

describe('a displayed marker', () => {
  test('says nothing about what was written after it, where a page has moved the message that was seen', () => {
    const { store, chatId } = storeWithChat();
    const seen = store.messages.insertOutgoing(outgoing(chatId, 'seen', 100));
    const later = store.messages.insertOutgoing(outgoing(chatId, 'later', 101));
    for (const { id } of [seen, later]) store.messages.setState(id, 'acked');
    // The server's clock is ahead of ours, and its archive has told of the first one only.
    store.messages.adopt(seen.id, 'a-1', 5_000);
    const changed = store.delivery.markReadUpTo(chatId, JULIET, 'out-100');
    expect(changed?.map(({ id }) => id)).toEqual([seen.id]);
    expect(store.messages.require(later.id).state).toBe('acked');
  });

  test('covers everything before, but not what nobody can have seen', () => {
    const { store, accountId, chatId } = storeWithChat();
    const states: readonly MessageState[] = [
      'queued',
      'sending',
      'failed',
      'sent',
      'acked',
      'delivered',
      'acked',
    ];
    const ids = states.map((state, index) => {
      const { id } = store.messages.insertOutgoing(outgoing(chatId, state, index + 1));
      store.messages.setState(id, state);
      return id;
    });
    store.messages.insertIncoming({ ...incoming(chatId, 'theirs', 3), stanzaId: 'theirs' });
    const later = store.messages.insertOutgoing(outgoing(chatId, 'later', 20));
    store.messages.setState(later.id, 'delivered');
    const changed = store.delivery.markReadUpTo(chatId, JULIET, 'out-7');
    expect(changed?.map(({ id, state }) => [id, state])).toEqual(ids.slice(3).map((id) => [id, 'read']));
    const stateOf = (id: (typeof ids)[number]): MessageState => store.messages.require(id).state;
    expect(ids.slice(0, 3).map(stateOf)).toEqual(['queued', 'sending', 'failed']);
    expect(stateOf(later.id)).toBe('delivered');
    // Only what still waits for the server stays in the outbox.
    expect(store.outbox.countWaiting(accountId)).toBe(2);
  });

  test('counts for its own message whatever state that has', () => {
    for (const state of ['queued', 'sending', 'failed'] as const) {
      const { store, accountId, chatId } = storeWithChat();
      const { id } = store.messages.insertOutgoing(outgoing(chatId, 'x', 1));
      store.messages.setState(id, state);
      expect(store.delivery.markReadUpTo(chatId, JULIET, 'out-1')).toMatchObject([{ id, state: 'read' }]);
      expect(store.outbox.countWaiting(accountId)).toBe(0);
    }
  });

  test('that goes back, or comes twice, changes nothing', () => {
    const { store, chatId } = storeWithChat();
    for (const at of [1, 2])
      store.messages.setState(store.messages.insertOutgoing(outgoing(chatId, 'x', at)).id, 'acked');
    expect(store.delivery.markReadUpTo(chatId, JULIET, 'out-2')).toHaveLength(2);
    const { rev } = store.chats.require(chatId);
    expect(store.delivery.markReadUpTo(chatId, JULIET, 'out-1')).toEqual([]);
    expect(store.delivery.markReadUpTo(chatId, JULIET, 'out-2')).toEqual([]);
    expect(store.chats.require(chatId).rev).toBe(rev);
  });

  test('for an unknown message, or for one of theirs, is told apart', () => {
    const { store, chatId } = storeWithChat();
    store.messages.insertIncoming({ ...incoming(chatId, 'theirs', 1), stanzaId: 'in-1' });
    expect(store.delivery.markReadUpTo(chatId, JULIET, 'in-1')).toBeUndefined();
    expect(store.delivery.markReadUpTo(chatId, JULIET, 'nothing')).toBeUndefined();
  });

  test('touches only what has not been read, by an index of just that', () => {
    const { database } = storeWithChat();
    const plan = database.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${unseenSql}`, {
      chatId: 1,
      sortAt: 1,
      id: 1,
    });
    expect(plan.map(({ detail }) => detail)).toEqual([
      expect.stringMatching(
        /^SEARCH messages USING (COVERING )?INDEX messages_unseen \(chat_id=\? AND sort_at<\?\)$/,
      ),
    ]);
  });
});

import { describe, expect, test } from 'vitest';
import type { ChatId } from '#shared/ids.ts';
import { targetSql, type PendingReference } from '#main/store/references.ts';
import { incoming, outgoing, storeWithChat } from '#tests/support/temporary-profile.ts';

const ROMEO = 'romeo@montague.example';
const JULIET = 'juliet@capulet.example';

const pending = (chatId: ChatId, refId: string, some: Partial<PendingReference> = {}): PendingReference => ({
  chatId,
  senderJid: ROMEO,
  refId,
  kind: 'edit',
  payload: { body: 'new' },
  at: 1,
  archiveId: undefined,
  ...some,
});

describe('the message that an id refers to', () => {
  test('by origin-id, by `id` attribute, and by the ids of its edits', () => {
    const { store, chatId } = storeWithChat();
    const message = store.messages.insertIncoming({
      ...incoming(chatId, 'x', 10),
      originId: 'o1',
      stanzaId: 's1',
    });
    store.edits.apply({
      messageId: message.id,
      senderJid: ROMEO,
      body: 'y',
      at: 20,
      stanzaId: 's2',
      originId: 'o2',
    });
    for (const id of ['o1', 's1', 'o2', 's2'])
      expect(store.references.find(chatId, id)?.id, id).toBe(message.id);
    expect(store.references.find(chatId, 'o1', JULIET)).toBeUndefined();
    expect(store.references.find(chatId, 'o3')).toBeUndefined();
  });

  test('in its chat only', () => {
    const { store, accountId, chatId } = storeWithChat();
    const other = store.chats.findOrCreate(accountId, 'nurse@capulet.example', 1).id;
    const { id } = store.messages.insertIncoming({ ...incoming(chatId, 'x', 10), originId: 'o1' });
    store.edits.apply({ messageId: id, senderJid: ROMEO, body: 'y', at: 20, stanzaId: 's2' });
    expect([store.references.find(other, 'o1'), store.references.find(other, 's2')]).toEqual([
      undefined,
      undefined,
    ]);
  });

  test('the newest in the timeline where an id was used again, of the author who is asked for', () => {
    const { store, chatId } = storeWithChat();
    const newest = store.messages.insertIncoming({ ...incoming(chatId, 'newest', 30), stanzaId: '1' });
    store.messages.insertIncoming({ ...incoming(chatId, 'delayed', 20), stanzaId: '1' });
    const own = store.messages.insertOutgoing({ ...outgoing(chatId, 'own', 10), stanzaId: '1' });
    expect(store.references.find(chatId, '1')?.id).toBe(newest.id);
    expect(store.references.find(chatId, '1', JULIET)?.id).toBe(own.id);
  });

  test('asks the indexes', () => {
    const { database } = storeWithChat();
    const plan = database
      .all<{ detail: string }>(`EXPLAIN QUERY PLAN ${targetSql}`, { chatId: 1, refId: 'x', senderJid: null })
      .map(({ detail }) => detail);
    expect(plan.filter((detail) => detail.startsWith('SCAN'))).toEqual([]);
    expect(plan.filter((detail) => detail.startsWith('SEARCH'))).toHaveLength(5);
  });
});

describe('references that come before their message', () => {
  test('are given to it when it comes, once, in the order in which they were said', () => {
    const { store, chatId } = storeWithChat();
    store.references.add(pending(chatId, 'm1', { payload: 'late', at: 30 }));
    store.references.add(pending(chatId, 'm2', { payload: 'by its other id', at: 20, archiveId: 'a1' }));
    store.references.add(pending(chatId, 'm3', { payload: 'of another message', at: 10 }));
    expect(store.references.take(chatId, ['m1', undefined, 'm2', 'm1'], ROMEO)).toEqual([
      pending(chatId, 'm2', { payload: 'by its other id', at: 20, archiveId: 'a1' }),
      pending(chatId, 'm1', { payload: 'late', at: 30 }),
    ]);
    expect(store.references.take(chatId, ['m1', 'm2'], ROMEO)).toEqual([]);
    expect(store.references.take(chatId, ['m3'], ROMEO)).toHaveLength(1);
  });

  test('only from those who may say it', () => {
    const { store, chatId } = storeWithChat();
    for (const kind of ['edit', 'retraction', 'reaction', 'receipt', 'marker'] as const) {
      for (const senderJid of [ROMEO, JULIET])
        store.references.add(pending(chatId, 'm1', { kind, senderJid }));
    }
    const taken = store.references
      .take(chatId, ['m1'], ROMEO)
      .map(({ kind, senderJid }) => [kind, senderJid]);
    expect(taken).toEqual([
      ['edit', ROMEO],
      ['retraction', ROMEO],
      ['reaction', ROMEO],
      ['reaction', JULIET],
      ['receipt', JULIET],
      ['marker', JULIET],
    ]);
    // What the other one said of a message of his own with the same id still waits for that.
    expect(store.references.take(chatId, ['m1'], JULIET)).toHaveLength(4);
  });

  test('in their chat only', () => {
    const { store, accountId, chatId } = storeWithChat();
    const other = store.chats.findOrCreate(accountId, 'nurse@capulet.example', 1).id;
    store.references.add(pending(chatId, 'm1'));
    expect(store.references.take(other, ['m1'], ROMEO)).toEqual([]);
  });

  test('the same one twice is kept once', () => {
    const { store, chatId } = storeWithChat();
    store.references.add(pending(chatId, 'm1', { at: 1 }));
    store.references.add(pending(chatId, 'm1', { at: 2, archiveId: 'a1' }));
    expect(store.references.take(chatId, ['m1'], ROMEO)).toEqual([
      pending(chatId, 'm1', { at: 2, archiveId: 'a1' }),
    ]);
  });

  test('a stranger cannot fill the disk, nor push out what waits in other chats', () => {
    const { database, store, accountId, chatId } = storeWithChat();
    const stranger = store.chats.findOrCreate(accountId, 'tybalt@capulet.example', 1).id;
    store.references.add(pending(chatId, 'kept'));
    database.transaction(() => {
      for (let index = 0; index < 620; index += 1) store.references.add(pending(stranger, `m${index}`));
    });
    expect(database.one('SELECT count(*) AS n FROM pending_references')).toEqual({ n: 501 });
    expect(store.references.take(stranger, ['m119'], ROMEO)).toEqual([]);
    expect(store.references.take(stranger, ['m120', 'm619'], ROMEO)).toHaveLength(2);
    expect(store.references.take(chatId, ['kept'], ROMEO)).toHaveLength(1);
  });
});

import { describe, expect, test } from 'vitest';
import type { MessageId } from '#shared/ids.ts';
import { errorCode } from '#tests/support/app-error.ts';
import { incoming, outgoing, storeWithChat } from '#tests/support/temporary-profile.ts';

describe('storing messages', () => {
  test('an outgoing message and its outbox entry are stored together', () => {
    const { store, accountId, chatId } = storeWithChat();
    const message = store.messages.insertOutgoing({
      ...outgoing(chatId, 'hello', 5),
      protection: 'omemo',
      thread: 't',
    });
    expect(message).toMatchObject({
      direction: 'out',
      state: 'queued',
      protection: 'omemo',
      thread: 't',
      stanzaId: 'out-5',
      originId: 'out-5',
      archiveId: undefined,
      failure: undefined,
    });
    expect(store.outbox.next(accountId)).toMatchObject({
      messageId: message.id,
      chatId,
      kind: 'message',
      attempts: 0,
    });
  });

  test('when the outbox entry cannot be stored, neither is the message', () => {
    const { database, store, chatId } = storeWithChat();
    database.execute("CREATE TRIGGER refuse BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'no'); END");
    expect(errorCode(() => store.messages.insertOutgoing(outgoing(chatId, 'hello', 5)))).toBe('storage');
    expect(store.chats.require(chatId)).toMatchObject({ last: undefined, activeAt: 1 });
  });

  test('an incoming message keeps every identity it came with', () => {
    const { store, chatId } = storeWithChat();
    const ids = { stanzaId: 's', originId: 'o', archiveId: 'a', thread: 't' };
    const message = store.messages.insertIncoming({
      ...incoming(chatId, 'hello', 5),
      ...ids,
      failure: 'not-decryptable',
    });
    expect(message).toMatchObject({ ...ids, direction: 'in', state: 'received', failure: 'not-decryptable' });
    expect(store.messages.get(message.id)).toEqual(message);
  });

  test('what another own device wrote and nobody here can read stays so when it has arrived and was read', () => {
    const { store, chatId } = storeWithChat();
    const unread = { ...incoming(chatId, 'a stand-in', 5), senderJid: 'alice@localhost', stanzaId: 's' };
    const { id } = store.messages.insertOwn({ ...unread, failure: 'not-decryptable' });
    expect(store.messages.setState(id, 'delivered')?.failure).toBe('not-decryptable');
    expect(store.messages.setState(id, 'read')).toMatchObject({ state: 'read', failure: 'not-decryptable' });
  });

  test('any text comes back as it was', () => {
    const { store, chatId } = storeWithChat();
    const texts = [
      '\u{1F469}\u200d\u{1F680} e\u0301',
      'مرحبا \u202e evil',
      `'; DROP TABLE messages; --`,
      'a\nb\tc',
      'x'.repeat(50_000),
      '"*^(',
    ];
    const ids = texts.map((text, at) => store.messages.insertIncoming(incoming(chatId, text, at)).id);
    expect(ids.map((id) => store.messages.require(id).body)).toEqual(texts);
  });
});

describe('recognising duplicates', () => {
  test('by the id of the archive, within the chat only', () => {
    const { store, accountId, chatId } = storeWithChat();
    const room = store.chats.findOrCreate(accountId, 'room@rooms.example', 1).id;
    const message = store.messages.insertIncoming({ ...incoming(chatId, 'hello', 1), archiveId: 'arch-1' });
    expect(store.messages.findByArchiveId(chatId, 'arch-1')).toEqual(message);
    // A hostile room that uses the same id hides nothing elsewhere.
    expect(store.messages.findByArchiveId(room, 'arch-1')).toBeUndefined();
    expect(() =>
      store.messages.insertIncoming({ ...incoming(room, 'other', 1), archiveId: 'arch-1' }),
    ).not.toThrow();
  });

  test('a second row with the same archive id is refused', () => {
    const { store, chatId } = storeWithChat();
    store.messages.insertIncoming({ ...incoming(chatId, 'hello', 1), archiveId: 'arch-1' });
    const again = (): unknown =>
      store.messages.insertIncoming({ ...incoming(chatId, 'hello', 1), archiveId: 'arch-1' });
    expect(errorCode(again)).toBe('storage');
    expect(store.chats.require(chatId).unread).toBe(1);
  });

  test('by origin-id or stanza id together with the author', () => {
    const { store, chatId } = storeWithChat();
    const own = store.messages.insertOutgoing(outgoing(chatId, 'hello', 1));
    const theirs = store.messages.insertIncoming({
      ...incoming(chatId, 'hi', 2),
      stanzaId: 'out-1',
      originId: 'out-1',
    });
    const find = store.messages.findByOriginId.bind(store.messages);
    expect(find(chatId, 'juliet@capulet.example', 'out-1')).toEqual(own);
    expect(find(chatId, 'romeo@montague.example', 'out-1')).toEqual(theirs);
    expect(find(chatId, 'tybalt@capulet.example', 'out-1')).toBeUndefined();
    expect(store.messages.findByStanzaId(chatId, 'romeo@montague.example', 'out-1')).toEqual(theirs);
  });

  test('of a stanza id that a client uses again, the newest message is found', () => {
    const { store, chatId } = storeWithChat();
    store.messages.insertIncoming({ ...incoming(chatId, 'old', 1), stanzaId: '1' });
    const newer = store.messages.insertIncoming({ ...incoming(chatId, 'new', 2), stanzaId: '1' });
    expect(store.messages.findByStanzaId(chatId, 'romeo@montague.example', '1')).toEqual(newer);
  });

  test('the lookups use an index', () => {
    const { database } = storeWithChat();
    for (const column of ['archive_id', 'origin_id', 'stanza_id']) {
      const sql = `EXPLAIN QUERY PLAN SELECT * FROM messages WHERE chat_id = 1 AND ${column} = 'x' ORDER BY id DESC LIMIT 1`;
      expect(database.all<{ detail: string }>(sql).map(({ detail }) => detail)).toEqual([
        expect.stringMatching(
          new RegExp(`^SEARCH messages USING INDEX \\w+ \\(chat_id=\\? AND ${column}=\\?\\)$`),
        ),
      ]);
    }
  });
});

describe('sending', () => {
  test('the usual way', () => {
    const { store, accountId, chatId } = storeWithChat();
    const { id } = store.messages.insertOutgoing(outgoing(chatId, 'hello', 1));
    const seen = (['sending', 'sent', 'acked', 'delivered', 'read'] as const).map((state) => {
      const row = store.messages.setState(id, state);
      return [row?.state, store.outbox.countWaiting(accountId)];
    });
    // The entry stays until the server has the message.
    expect(seen).toEqual([
      ['sending', 1],
      ['sent', 1],
      ['acked', 0],
      ['delivered', 0],
      ['read', 0],
    ]);
  });

  test('a state that the message has passed changes nothing, not even the rev', () => {
    const { store, chatId } = storeWithChat();
    const { id } = store.messages.insertOutgoing(outgoing(chatId, 'hello', 1));
    const delivered = store.messages.setState(id, 'delivered');
    expect(store.messages.setState(id, 'acked')).toBeUndefined();
    expect(store.messages.setState(id, 'failed', 'not-allowed')).toBeUndefined();
    expect(store.messages.require(id)).toEqual(delivered);
  });

  test('an error after the own server took the message is still shown', () => {
    const { store, chatId } = storeWithChat();
    const { id } = store.messages.insertOutgoing(outgoing(chatId, 'hello', 1));
    store.messages.setState(id, 'acked');
    expect(store.messages.setState(id, 'failed', 'remote-server-not-found')).toMatchObject({
      state: 'failed',
      failure: 'remote-server-not-found',
    });
    // The acknowledgement of the server that sent the error does not hide it; a receipt of the contact does.
    expect(store.messages.setState(id, 'acked')).toBeUndefined();
    expect(store.messages.setState(id, 'delivered')).toMatchObject({
      state: 'delivered',
      failure: undefined,
    });
  });

  test('a failed message leaves the outbox, and "send again" brings it back behind the others', () => {
    const { store, accountId, chatId } = storeWithChat();
    const first = store.messages.insertOutgoing(outgoing(chatId, 'first', 1));
    const second = store.messages.insertOutgoing(outgoing(chatId, 'second', 2));
    store.messages.setState(first.id, 'failed');
    expect(store.messages.require(first.id).failure).toBe('undefined-condition');
    expect(store.outbox.countWaiting(accountId)).toBe(1);
    expect(store.messages.requeue(first.id, 9)).toMatchObject({
      state: 'queued',
      failure: undefined,
      originId: 'out-1',
    });
    const entries = [store.outbox.next(accountId)];
    entries.push(store.outbox.next(accountId, entries[0]?.id));
    expect(entries.map((entry) => entry?.messageId)).toEqual([second.id, first.id]);
    expect(entries[1]).toMatchObject({ stanza: undefined, attempts: 0, createdAt: 9 });
  });

  test('"send again" does nothing for a message that has not failed', () => {
    const { store, accountId, chatId } = storeWithChat();
    const { id } = store.messages.insertOutgoing(outgoing(chatId, 'hello', 1));
    expect(store.messages.requeue(id, 2)).toBeUndefined();
    expect(store.outbox.countWaiting(accountId)).toBe(1);
  });

  test('what was on its way when the stream ended waits again, for one account or all', () => {
    const { store, accountId, chatId } = storeWithChat();
    const other = store.accounts.add({ jid: 'nurse@capulet.example', directTls: false, createdAt: 2 }).id;
    const otherChat = store.chats.findOrCreate(other, 'peter@capulet.example', 1).id;
    const ids = [chatId, chatId, otherChat, chatId].map((chat, at) => {
      const { id } = store.messages.insertOutgoing(outgoing(chat, 'x', at));
      store.messages.setState(id, 'sending');
      return id;
    });
    store.messages.setState(ids[3] as MessageId, 'sent');
    expect(store.messages.requeueSending(accountId).map(({ id, state }) => [id, state])).toEqual([
      [ids[0], 'queued'],
      [ids[1], 'queued'],
      [ids[3], 'queued'],
    ]);
    expect(store.messages.requeueSending().map(({ id }) => id)).toEqual([ids[2]]);
    expect(store.messages.requeueSending()).toEqual([]);
  });

  test('a received message has no states to go through', () => {
    const { store, chatId } = storeWithChat();
    const { id } = store.messages.insertIncoming(incoming(chatId, 'hello', 1));
    expect(store.messages.setState(id, 'read')).toBeUndefined();
    expect(store.messages.setState(id, 'failed')).toBeUndefined();
    expect(store.messages.require(id).state).toBe('received');
  });

  test('a message that is not there', () => {
    const { store } = storeWithChat();
    const unknown = 7 as MessageId;
    const acts = [
      () => store.messages.require(unknown),
      () => store.messages.setState(unknown, 'sent'),
      () => store.messages.requeue(unknown, 1),
    ];
    expect(store.messages.get(unknown)).toBeUndefined();
    expect(acts.map((act) => errorCode(act))).toEqual(acts.map(() => 'not-found'));
  });
});

import { describe, expect, test } from 'vitest';
import type { MessageId } from '#shared/ids.ts';
import type { NewEdit } from '#main/store/edits.ts';
import { errorCode } from '#tests/support/app-error.ts';
import { archived, incoming, outgoing, storeWithChat } from '#tests/support/temporary-profile.ts';

const ROMEO = 'romeo@montague.example';

const edit = (messageId: MessageId, body: string, at: number, ids: Partial<NewEdit> = {}): NewEdit => ({
  messageId,
  senderJid: ROMEO,
  body,
  at,
  stanzaId: `edit-${body}`,
  ...ids,
});

const storeWithMessage = () => {
  const context = storeWithChat();
  const { id } = context.store.messages.insertIncoming({
    ...incoming(context.chatId, 'first', 10),
    originId: 'o1',
  });
  return { ...context, id };
};

describe('editing', () => {
  test('replaces the text, keeps the former ones, and the index knows only the present one', () => {
    const { store, chatId, id } = storeWithMessage();
    const { rev } = store.chats.require(chatId);
    expect(store.edits.apply(edit(id, 'second', 20))).toMatchObject({
      kind: 'applied',
      message: { body: 'second', editedAt: 20, at: 10, sortAt: 10 },
    });
    expect(store.edits.apply(edit(id, 'third', 30)).kind).toBe('applied');
    expect(store.edits.of(id)).toEqual([
      { body: 'first', at: 10 },
      { body: 'second', at: 20 },
      { body: 'third', at: 30 },
    ]);
    const found = (query: string): number => store.search.search({ query, limit: 9 }).hits.length;
    expect([found('first'), found('second'), found('third')]).toEqual([0, 0, 1]);
    expect(store.chats.require(chatId)).toMatchObject({ last: { start: 'third' } });
    expect(store.chats.require(chatId).rev).toBeGreaterThan(rev);
  });

  test('the same edit again changes nothing, by whichever id it is known', () => {
    const { store, id } = storeWithMessage();
    const ids = { stanzaId: 's2', originId: 'o2', archiveId: 'a2' };
    const first = store.edits.apply(edit(id, 'second', 20, ids)).message;
    const again = [
      { archiveId: 'a2', stanzaId: undefined },
      { originId: 'o2', archiveId: 'other', stanzaId: undefined },
      { stanzaId: 's2' },
    ].map((some) => store.edits.apply(edit(id, 'again', 30, some)));
    expect(again).toEqual(again.map(() => ({ kind: 'known', message: first })));
    expect(store.edits.of(id)).toHaveLength(2);
  });

  test('gives a message that could not be read a text that can', () => {
    const { store, chatId } = storeWithMessage();
    const unread = { ...incoming(chatId, 'for other apps', 20), failure: 'not-decryptable' };
    const { id } = store.messages.insertIncoming({ ...unread, originId: 'o2' });
    expect(store.edits.apply(edit(id, 'readable', 30)).message).toMatchObject({
      body: 'readable',
      failure: undefined,
    });
  });

  test('only the author edits', () => {
    const { store, id } = storeWithMessage();
    const before = store.messages.require(id);
    for (const senderJid of ['tybalt@capulet.example', 'juliet@capulet.example']) {
      expect(store.edits.apply(edit(id, 'forged', 20, { senderJid }))).toEqual({
        kind: 'refused',
        message: before,
      });
    }
    expect(store.edits.of(id)).toEqual([]);
  });

  test('the archive decides which edit is the last, whichever comes first', () => {
    const { store, chatId } = storeWithChat();
    const [one] = store.messages.insertArchived([archived(chatId, 'first', 10)]);
    const id = one?.messageId as MessageId;
    expect(store.edits.apply(edit(id, 'third', 30, { sortAt: 30 })).kind).toBe('applied');
    expect(store.edits.apply(edit(id, 'second', 20, { sortAt: 20 }))).toMatchObject({
      kind: 'outdated',
      message: { body: 'third', editedAt: 30 },
    });
    expect(store.edits.of(id).map(({ body }) => body)).toEqual(['first', 'second', 'third']);
  });

  test('an own edit that was sent late wins over one that the phone sent meanwhile', () => {
    const { store, chatId } = storeWithChat();
    const { id } = store.messages.insertOutgoing(outgoing(chatId, 'first', 10));
    const senderJid = 'juliet@capulet.example';
    store.edits.apply(edit(id, 'here', 20, { senderJid, originId: 'here' }));
    const phone = edit(id, 'phone', 30, { senderJid, originId: 'phone', archiveId: 'a1', sortAt: 30 });
    expect(store.edits.apply(phone).message.body).toBe('phone');
    const echo = edit(id, 'here', 20, { senderJid, originId: 'here', archiveId: 'a2', sortAt: 40 });
    expect(store.edits.apply(echo)).toMatchObject({ kind: 'applied', message: { body: 'here' } });
    expect(store.edits.apply(echo).kind).toBe('known');
  });

  test('a live edit counts also where the clock is behind', () => {
    const { store, id } = storeWithMessage();
    store.edits.apply(edit(id, 'second', 9_000));
    expect(store.edits.apply(edit(id, 'third', 5)).message.body).toBe('third');
    expect(store.edits.of(id).map(({ body }) => body)).toEqual(['first', 'second', 'third']);
  });

  test('a message that is not there', () => {
    const { store } = storeWithChat();
    expect(errorCode(() => store.edits.apply(edit(9 as MessageId, 'x', 1)))).toBe('not-found');
  });
});

describe('retraction', () => {
  test('leaves the place of the message and nothing else of it', () => {
    const { store, accountId, chatId } = storeWithChat();
    const { id } = store.messages.insertOutgoing({
      ...outgoing(chatId, 'secret one', 10),
      reply: { id: 'r', jid: ROMEO, quote: 'secret quote' },
      hasFile: true,
    });
    const senderJid = 'juliet@capulet.example';
    store.edits.apply(edit(id, 'secret two', 20, { senderJid }));
    store.outbox.add({ chatId, aboutId: id, kind: 'edit', payload: { body: 'secret two' }, createdAt: 20 });
    store.reactions.set({ messageId: id, senderJid: ROMEO, emojis: ['👍'], at: 30 });
    expect(store.messages.retract(id, 40, senderJid)).toMatchObject({
      body: '',
      retractedAt: 40,
      reply: undefined,
      hasFile: false,
      originId: 'out-10',
    });
    expect([store.edits.of(id), store.reactions.of([id])]).toEqual([[], []]);
    expect(store.outbox.countWaiting(accountId)).toBe(0);
    expect(store.chats.require(chatId).last).toMatchObject({ start: '', retracted: true });
    expect(store.search.search({ query: 'secret', limit: 9 }).hits).toEqual([]);
  });

  test('is final: no edit, reaction or second retraction follows, and it is not sent again', () => {
    const { store, chatId } = storeWithChat();
    const { id } = store.messages.insertOutgoing(outgoing(chatId, 'x', 10));
    store.messages.setState(id, 'failed');
    const tombstone = store.messages.retract(id, 40);
    const senderJid = 'juliet@capulet.example';
    expect(store.edits.apply(edit(id, 'again', 50, { senderJid })).kind).toBe('refused');
    expect(store.reactions.set({ messageId: id, senderJid: ROMEO, emojis: ['👍'], at: 60 })).toBeUndefined();
    expect(store.messages.retract(id, 70)).toBeUndefined();
    expect(store.messages.requeue(id, 80)).toBeUndefined();
    expect(store.messages.require(id)).toEqual(tombstone);
  });

  test('only the author retracts', () => {
    const { store, id } = storeWithMessage();
    expect(store.messages.retract(id, 40, 'tybalt@capulet.example')).toBeUndefined();
    expect(store.messages.require(id).body).toBe('first');
  });

  test('what was retracted unread is not unread any more', () => {
    const { store, chatId, id } = storeWithMessage();
    expect(store.chats.require(chatId)).toMatchObject({ unread: 1, firstUnreadId: id });
    store.messages.retract(id, 40, ROMEO);
    expect(store.chats.require(chatId)).toMatchObject({ unread: 0, firstUnreadId: undefined });
  });
});

describe('reactions', () => {
  test('of two devices of one person stand as the archive has them, in whatever order they were heard of', () => {
    for (const archive of ['here, there', 'there, here'] as const) {
      const { store, id } = storeWithMessage();
      const place = {
        here: archive === 'here, there' ? 100 : 101,
        there: archive === 'here, there' ? 101 : 100,
      };
      const say = (device: 'here' | 'there', at: number): unknown =>
        store.reactions.set({ messageId: id, senderJid: ROMEO, emojis: [device], at, stanzaId: device });
      // Here the clock is an hour ahead; the other one is heard of live.
      say('here', 3_600_000);
      say('there', 3_600_001);
      for (const device of archive.split(', ')) say(device as 'here' | 'there', place[device as 'here']);
      expect(store.reactions.of([id])[0]?.emojis, archive).toEqual([archive.split(', ')[1]]);
      // A clock that was wrong keeps nothing that comes later away.
      say('here', 200);
      store.reactions.set({ messageId: id, senderJid: ROMEO, emojis: ['later'], at: 300, stanzaId: 'z' });
      expect(store.reactions.of([id])[0]?.emojis, archive).toEqual(['later']);
    }
  });

  test('the newest of each person count, in the order in which they were given', () => {
    const { store, id } = storeWithMessage();
    const other = store.messages.insertIncoming(incoming(store.messages.require(id).chatId, 'other', 11)).id;
    const react = (senderJid: string, emojis: readonly string[], at: number, messageId = id): boolean =>
      store.reactions.set({ messageId, senderJid, emojis, at }) !== undefined;
    expect(react(ROMEO, ['👍', '🎉'], 20)).toBe(true);
    expect(react('nurse@x', ['❤️'], 10)).toBe(true);
    expect(react(ROMEO, ['👎'], 19)).toBe(false);
    expect(react(ROMEO, ['👍', '🎉'], 20)).toBe(false);
    expect(react('nurse@x', ['😀'], 5, other)).toBe(true);
    expect(store.reactions.of([id, other, 999 as MessageId])).toEqual([
      { messageId: id, senderJid: 'nurse@x', emojis: ['❤️'], at: 10 },
      { messageId: id, senderJid: ROMEO, emojis: ['👍', '🎉'], at: 20 },
      { messageId: other, senderJid: 'nurse@x', emojis: ['😀'], at: 5 },
    ]);
    expect(store.reactions.of([])).toEqual([]);
  });

  test('taking them back lasts, also when an older reaction comes late', () => {
    const { store, id } = storeWithMessage();
    store.reactions.set({ messageId: id, senderJid: ROMEO, emojis: [], at: 30 });
    expect(store.reactions.set({ messageId: id, senderJid: ROMEO, emojis: ['👍'], at: 20 })).toBeUndefined();
    expect(store.reactions.of([id])).toEqual([]);
  });

  test('raise the rev of message and chat', () => {
    const { store, chatId, id } = storeWithMessage();
    const [message, chat] = [store.messages.require(id), store.chats.require(chatId)];
    const changed = store.reactions.set({ messageId: id, senderJid: ROMEO, emojis: ['👍'], at: 20 });
    expect(changed?.rev).toBeGreaterThan(message.rev);
    expect(store.chats.require(chatId).rev).toBeGreaterThan(chat.rev);
    const unknown = (): unknown =>
      store.reactions.set({ messageId: 99 as MessageId, senderJid: ROMEO, emojis: [], at: 1 });
    expect(errorCode(unknown)).toBe('not-found');
  });
});

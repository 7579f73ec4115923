import { describe, expect, test } from 'vitest';
import type { ChatId, MessageId } from '#shared/ids.ts';
import type { Store } from '#main/store/store.ts';
import { decryptedBytes } from '#tests/support/decrypted-pages.ts';
import { errorCode } from '#tests/support/app-error.ts';
import {
  archived,
  incoming,
  outgoing,
  storeWithChat,
  temporaryProfile,
  TEST_KEY,
} from '#tests/support/temporary-profile.ts';

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

/** Words that share no beginning with others: the index keeps only the ends of neighbours. */
const words = ['xylophonist', 'quagmire', 'jabberwock', 'wozzeck', 'zugzwang'] as const;

const readable = (path: string, wanted: readonly string[] = words): readonly string[] => {
  const bytes = decryptedBytes(path, TEST_KEY);
  return wanted.filter((word) => bytes.includes(word));
};

/** A chat of some size, so that index and tables have many pages, and one message full of rare words. */
const storyIn = (profile: ReturnType<typeof temporaryProfile>) => {
  const { database, store } = profile.open();
  const accountId = store.accounts.add({ jid: JULIET, directTls: false, createdAt: 1 }).id;
  const chatId = store.chats.findOrCreate(accountId, ROMEO, 1).id;
  const other = store.chats.findOrCreate(accountId, 'nurse@capulet.example', 1).id;
  const fill = (chat: ChatId, from: number): void =>
    store.transaction(() => {
      for (let at = from; at < from + 400; at += 1) {
        store.messages.insertIncoming(
          incoming(chat, `common words number ${at} ${'text '.repeat(at % 20)}`, at),
        );
      }
    });
  fill(chatId, 1_000);
  fill(other, 2_000);
  const message = store.messages.insertOutgoing({
    ...outgoing(chatId, words.join(' '), 1_500),
    reply: { id: 'r', jid: ROMEO, quote: words.join(' ') },
  });
  const entry = store.outbox.ofMessage(message.id);
  if (entry !== undefined)
    store.outbox.storeSealed(entry.id, `<message><body>${words.join(' ')}</body></message>`);
  store.edits.apply({
    messageId: message.id,
    senderJid: JULIET,
    body: `${words[0]} only`,
    at: 1_501,
    stanzaId: 'e1',
  });
  fill(chatId, 3_000);
  database.execute('PRAGMA wal_checkpoint(PASSIVE)');
  store.chats.setDraft(chatId, `${words[1]} draft`);
  return { database, store, accountId, chatId, other, id: message.id, path: profile.paths.database };
};

const story = () => storyIn(temporaryProfile());

describe('nothing stays readable in the file, its free pages and its log', () => {
  test('before, everything is there', () => {
    const { path } = story();
    expect(readable(path, [...words, 'common', 'draft'])).toEqual([...words, 'common', 'draft']);
  });

  test('of a message that was deleted', () => {
    const { database, store, chatId, id, path } = story();
    store.chats.setDraft(chatId, '');
    expect(store.deletions.deleteMessage(id)).toBe(true);
    expect(readable(path)).toEqual([]);
    expect(readable(path, ['common'])).toEqual(['common']);
    database.execute("INSERT INTO messages_search (messages_search) VALUES ('integrity-check')");
  });

  test('of a message that was retracted', () => {
    const { store, chatId, id, path } = story();
    store.chats.setDraft(chatId, '');
    store.reactions.set({ messageId: id, senderJid: ROMEO, emojis: ['👍'], at: 1_600 });
    store.messages.retract(id, 1_700);
    expect(readable(path)).toEqual([]);
  });

  test('of a message that was withdrawn, or rewritten, before it left', () => {
    const { store, chatId, path } = story();
    const [first, second] = [1, 2].map((at) =>
      store.messages.insertOutgoing(outgoing(chatId, `unsent${at} vexatious`, at)),
    );
    store.messages.withdraw(first?.id as MessageId);
    store.messages.changeText(second?.id as MessageId, 'harmless');
    expect(readable(path, ['unsent', 'vexatious'])).toEqual([]);
  });

  const acts: readonly (readonly [string, (context: ReturnType<typeof story>) => void])[] = [
    ['a history', ({ store, chatId }) => store.deletions.deleteHistory(chatId)],
    ['a chat', ({ store, chatId }) => store.deletions.deleteChat(chatId)],
    ['an account', ({ store, accountId }) => store.accounts.remove(accountId)],
    [
      'what is too old',
      ({ store, chatId }) => expect(store.deletions.deleteOlderThan(1_999 + 2 * DAY, 2)).toEqual([chatId]),
    ],
  ];

  test.each(acts)('of %s', (_, act) => {
    const context = story();
    const { database, store, chatId, id, path } = context;
    store.messages.setState(id, 'acked');
    store.chats.setDraft(chatId, '');
    act(context);
    finish(store);
    expect(readable(path)).toEqual([]);
    database.execute("INSERT INTO messages_search (messages_search) VALUES ('integrity-check')");
    expect(database.all('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
  });

  test('also when the application ended in the middle', () => {
    const profile = temporaryProfile();
    const { database, store, chatId, path } = storyIn(profile);
    store.deletions.deleteChat(chatId);
    store.maintain();
    database.close();
    const again = profile.open();
    expect(again.store.chats.get(chatId)).toBeUndefined();
    // The second restart falls between the rows and the merge of the index.
    const isPurging = (): boolean =>
      again.database.one('SELECT 1 FROM deletions') === undefined &&
      again.database.one("SELECT 1 FROM counters WHERE name = 'search-purge' AND value > 0") !== undefined;
    while (!isPurging()) again.store.maintain();
    again.database.close();
    const last = profile.open();
    finish(last.store);
    expect(readable(path)).toEqual([]);
    expect(count(last.store, 'common')).toBe(100);
  });

  test('when the deletion was part of a greater transaction', () => {
    const { store, chatId, id, path } = story();
    store.transaction(() => {
      store.chats.setDraft(chatId, '');
      store.deletions.deleteMessage(id);
      store.messages.insertIncoming(incoming(chatId, 'after it', 5_000));
    });
    expect(readable(path)).toEqual([]);
    expect(bodies(store, chatId).at(-1)).toBe('after it');
  });
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

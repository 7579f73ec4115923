import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import type { ChatId, MessageId } from '#shared/ids.ts';
import type { Store } from '#main/store/store.ts';
import { decryptedBytes } from '#tests/support/decrypted-pages.ts';
import { incoming, outgoing, temporaryProfile, TEST_KEY } from '#tests/support/temporary-profile.ts';

const ROMEO = 'romeo@montague.example';
const JULIET = 'juliet@capulet.example';
const DAY = 86_400_000;

const finish = (store: Store): void => {
  while (store.maintain());
};

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

  test('of a message that waited for its time before it left', () => {
    const { database, store, accountId, chatId, path } = story();
    const { id } = store.messages.insertOutgoing({
      ...outgoing(chatId, 'vexatious', 5_000),
      notBefore: 6_000,
    });
    for (let at = 5_001; at < 5_100; at += 1)
      store.messages.insertIncoming(incoming(chatId, 'meanwhile', at));
    while (store.outbox.next(accountId, undefined, 6_000)?.messageId !== id) {
      const waiting = store.outbox.next(accountId);
      if (waiting === undefined) break;
      store.outbox.remove(waiting.id);
    }
    store.deletions.deleteMessage(id);
    expect(readable(path, ['vexatious'])).toEqual([]);
    database.execute("INSERT INTO messages_search (messages_search) VALUES ('integrity-check')");
  });

  test('of a small chat, without a merge of the whole index', () => {
    const { database, store, accountId, chatId, path } = story();
    const small = store.chats.findOrCreate(accountId, 'tybalt@capulet.example', 1).id;
    for (let at = 1; at <= 8; at += 1) store.messages.insertIncoming(incoming(small, `vexatious ${at}`, at));
    store.deletions.deleteChat(small);
    const isMerging = (): boolean =>
      database.one("SELECT 1 FROM counters WHERE name = 'search-purge' AND value > 0") !== undefined;
    while (store.maintain()) expect(isMerging()).toBe(false);
    expect(store.chats.get(small)).toBeUndefined();
    expect(readable(path, ['vexatious'])).toEqual([]);
    // A great deletion that comes on top takes the other way, for both.
    const second = store.chats.findOrCreate(accountId, 'paris@verona.example', 1).id;
    for (let at = 1; at <= 8; at += 1) store.messages.insertIncoming(incoming(second, `quixotic ${at}`, at));
    store.deletions.deleteChat(second);
    store.maintain();
    store.deletions.deleteChat(chatId);
    finish(store);
    expect(readable(path, ['quixotic', ...words])).toEqual([]);
    database.execute("INSERT INTO messages_search (messages_search) VALUES ('integrity-check')");
  });

  test('of what the log of a crashed run still held', () => {
    const { store, chatId, path } = story();
    store.chats.setDraft(chatId, 'quixotic draft');
    store.chats.setDraft(chatId, '');
    expect(readable(path, ['quixotic'])).toEqual(['quixotic']);
    const crashed = temporaryProfile();
    // By another process: closing the file in this one would drop the lock.
    execFileSync('cp', [path, `${path}-wal`, crashed.folder]);
    crashed.open();
    expect(readable(crashed.paths.database, ['quixotic'])).toEqual([]);
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
    expect(last.store.search.search({ query: 'common', limit: 500 }).hits).toHaveLength(400);
  });

  test('when the deletion was part of a greater transaction', () => {
    const { store, chatId, id, path } = story();
    store.transaction(() => {
      store.chats.setDraft(chatId, '');
      store.deletions.deleteMessage(id);
      store.messages.insertIncoming(incoming(chatId, 'after it', 5_000));
    });
    expect(readable(path)).toEqual([]);
    expect(store.chats.require(chatId).last?.start).toBe('after it');
  });
});

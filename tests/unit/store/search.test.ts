import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ChatId } from '#shared/ids.ts';
import { excerptOf, searchSql, type SearchHit, type SearchRequest } from '#main/store/search.ts';
import { parseQuery } from '#main/store/search-text.ts';
import type { Store } from '#main/store/store.ts';
import { errorCode } from '#tests/support/app-error.ts';
import { archived, incoming, outgoing, storeWithChat } from '#tests/support/temporary-profile.ts';

const ROMEO = 'romeo@montague.example';
const JULIET = 'juliet@capulet.example';

const bodiesOf = (hits: readonly SearchHit[]): readonly string[] => hits.map(({ message }) => message.body);

const find = (store: Store, query: string, filter: Partial<SearchRequest> = {}): readonly string[] =>
  bodiesOf(store.search.search({ query, limit: 50, ...filter }).hits);

/** Pages until the end, as a window that scrolls to it. */
const findAll = (store: Store, request: SearchRequest): readonly string[] => {
  const found: string[] = [];
  let cursor: string | undefined;
  do {
    const page = store.search.search({ ...request, cursor });
    found.push(...bodiesOf(page.hits));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return found;
};

const storeWith = (...bodies: readonly string[]) => {
  const context = storeWithChat();
  for (const [index, body] of bodies.entries()) {
    context.store.messages.insertIncoming(incoming(context.chatId, body, 1_000 + index));
  }
  return context;
};

describe('what is found', () => {
  test('words in any form, the last one also by its beginning', () => {
    const { store } = storeWith('Die Straße nach Süden', 'Grüße aus der STRASSE', 'ein Strassenfest');
    expect(find(store, 'strasse')).toEqual([
      'ein Strassenfest',
      'Grüße aus der STRASSE',
      'Die Straße nach Süden',
    ]);
    expect(find(store, 'Straße ')).toEqual(['Grüße aus der STRASSE', 'Die Straße nach Süden']);
    expect(find(store, 'süd')).toEqual(['Die Straße nach Süden']);
    expect(find(store, 'SUD')).toEqual(['Die Straße nach Süden']);
    expect(find(store, 'strasse grusse')).toEqual(['Grüße aus der STRASSE']);
    expect(find(store, 'rasse')).toEqual([]);
  });

  test('phrases in quotes', () => {
    const { store } = storeWith('guten Tag', 'Tag, guten', 'einen guten Tag noch');
    expect(find(store, '"guten tag"')).toEqual(['einen guten Tag noch', 'guten Tag']);
    expect(find(store, '„guten Tag“ noch')).toEqual(['einen guten Tag noch']);
    expect(find(store, '"guten ta')).toEqual(['einen guten Tag noch', 'guten Tag']);
  });

  test('Arabic with and without vowel signs, and letters that are written one for the other', () => {
    const { store } = storeWith('قال مُحَمَّدٌ مرحبا', 'الإسلام', 'في المدرسة');
    expect(find(store, 'محمد')).toEqual(['قال مُحَمَّدٌ مرحبا']);
    expect(find(store, 'مُحَمَّد')).toEqual(['قال مُحَمَّدٌ مرحبا']);
    expect(find(store, 'الاسلام')).toEqual(['الإسلام']);
    expect(find(store, 'المدرسه')).toEqual(['في المدرسة']);
  });

  test('Chinese, Japanese, Korean and Thai anywhere in a text, by one character too', () => {
    const { store } = storeWith(
      '今天天气很好',
      '我们明天去北京',
      '東京タワーへ行く',
      '학교에 갑니다',
      'ภาษาไทย',
    );
    expect(find(store, '天')).toEqual(['我们明天去北京', '今天天气很好']);
    expect(find(store, '天气')).toEqual(['今天天气很好']);
    expect(find(store, '好')).toEqual(['今天天气很好']);
    expect(find(store, '天天气很')).toEqual(['今天天气很好']);
    expect(find(store, '京')).toEqual(['東京タワーへ行く', '我们明天去北京']);
    expect(find(store, 'タワー')).toEqual(['東京タワーへ行く']);
    expect(find(store, '학교')).toEqual(['학교에 갑니다']);
    expect(find(store, 'ไทย')).toEqual(['ภาษาไทย']);
    expect(find(store, '天京')).toEqual([]);
  });

  test('emoji, whatever their colour and company', () => {
    const { store } = storeWith('gut 👍🏽', 'super👍', 'zum Mond 👩‍🚀', 'ich ❤️ dich', '🇩🇪 gegen 🇫🇷');
    expect(find(store, '👍')).toEqual(['super👍', 'gut 👍🏽']);
    expect(find(store, '👍🏿')).toEqual(['super👍', 'gut 👍🏽']);
    expect(find(store, '👩‍🚀')).toEqual(['zum Mond 👩‍🚀']);
    expect(find(store, '❤')).toEqual(['ich ❤️ dich']);
    expect(find(store, '🇫🇷')).toEqual(['🇩🇪 gegen 🇫🇷']);
    expect(find(store, '🇫🇩')).toEqual([]);
  });

  test('texts full of what means something to the index are only texts', () => {
    const hostile = [
      '" OR 1 *',
      'NEAR(a b)',
      'words : x',
      '{words} : x',
      '-- ; DROP TABLE messages',
      '^a + b',
      "'",
      '\u0000',
      '\ud800',
    ];
    const { store } = storeWith(...hostile, 'innocent');
    for (const query of [...hostile, '"', '""', '"""', '*', ')', 'AND', 'a AND', '\ue0001', '\ue001']) {
      expect(find(store, query), query).not.toContain('innocent');
    }
    expect(find(store, 'near(a')).toEqual(['NEAR(a b)']);
    expect(find(store, 'drop table')).toEqual(['-- ; DROP TABLE messages']);
  });

  test('every word of any text finds it', () => {
    const { store, chatId } = storeWithChat();
    let at = 0;
    const characters = fc.constantFrom(
      ...'abÄßé ı',
      'ل',
      'ـ',
      'َ',
      '語',
      'か',
      '\u3099',
      '👍',
      '🏽',
      '\u200d',
      '"',
      '*',
      '-',
      '\n',
    );
    fc.assert(
      fc.property(fc.string({ unit: characters, minLength: 1, maxLength: 14 }), (body) => {
        at += 1;
        const hits = store.transaction(() => {
          store.messages.insertIncoming(incoming(chatId, body, at));
          return store.search.search({ query: body.replaceAll('"', ' '), limit: 1 }).hits;
        });
        const isEmpty = parseQuery(body).length === 0;
        expect(hits.map(({ message }) => message.at)).toEqual(isEmpty ? [] : [at]);
      }),
      { numRuns: 300 },
    );
  });

  test('follows edits, retractions and deletions', () => {
    const { store, chatId } = storeWithChat();
    const { id } = store.messages.insertIncoming(incoming(chatId, 'first', 1));
    store.edits.apply({ messageId: id, senderJid: ROMEO, body: 'second', at: 2, stanzaId: 'e' });
    expect([find(store, 'first'), find(store, 'second')]).toEqual([[], ['second']]);
    store.messages.retract(id, 3);
    expect(find(store, 'second')).toEqual([]);
    const other = store.messages.insertOutgoing(outgoing(chatId, 'third', 4));
    store.messages.changeText(other.id, 'fourth');
    expect([find(store, 'third'), find(store, 'fourth')]).toEqual([[], ['fourth']]);
    store.deletions.deleteMessage(other.id);
    expect(find(store, 'fourth')).toEqual([]);
  });
});

test('what was scheduled is found at the time at which it left', () => {
  const { store, accountId, chatId } = storeWithChat();
  const { id } = store.messages.insertOutgoing({
    ...outgoing(chatId, 'word scheduled', 100),
    notBefore: 900,
  });
  store.messages.insertIncoming(incoming(chatId, 'word between', 500));
  expect(find(store, 'word')).toEqual(['word between', 'word scheduled']);
  store.outbox.next(accountId, undefined, 900);
  expect(find(store, 'word')).toEqual(['word scheduled', 'word between']);
  store.messages.retract(id, 999);
  expect(find(store, 'word')).toEqual(['word between']);
});

describe('the order', () => {
  test('is by the time of the messages, whenever they were stored', () => {
    const { store, chatId } = storeWithChat();
    store.messages.insertIncoming(incoming(chatId, 'word new', 9_000));
    store.messages.insertArchived([archived(chatId, 'word old', 1_000), archived(chatId, 'word older', 500)]);
    expect(find(store, 'word')).toEqual(['word new', 'word old', 'word older']);
  });

  test('goes on over pages, each message once, also where many have the same time', () => {
    const { store, chatId } = storeWithChat();
    const wanted: string[] = [];
    for (let index = 0; index < 47; index += 1) {
      store.messages.insertIncoming(incoming(chatId, `word ${index}`, 1_000 + Math.floor(index / 10)));
      wanted.unshift(`word ${index}`);
    }
    for (const limit of [1, 7, 47, 50]) expect(findAll(store, { query: 'word', limit })).toEqual(wanted);
    const first = store.search.search({ query: 'word', limit: 10 });
    expect(first.hits).toHaveLength(10);
    // What arrives meanwhile does not shift the pages.
    store.messages.insertIncoming(incoming(chatId, 'word late', 9_999));
    expect(find(store, 'word', { cursor: first.cursor, limit: 1 })).toEqual([wanted[10]]);
  });

  test('a cursor that is none', () => {
    const { store } = storeWith('word');
    for (const cursor of ['x', '1; DROP', '9'.repeat(40), '']) {
      expect(errorCode(() => store.search.search({ query: 'word', limit: 1, cursor }))).toBe('bad-request');
    }
  });

  test('rare hits under thousands of candidates are found step by step', () => {
    const { database, store, accountId, chatId } = storeWithChat();
    const other = store.accounts.add({ jid: 'nurse@capulet.example', directTls: false, createdAt: 2 }).id;
    const rare = store.chats.findOrCreate(other, 'peter@capulet.example', 1).id;
    store.messages.insertIncoming(incoming(rare, 'word rare', 1));
    database.transaction(() => {
      for (let at = 2; at < 9_002; at += 1) {
        database.insert(
          `INSERT INTO messages (chat_id, direction, sender_jid, body, at, sort_at, state, protection, rev)
           VALUES ($chatId, 'in', 'x@y', 'word', $at, $at, 'received', 'none', 1)`,
          { chatId, at },
        );
      }
    });
    const request = { query: 'word', accountId: other, limit: 5 };
    const first = store.search.search(request);
    expect([first.hits, first.cursor]).toEqual([[], expect.any(String)]);
    expect(findAll(store, request)).toEqual(['word rare']);
    expect(findAll(store, { query: 'word', accountId, limit: 3_000 })).toHaveLength(9_000);
  });

  test('walks the index from its end and sorts nothing', () => {
    const { database } = storeWithChat();
    const plan = database
      .all<{ detail: string }>(`EXPLAIN QUERY PLAN ${searchSql}`, {
        match: '"a"',
        lowest: '0',
        highest: '9',
        candidates: 1,
        chatId: null,
        accountId: null,
        from: null,
        limit: 1,
      })
      .map(({ detail }) => detail);
    expect(plan.join('\n')).not.toMatch(/TEMP B-TREE|SCAN m\b|SCAN c\b|MATERIALIZE/);
    expect(plan).toContainEqual(
      expect.stringMatching(/^SEARCH m USING INDEX messages_search_id \(search_id=\?\)$/),
    );
  });
});

describe('filters', () => {
  const story = () => {
    const context = storeWithChat();
    const { store, accountId, chatId } = context;
    const nurse = store.chats.findOrCreate(accountId, 'nurse@capulet.example', 1).id;
    const room = store.chats.findOrCreate(accountId, 'verona@rooms.example', 1).id;
    const other = store.accounts.add({ jid: 'mercutio@verona.example', directTls: false, createdAt: 2 }).id;
    const otherChat = store.chats.findOrCreate(other, ROMEO, 1).id;
    store.messages.insertIncoming({ ...incoming(chatId, 'word romeo', 100), hasFile: true });
    store.messages.insertOutgoing(outgoing(chatId, 'word juliet', 200));
    store.messages.insertIncoming({
      ...incoming(nurse, 'word nurse', 300),
      senderJid: 'nurse@capulet.example',
    });
    store.messages.insertIncoming({
      ...incoming(room, 'word room', 400),
      senderJid: 'verona@rooms.example/Romeo',
    });
    store.messages.insertIncoming(incoming(otherChat, 'word to mercutio', 500));
    return { ...context, nurse, other };
  };

  test('chat, account, author, file and time', () => {
    const { store, nurse, other, chatId } = story();
    expect(find(store, 'word', { chatId: nurse })).toEqual(['word nurse']);
    expect(find(store, 'word', { accountId: other })).toEqual(['word to mercutio']);
    expect(find(store, 'word', { from: ROMEO })).toEqual(['word to mercutio', 'word romeo']);
    expect(find(store, 'word', { from: JULIET })).toEqual(['word juliet']);
    expect(find(store, 'word', { from: 'verona@rooms.example/Romeo' })).toEqual(['word room']);
    expect(find(store, 'word', { from: 'nobody@x' })).toEqual([]);
    expect(find(store, 'word', { from: ROMEO, chatId: nurse })).toEqual([]);
    expect(find(store, 'word', { hasFile: true })).toEqual(['word romeo']);
    expect(find(store, 'word', { after: 200, before: 400 })).toEqual(['word nurse', 'word juliet']);
    expect(find(store, 'word', { after: 200, chatId })).toEqual(['word juliet']);
    expect(find(store, 'word', { chatId: 99 as ChatId })).toEqual([]);
  });

  test('alone, without words', () => {
    const { store, nurse } = story();
    expect(find(store, '', { hasFile: true })).toEqual(['word romeo']);
    expect(find(store, '', { chatId: nurse })).toEqual(['word nurse']);
    expect(find(store, ' * ', { from: ROMEO })).toEqual(['word to mercutio', 'word romeo']);
    expect(find(store, '')).toEqual([]);
  });

  test('blocked chats are left out, unless one of them is meant', () => {
    const { store, nurse } = story();
    store.chats.setStanding(nurse, 'blocked');
    expect(find(store, 'nurse')).toEqual([]);
    expect(find(store, 'nurse', { chatId: nurse })).toEqual(['word nurse']);
  });
});

describe('the excerpt', () => {
  const excerpt = (body: string, query: string) => excerptOf(body, parseQuery(query));

  test('shows what was found in a long text, on one line, with offsets that fit', () => {
    const body = `${'lorem ipsum '.repeat(100)}\nfound\there ${'dolor sit '.repeat(100)}`;
    const { text, matches, cutBefore, cutAfter } = excerpt(body, 'found here');
    expect(matches.map(([start, end]) => text.slice(start, end))).toEqual(['found', 'here']);
    expect(text).toMatch(/^(lorem|ipsum) .* found here dolor/);
    expect([cutBefore, cutAfter, text.length]).toEqual([true, true, 240]);
  });

  test('cuts no emoji in two and lets no text turn the line around', () => {
    const { text } = excerpt('👍'.repeat(400), 'x');
    expect(text.isWellFormed()).toBe(true);
    expect(excerpt('a\u202eb\u2066c\u0000d', 'b').text).toBe('a b c d');
  });

  test('shows what was found of any text', () => {
    const text = fc.array(
      fc.constantFrom('a', 'ß', 'é', 'ل', '語', 'か', '👍', '👩‍🚀', ' ', '.', '\n', '\u202e'),
      {
        minLength: 1,
        maxLength: 400,
      },
    );
    fc.assert(
      fc.property(text, fc.nat(400), (parts, pick) => {
        const body = parts.join('');
        const words = body.split(/\s+/u);
        const query = words[pick % words.length] ?? '';
        const { text: shown, matches } = excerpt(body, query);
        expect(shown.isWellFormed()).toBe(true);
        expect(matches.length > 0).toBe(parseQuery(query).length > 0);
        for (const [start, end] of matches) {
          expect(start).toBeGreaterThanOrEqual(0);
          expect(end).toBeLessThanOrEqual(shown.length);
          expect(parseQuery(shown.slice(start, end)), query).not.toEqual([]);
        }
      }),
      { numRuns: 100 },
    );
  });
});

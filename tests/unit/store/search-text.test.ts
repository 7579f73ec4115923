import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findMatches, matchExpression, parseQuery, searchText, tokenize } from '#main/store/search-text.ts';

describe('words of the index', () => {
  const folded: readonly (readonly [string, string])[] = [
    ['Die STRASSE, Straße & Grüße', 'die strasse strasse grusse'],
    ['Ærø Łódź cœur İstanbul ısı', 'aero lodz coeur istanbul isi'],
    ['e\u0301te\u0301 \u00e9t\u00e9', 'ete ete'],
    ['μοῦσα Μούσας ΜΟΥΣΑΣ', 'μουσα μουσασ μουσασ'],
    ['йод ёлка', 'йод елка'],
    ['مُحَمَّدٌ مـحـمـد', 'محمد محمد'],
    ['الإسلام آخر مدرسة على', 'الاسلام اخر مدرسه علي'],
    ['۱۲۳ ١٢٣ １２３', '123 123 123'],
    ['می‌خواهم', 'ميخواهم'],
    ['שָׁלוֹם', 'שלום'],
    ['日本語', '日本 本語 語 日 本'],
    ['iPhone7を買う', 'iphone7 を買 買う う を 買'],
    ['ｶﾞｷﾞ ガギ', 'ガギ ギ ガギ ギ ガ'],
    ['학교에 ภาษา', '학교 교에 에 ภา าษ ษา า 학 교 ภ ษ'],
    ['हिन्दी', 'हिन्दी'],
    ['👍🏽 👩‍🚀 ❤️ 🇩🇪🇫🇷', '👍 👩 🚀 ❤ 🇩🇪 🇫🇷'],
    [`don't C++ a_b foo@bar.org 50€`, 'don t c a b foo bar org 50 €'],
    ['\u00ad\u200b\u202e...', ''],
  ];

  test.each(folded)('%s', (text, words) => {
    expect(searchText(text)).toBe(words);
  });

  test('of any text hold nothing that the index would take for something else', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const words = searchText(text);
        expect(words).toMatch(/^[a-z0-9\u0080-\u{10ffff} ]*$/u);
        expect(words).not.toMatch(/[\ue000-\uf8ff]/u);
        expect(words.isWellFormed()).toBe(true);
        for (const { start, end } of tokenize(text)) expect(end).toBeGreaterThan(start);
      }),
      { numRuns: 500 },
    );
  });

  test('a text without end or blanks is cut into words that the index takes', () => {
    expect(searchText('x'.repeat(200_000))).toBe('x'.repeat(64));
    expect(tokenize('語'.repeat(10_000))).toHaveLength(10_000);
    expect(searchText('語 '.repeat(200_000))).toHaveLength(49_999);
    expect(searchText(`e${'\u0301'.repeat(100_000)}`)).toBe('e');
  });
});

describe('what the user typed', () => {
  const queries: readonly (readonly [string, string])[] = [
    ['Guten Tag', '"guten" AND "tag" *'],
    ['guten tag ', '"guten" AND "tag"'],
    ['"Guten Tag" he', '"guten tag" AND "he" *'],
    ['“Guten Tag„', '"guten tag"'],
    ['"guten ta', '"guten ta" *'],
    ['foo@bar.org', '"foo bar org" *'],
    ['語', '"語"'],
    ['日本', '"日本"'],
    ['日本語', '"日本 本語"'],
    ['"本語abc"', '"本語 語 abc"'],
    ['iPhone7を', '"iphone7" AND "を"'],
    ['plan b', '"plan" AND "b"'],
    ['ma', '"ma" *'],
    ['👍', '"👍" *'],
    ['♥', '"♥"'],
    ['', ''],
    ['" " "" ***', ''],
    [
      'body:x OR NEAR(a b, 2) -y ^z {col}: * "',
      '"body x" AND "or" AND "near a" AND "b" AND "2" AND "y" AND "z" AND "col"',
    ],
  ];

  test.each(queries)('%s', (query, expression) => {
    expect(matchExpression(parseQuery(query))).toBe(expression);
  });

  test('never costs more than a query of a person', () => {
    expect(parseQuery('a '.repeat(10_000))).toHaveLength(16);
    expect(matchExpression(parseQuery('x'.repeat(10_000)))).toBe(`"${'x'.repeat(64)}" *`);
  });
});

describe('where it stands in the text', () => {
  const marked = (text: string, query: string): string => {
    const ranges = findMatches(text, parseQuery(query));
    return ranges
      .toReversed()
      .reduce(
        (out, [start, end]) => `${out.slice(0, start)}[${out.slice(start, end)}]${out.slice(end)}`,
        text,
      );
  };

  test.each([
    ['Die Straße, die Strassen', 'strasse', 'Die [Straße], die [Strassen]'],
    ['Die Straße, die Strassen', 'strasse ', 'Die [Straße], die Strassen'],
    ['a b a b c', '"a b" c', '[a b] [a b] [c]'],
    ['日本語の本', '本', '日[本]語の[本]'],
    ['日本語の本', '日本語', '[日本語]の本'],
    ['日本日本', '日本', '[日本][日本]'],
    ['👩‍🚀 und 👩', '👩', '[👩]‍🚀 und [👩]'],
    ['قال مُحَمَّد', 'محمد', 'قال [مُحَمَّد]'],
    ['nothing here', 'other', 'nothing here'],
  ])('%s: %s', (text, query, wanted) => {
    expect(marked(text, query).replaceAll('][', '')).toBe(wanted.replaceAll('][', ''));
  });
});

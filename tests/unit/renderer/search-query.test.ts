import { describe, expect, it } from 'vitest';
import { readDay } from '#renderer/features/search/day-words.ts';
import { operators } from '#renderer/features/search/operators.ts';
import { markedParts } from '#renderer/features/search/marked-parts.ts';
import {
  complete,
  nameFor,
  parseQuery,
  withOperator,
  wordsOf,
  type QueryWorld,
} from '#renderer/features/search/query.ts';
import type { ChatId } from '#shared/ids.ts';
import { accountIdOf } from '#tests/e2e/support/fake-backend.ts';

const day = (year: number, month: number, date: number): number => new Date(year, month - 1, date).getTime();
const NOW = new Date(2027, 4, 5, 12).getTime();
const accountId = accountIdOf(1);
const named = (id: number, name: string, jid: string) => ({ id: id as ChatId, accountId, name, jid });

const chats = [
  named(1, 'Nadia Okafor', 'nadia@example.org'),
  named(2, 'Jonas', 'jonas@example.org'),
  named(3, 'Jonas', 'jonas@work.example'),
  named(4, 'سمر', 'samar@example.org'),
  named(5, '小明', 'xiao@example.org'),
];
const world: QueryWorld = {
  chats,
  people: [...chats, { name: 'Zoë', jid: 'zoe@example.org' }],
  own: ['ada@example.org'],
  me: ['me', 'mir'],
  days: { today: 'heute', yesterday: 'gestern' },
  now: NOW,
};
const inputOf = (text: string) => parseQuery(text, world).input;
const problemsOf = (text: string): readonly string[] =>
  parseQuery(text, world).problems.map(({ kind }) => kind);

describe('a query', () => {
  it('is words, with operators among them in any order', () => {
    expect(inputOf('the Straße')).toEqual({ query: 'the Straße' });
    expect(inputOf('in:nadia straße')).toEqual({ query: 'straße', chatId: 1 });
    expect(inputOf('straße from:me before:2027-05-03 lang')).toEqual({
      query: 'straße lang',
      from: 'ada@example.org',
      before: day(2027, 5, 3),
    });
    expect(inputOf('has:file IN:"Nadia Okafor"')).toEqual({ query: '', chatId: 1, hasFile: true });
    expect(inputOf('"in quotes" after:gestern')).toEqual({ query: '"in quotes"', after: day(2027, 5, 4) });
  });

  it('names chats and people in every script, by name or address', () => {
    expect(inputOf('in:سمر سلام')).toEqual({ query: 'سلام', chatId: 4 });
    expect(inputOf('in：小明 你好')).toEqual({ query: '你好', chatId: 5 });
    expect(inputOf('from:zoe 🎉')).toEqual({ query: '🎉', from: 'zoe@example.org' });
    expect(inputOf('from:stranger@far.example x')).toEqual({ query: 'x', from: 'stranger@far.example' });
    expect(inputOf('in:jonas@work.example x')).toEqual({ query: 'x', chatId: 3 });
  });

  it('knows its operators in every language of the window, whichever is shown', () => {
    expect(inputOf('in:nadia von:mir vor:3.5.2027 mit:datei lang')).toEqual({
      ...{ query: 'lang', chatId: 1, from: 'ada@example.org', before: day(2027, 5, 3), hasFile: true },
    });
    expect(inputOf('Seit:gestern lang')).toEqual({ query: 'lang', after: day(2027, 5, 4) });
    expect(inputOf('في:سمر من:zoe قبل:٢٠٢٧-٠٥-٠٣ فيه:ملف سلام')).toEqual({
      ...{ query: 'سلام', chatId: 4, from: 'zoe@example.org', before: day(2027, 5, 3), hasFile: true },
    });
    for (const language of ['en', 'de', 'ar'] as const)
      for (const operator of operators)
        expect(parseQuery(withOperator('', operator, language), world).parts).toMatchObject([{ operator }]);
  });

  it('is completed with the word that was typed', () => {
    const { typed } = parseQuery('lang von:zo', world);
    if (typed === undefined) throw new Error('nothing is typed');
    expect(complete('lang von:zo', typed, 'Zoë')).toBe('lang von:Zoë ');
  });

  it('leaves alone what only looks like an operator', () => {
    for (const text of ['begin:x', 'https://example.org', 'note: from here', 'mail from', '"has"'])
      expect(parseQuery(text, world).parts).toEqual([]);
    expect(inputOf('login:admin')).toEqual({ query: 'login:admin' });
  });

  it('says what is wrong with an operator, and asks nothing meanwhile', () => {
    expect(problemsOf('before:soon x')).toEqual(['not-a-date']);
    expect(problemsOf('in:nowhere x')).toEqual(['no-chat']);
    expect(problemsOf('from:nobody x')).toEqual(['nobody']);
    expect(problemsOf('in:jonas x')).toEqual(['several']);
    expect(problemsOf('has:wings x')).toEqual(['unknown-has']);
    expect(problemsOf('x in:')).toEqual(['empty']);
    expect(inputOf('before:soon x')).toBeUndefined();
    expect(inputOf('before:2027')).toBeUndefined();
    expect(inputOf('')).toBeUndefined();
  });

  it('knows which operator is still being typed, and completes it', () => {
    const text = 'lang in:nad';
    const { typed } = parseQuery(text, world);
    expect(typed).toMatchObject({ operator: 'in', value: 'nad' });
    if (typed === undefined) throw new Error('nothing is typed');
    expect(complete(text, typed, 'Nadia Okafor')).toBe('lang in:"Nadia Okafor" ');
    expect(parseQuery('in:nadia ', world).typed).toBeUndefined();
    expect(withOperator('lang ', 'before', 'en')).toBe('lang before:');
    expect(withOperator('', 'has', 'en')).toBe('has:file ');
    expect(withOperator('lang', 'has', 'de')).toBe('lang mit:datei ');
    expect(withOperator('', 'from', 'ar')).toBe('من:');
    expect(wordsOf('in:nadia lang from:me')).toBe('lang');
    expect(chats.map((chat) => nameFor(chat, chats))).toEqual([
      'Nadia Okafor',
      'jonas@example.org',
      'jonas@work.example',
      'سمر',
      '小明',
    ]);
  });

  it('of anything at all is read without harm', () => {
    const hostile = [
      'in:"',
      'from:"""',
      ':'.repeat(5_000),
      `in:${'x'.repeat(5_000)}`,
      'before:\u202e2027',
      'in:\ud800',
      'after:99999999999',
    ];
    for (const text of hostile) expect(() => parseQuery(text, world)).not.toThrow();
  });
});

describe('a day', () => {
  it.each([
    ['2027-05-03', day(2027, 5, 3)],
    ['2027-05', day(2027, 5, 1)],
    ['2027', day(2027, 1, 1)],
    ['3.5.2027', day(2027, 5, 3)],
    ['03/05/2027', day(2027, 5, 3)],
    ['٢٠٢٧-٠٥-٠٣', day(2027, 5, 3)],
    ['\u200f2027-05-03', day(2027, 5, 3)],
    ['today', day(2027, 5, 5)],
    ['HEUTE', day(2027, 5, 5)],
    ['gestern', day(2027, 5, 4)],
  ])('%s is one', (text, start) => expect(readDay(text, NOW, world.days)).toBe(start));

  it.each(['2027-02-30', '2027-13', '31.4.2027', '12', '1960', 'tomorrow', '', '2027-05-03T10:00'])(
    '%s is none',
    (text) => expect(readDay(text, NOW, world.days)).toBeUndefined(),
  );
});

it('marks what was found in an excerpt', () => {
  const hit = {
    snippet: 'a Straße b 🎉',
    matches: [
      { start: 2, end: 8 },
      { start: 11, end: 13 },
    ],
  };
  expect(
    markedParts(hit)
      .map(({ text, marked }) => (marked ? `[${text}]` : text))
      .join(''),
  ).toBe('a [Straße] b [🎉]');
});

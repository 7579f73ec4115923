import { describe, expect, it } from 'vitest';
import { errorCodes } from '#shared/errors.ts';
import { describeError, describeFailure, stepSentences } from '#renderer/i18n/errors.ts';
import { createFormatter, dayNumber, formatLocale } from '#renderer/i18n/format.ts';
import {
  createTranslator,
  directionOf,
  isolate,
  resolveLanguage,
  type LanguageTag,
} from '#renderer/i18n/translate.ts';
import { strengthOf } from '#renderer/features/lock/strength.ts';
import { findFaults, readTexts } from '#scripts/check-locales.ts';

const languages: readonly LanguageTag[] = ['en', 'de', 'ar'];

describe.each(languages)('in %s', (language) => {
  const { t } = createTranslator(language);

  it.each(errorCodes)('%s says what happened and what to do next', (code) => {
    const sentence = describeError(t, code);
    expect(sentence).toMatch(/^\P{Ll}.*[.؟] .+[.؟]$/u);
    expect(sentence).not.toContain('errors.');
  });

  it('every step of logging in has its sentence', () => {
    const sentences = Object.values(stepSentences).map((key) => t(key));
    expect(new Set(sentences).size).toBe(7);
    for (const sentence of sentences) expect(sentence).toMatch(/\. .+\.$|[.؛;] ?.+\.$/u);
  });

  it('a message that came back says why', () => {
    expect(describeFailure(t, 'remote-server-not-found')).toBe(t('failure.unreachable'));
    expect(describeFailure(t, undefined)).toBe(t('failure.unknown'));
    expect(describeFailure(t, 'unexpected-request')).toContain('unexpected-request');
    expect(describeFailure(t, '<b>\u202Eanything a server likes to say</b>')).toBe(t('failure.unknown'));
  });
});

describe('languages', () => {
  it('follow the setting, else the first one of the system that the app speaks', () => {
    expect(resolveLanguage('ar', ['de-AT'])).toBe('ar');
    expect(resolveLanguage('system', ['fr-CA', 'de-AT', 'en'])).toBe('de');
    expect(resolveLanguage('system', ['fr', 'constructor'])).toBe('en');
    expect(directionOf('ar')).toBe('rtl');
  });

  it('count in all six Arabic forms', () => {
    const { t } = createTranslator('ar');
    const forms = [0, 1, 2, 3, 11, 100].map((count) =>
      t('chats.unreadCount', { count }).replaceAll(/[\d٠-٩]+ /g, ''),
    );
    expect(forms[0]).toBe('لا رسائل غير مقروءة');
    expect(forms[1]).toBe('رسالة واحدة غير مقروءة');
    expect(forms[2]).toBe('رسالتان غير مقروءتين');
    expect(forms[3]).toBe('رسائل غير مقروءة');
    expect(forms[4]).toBe('رسالة غير مقروءة');
  });

  it('keep a name from reordering the sentence around it', () => {
    const { t } = createTranslator('en');
    expect(t('chat.typing', { name: isolate('سمر') })).toBe('\u2068سمر\u2069 is typing…');
  });

  it('show what is put into a sentence as it is, without markup and without looking keys up', () => {
    const { t } = createTranslator('en');
    expect(t('timeline.arrivedElsewhere', { name: '<b>$t(app.name) {{count}}</b>' })).toBe(
      'New message from <b>$t(app.name) {{count}}</b>',
    );
  });
});

describe('dates', () => {
  const format = createFormatter('en-GB');
  const at = (text: string): number => new Date(text).getTime();
  const now = at('2027-05-05T12:00:00');

  it('are a time today, then Yesterday, a weekday, a date', () => {
    expect(format.short(at('2027-05-05T09:05:00'), now)).toBe('09:05');
    expect(format.short(at('2027-05-04T23:59:00'), now)).toBe('Yesterday');
    expect(format.short(at('2027-04-30T10:00:00'), now)).toBe('Fri');
    expect(format.short(at('2027-03-02T10:00:00'), now)).toBe('2 Mar');
    expect(format.short(at('2026-12-31T10:00:00'), now)).toBe('31 Dec 2026');
    expect(format.short(at('2027-05-07T10:00:00'), now)).toBe('7 May');
  });

  it('stand between the days of a chat', () => {
    expect(format.day(at('2027-05-05T00:00:00'), now)).toBe('Today');
    expect(format.day(at('2027-05-04T00:00:00'), now)).toBe('Yesterday');
    expect(format.day(at('2027-04-30T10:00:00'), now)).toMatch(/^Friday,? 30 April$/);
    expect(format.day(at('2026-04-30T10:00:00'), now)).toMatch(/^Thursday,? 30 April 2026$/);
  });

  it('count calendar days, not hours, also when the clocks change', () => {
    expect(dayNumber(at('2027-03-28T23:30:00')) - dayNumber(at('2027-03-28T00:30:00'))).toBe(0);
    expect(dayNumber(at('2027-03-29T00:10:00')) - dayNumber(at('2027-03-28T23:50:00'))).toBe(1);
  });

  it('keep the habits of the system within the chosen language', () => {
    expect(formatLocale('en', ['de-DE', 'en-GB'])).toBe('en-GB');
    expect(formatLocale('de', ['en-GB'])).toBe('de');
  });
});

describe('the strength of a passphrase', () => {
  it.each([
    '',
    'password',
    'aaaaaaaaaaaaaaaaaaaaaaaa',
    '12345678901234567890',
    'abcdefghijklmnopqrstuvwxyz',
    'abcabcabcabcabcabc',
    'Tr0ub4dor&3',
  ])('is weak for %j', (passphrase) => {
    expect(strengthOf(passphrase)).toBe('weak');
  });

  it('grows with words that do not belong together', () => {
    expect(strengthOf('plum lantern river 9')).toBe('fair');
    expect(strengthOf('correct horse battery staple unusual')).toBe('strong');
    expect(strengthOf('خوخ فانوس نهر كتاب سماء مفتاح')).toBe('strong');
  });
});

describe('the check of the translations', () => {
  const texts = (json: object) => readTexts(JSON.stringify(json));
  const english = texts({
    a: 'Hello',
    b: { n_one: '{{count, number}} dog', n_other: '{{count, number}} dogs' },
    c: 'Hi {{name}}',
  });
  const sources = `t('a') t('b.n') t('c')`;
  const faults = (language: string, json: object, code = sources): readonly string[] =>
    findFaults(
      new Map([
        ['en', english],
        [language, texts(json)],
      ]),
      code,
    );

  it('finds nothing in a whole translation', () => {
    const german = {
      a: 'Hallo',
      b: { n_one: '{{count, number}} Hund', n_other: '{{count, number}} Hunde' },
      c: 'He {{name}}',
    };
    expect(faults('de', german)).toEqual([]);
  });

  it('finds German that does not say "du"', () => {
    const german = {
      a: 'Sie gehört zu euch, und Ihr Server kennt sie.',
      b: { n_one: '{{count, number}} Hund wartet auf Sie', n_other: 'Sie warten: {{count, number}} Hunde' },
      c: 'Fragen Sie {{name}}',
    };
    expect(faults('de', german)).toEqual(
      ['a', 'b.n_one', 'c'].map((key) => `de: ${key} says "Sie" instead of "du"`),
    );
  });

  it('finds keys that are missing, foreign, unused, empty or untranslated', () => {
    const german = { a: 'Hello', b: { n_one: '', n_other: '{{count, number}} Hunde' }, d: 'Neu' };
    expect(faults('de', german, `t('a') t('b.n')`)).toEqual([
      'c is used nowhere',
      'de: b.n_one is empty or has blanks around it',
      'de: c is missing',
      'de: d is not in English',
      'de: a is not translated',
    ]);
  });

  it('finds plural forms that a language lacks or does not know, and placeholders that differ', () => {
    const arabic = {
      a: 'مرحبا',
      b: {
        n_zero: 'لا',
        n_one: 'كلب',
        n_two: 'كلبان',
        n_few: 'كلاب',
        n_other: '{{count, number}} كلب',
        n_dual: 'x',
      },
      c: 'أهلا {{nam}}',
    };
    expect(faults('ar', arabic)).toEqual([
      'ar: b.n has no form "many"',
      'ar: b.n_dual is not in English',
      'ar: b.n_few has the placeholders {} instead of {count}',
      'ar: c has the placeholders {nam} instead of {name}',
    ]);
  });
});

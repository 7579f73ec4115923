import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emojiKey, isEmoji } from '#shared/emoji.ts';

/** What this Unicode version recommends for general interchange. */
const RECOMMENDED = /^\p{RGI_Emoji}$/v;
const character = (point: number): string => String.fromCodePoint(point);
const range = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => character(from + index));

describe('one emoji', () => {
  it('is every recommended character, with and without skin tone, and every flag', () => {
    const singles = [...range(0x23, 0x3300), ...range(0x1f000, 0x1fbff)];
    const tones = ['', ...range(0x1f3fb, 0x1f3ff)];
    const characters = singles.flatMap((single) =>
      tones.flatMap((tone) => [single + tone, `${single}\ufe0f${tone}`]),
    );
    const letters = range(0x1f1e6, 0x1f1ff);
    const flags = letters.flatMap((one) => letters.map((other) => one + other));
    const recommended = [...characters, ...flags].filter((text) => RECOMMENDED.test(text));
    expect(recommended.length).toBeGreaterThan(2000);
    expect(recommended.filter((text) => !isEmoji(text))).toEqual([]);
  });

  it.each(['👨🏻‍❤️‍💋‍👨🏿', '👩‍👩‍👧‍👦', '🏳️‍🌈', '🏴‍☠️', '🏴󠁧󠁢󠁳󠁣󠁴󠁿', '🧑‍🚒', '🧑🏽‍🤝‍🧑🏿', '#️⃣', '0⃣', '❤', '❤️', '☺︎'])('is %s', (text) => {
    expect(isEmoji(text)).toBe(true);
  });

  it.each([
    ['nothing', ''],
    ['a digit', '1'],
    ['a sign of keycaps', '#'],
    ['a letter', 'a'],
    ['a CJK character', '世'],
    ['a word', 'yes'],
    ['two emoji', '👍👍'],
    ['an emoji and a blank', '👍 '],
    ['half a flag', '🇺'],
    ['three half flags', '🇺🇳🇺'],
    ['a joiner alone', '\u200d'],
    ['a joiner at the end', '👍\u200d'],
    ['a joiner at the start', '\u200d👍'],
    ['a selector alone', '\ufe0f'],
    ['tags that do not end', '🏴\u{e0067}\u{e0062}'],
    ['stacked marks', `👍${'\u0301'.repeat(3)}`],
    ['a hidden direction override', '👍\u202e'],
    ['half a surrogate pair', '\ud83d'],
    ['an endless family', Array.from({ length: 20 }, () => '👨').join('\u200d')],
    ['keycaps that are joined', '1️⃣\u200d2️⃣'],
    ['a family of letters', 'a\u200db'],
    ['a line break', '👍\n'],
  ])('is not %s', (_, text) => {
    expect(isEmoji(text)).toBe(false);
  });

  it('never carries a letter, whatever is put together', () => {
    const parts = fc.constantFrom(
      '👍',
      '🏽',
      '\u200d',
      '\ufe0f',
      '\u20e3',
      '1',
      '🇺',
      'a',
      '\u0301',
      '\u{e0067}',
      '\u{e007f}',
      ' ',
    );
    fc.assert(
      fc.property(fc.string({ unit: parts, maxLength: 8 }), (text) => {
        if (!isEmoji(text)) return;
        expect(Array.from(new Intl.Segmenter('en').segment(text))).toHaveLength(1);
        expect(text).not.toMatch(/[a\s\u0301]/u);
      }),
      { numRuns: 2000 },
    );
  });

  it('counts as the same with another presentation', () => {
    expect(emojiKey('❤️')).toBe(emojiKey('❤'));
    expect(emojiKey('☺︎')).toBe(emojiKey('☺️'));
    expect(emojiKey('👍🏽')).not.toBe(emojiKey('👍'));
  });
});

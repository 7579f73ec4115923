import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  codePointLength,
  readFallbacks,
  stripFallback,
  type CodePointRange,
  type Fallback,
} from '#main/xmpp/features/fallback.ts';
import { parseStanza, xml } from '#main/xmpp/stanza.ts';

const REPLY = 'urn:xmpp:reply:0';
/** Characters of one, two and several UTF-16 units, joiners and combining marks. */
const anyText = fc.string({
  unit: fc.constantFrom('a', ' ', '\n', '>', 'é', 'e\u0301', '世', '🧛🏾', '👨‍👨‍👦', '\u200d'),
});
const range: fc.Arbitrary<CodePointRange> = fc
  .tuple(fc.nat(40), fc.nat(40))
  .map(([start, length]) => ({ start, end: start + length }));
const about = (ranges: readonly CodePointRange[]): Fallback => ({ for: REPLY, body: ranges });

/** The same by the slow way that nobody can get wrong: each code point asks every range. */
const slowStrip = (body: string, ranges: readonly CodePointRange[]): string =>
  Array.from(body)
    .filter((_, at) => !ranges.some(({ start, end }) => at >= start && at < end))
    .join('');

describe('characters of a body (XEP-0426)', () => {
  it.each([
    ['Hello, world!', 13],
    ['You & Me', 8],
    ['こんにちは世界', 7],
    ['🧛🏾 👨‍👨‍👦‍👦 🇺🇳', 13],
  ])('counts %s as %i', (text, length) => {
    expect(codePointLength(text)).toBe(length);
  });
});

describe('parts of a body that stand in for an extension (XEP-0428)', () => {
  it('removes exactly the code points that lie in a range, however the ranges overlap or lie', () => {
    fc.assert(
      fc.property(anyText, fc.array(range, { maxLength: 6 }), (body, ranges) => {
        const fallbacks = [about(ranges.slice(0, 3)), about(ranges.slice(3))];
        expect(stripFallback(body, fallbacks, [REPLY])).toBe(slowStrip(body, ranges));
      }),
    );
  });

  it('gives the text back into which a fallback was put anywhere', () => {
    fc.assert(
      fc.property(anyText, anyText, anyText, (before, standIn, after) => {
        const start = codePointLength(before);
        const ranges = [{ start, end: start + codePointLength(standIn) }];
        expect(stripFallback(before + standIn + after, [about(ranges)], [REPLY])).toBe(before + after);
      }),
    );
  });

  it('leaves every body alone whose fallback is for something that was not understood', () => {
    fc.assert(
      fc.property(anyText, fc.array(range), (body, ranges) => {
        expect(stripFallback(body, [about(ranges)], ['urn:xmpp:reactions:0'])).toBe(body);
      }),
    );
  });

  it('looks at a bounded number of elements, however many a stranger sends', () => {
    const ranges = Array.from({ length: 500 }, () => xml('body', { start: '0', end: '1' }));
    const elements = Array.from({ length: 500 }, () =>
      xml('fallback', { xmlns: 'urn:xmpp:fallback:0', for: REPLY }, ranges),
    );
    const fallbacks = readFallbacks(parseStanza(xml('message', {}, elements).toString()));
    expect(fallbacks).toHaveLength(16);
    expect(fallbacks.every(({ body }) => body.length === 32)).toBe(true);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_NAME_LENGTH, oneLine } from '#shared/text.ts';

describe('texts of strangers in one line of ours', () => {
  it.each([
    ['  Juliet \n Capulet\t', 'Juliet Capulet', 'blanks and line breaks'],
    ['bank\u202egpj.exe', 'bankgpj.exe', 'an override of direction'],
    ['a\u2066b\u2069c\u200ed\u061ce', 'abcde', 'isolates and marks'],
    ['a\u0000b\u001b[31mc', 'ab[31mc', 'controls'],
    ['a\ud800b', 'a\ufffdb', 'a lone surrogate, visibly'],
    [`e${'\u0301'.repeat(50)}`, `e${'\u0301'.repeat(4)}`, 'stacked marks'],
    ['\u202e\u0000 \n', '', 'nothing visible'],
    [
      '\u05d0\u05d1\u05d2 \u0645\u0631\u062d\u0628\u0627',
      '\u05d0\u05d1\u05d2 \u0645\u0631\u062d\u0628\u0627',
      'right-to-left scripts stay',
    ],
    [
      '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}',
      '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}',
      'joined emoji stay',
    ],
  ])('%j becomes %j: %s', (text, expected) => expect(oneLine(text)).toBe(expected));

  it('cuts by code points and says so', () => {
    expect(oneLine('\u{1f600}'.repeat(500), 3)).toBe('\u{1f600}\u{1f600}…');
    expect(oneLine('abc', 3)).toBe('abc');
    expect(Array.from(oneLine('x'.repeat(10_000)))).toHaveLength(MAX_NAME_LENGTH);
  });

  it('is one short, well-formed line without overrides, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 500 }),
        fc.integer({ min: 1, max: 200 }),
        (text, max) => {
          const line = oneLine(text, max);
          expect(line.isWellFormed()).toBe(true);
          expect(Array.from(line).length).toBeLessThanOrEqual(max);
          expect(line).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
          expect(line).toBe(line.trim());
        },
      ),
    );
  });
});

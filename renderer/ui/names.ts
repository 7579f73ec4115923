/** Names and addresses come from strangers: nothing in them may hide, reorder or flood the text around them. */

const MAX_NAME = 120;
/** Controls, direction marks and overrides, invisible separators and tag characters (Unicode Cc, Cf, Zl, Zp). */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]/gu;
/** More marks than any script stacks on one letter. */
const STACKED_MARKS = /(\p{M}{3})\p{M}+/gu;

/**
 * A name that is safe to put into a line of text: no control, direction or invisible characters, white space
 * joined, marks limited, at most 120 characters.
 * @param fallback for a name of which nothing is left; usually the address
 */
export const displayName = (name: string, fallback = '?'): string => {
  // Far more than is shown, so that a hostile megabyte costs nothing.
  const clean = name
    .slice(0, MAX_NAME * 8)
    .toWellFormed()
    .replaceAll(INVISIBLE, (char, at: number, whole: string) => (isJoiner(char, at, whole) ? char : ' '))
    .replaceAll(STACKED_MARKS, '$1')
    .replaceAll(/\s+/gu, ' ')
    .trim();
  if (clean === '')
    return fallback === name ? '?' : displayName(fallback, name === fallback ? '?' : fallback);
  const chars = Array.from(clean);
  return chars.length <= MAX_NAME ? clean : `${chars.slice(0, MAX_NAME - 1).join('')}…`;
};

/** U+200C and U+200D belong between the letters of Persian and Hindi and inside emoji families; elsewhere they hide. */
const isJoiner = (char: string, at: number, whole: string): boolean =>
  (char === '\u200c' || char === '\u200d') &&
  /[\p{L}\p{M}\p{Extended_Pictographic}\ufe0f]$/u.test(whole.slice(Math.max(0, at - 3), at));

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** The first letter of a name, for an avatar. */
export const initial = (name: string): string => {
  const first = /[\p{L}\p{N}\p{Extended_Pictographic}]/u.exec(name);
  const [segment] = graphemes.segment(first === null ? name : name.slice(first.index));
  return (segment?.segment ?? '?').toLocaleUpperCase();
};

const AVATAR_COLOURS = 8;

/** The same address has the same colour everywhere (FNV-1a over its characters). */
export const colourOf = (jid: string): number => {
  let hash = 0x811c9dc5;
  for (const char of jid) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
  return (hash >>> 0) % AVATAR_COLOURS;
};

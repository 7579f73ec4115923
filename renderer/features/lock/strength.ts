/** How hard a passphrase is to guess, roughly; it is the only thing between a thief and the history. */
export type Strength = 'weak' | 'fair' | 'strong';

const FAIR_BITS = 50;
const STRONG_BITS = 75;

const ALPHABETS: readonly (readonly [RegExp, number])[] = [
  [/\p{Ll}/u, 26],
  [/\p{Lu}/u, 26],
  [/\p{N}/u, 10],
  [/[^\p{L}\p{N}]/u, 20],
  // Scripts without case have many letters.
  [/\p{Lo}/u, 40],
];

/**
 * Estimates by the alphabet and by how many characters bring something new: repeats ("aaaa"), runs ("1234", "dcba")
 * and words used twice count little. An estimate, not a promise; the key derivation makes each guess expensive.
 */
export const strengthOf = (passphrase: string): Strength => {
  const alphabet = ALPHABETS.reduce(
    (size, [pattern, letters]) => (pattern.test(passphrase) ? size + letters : size),
    0,
  );
  // Letters of words are easier to guess than random ones.
  const bitsPerChar = Math.min(alphabet === 0 ? 0 : Math.log2(alphabet), 3.2);
  const bits = newCharacters(passphrase) * bitsPerChar;
  if (bits >= STRONG_BITS) return 'strong';
  return bits >= FAIR_BITS ? 'fair' : 'weak';
};

const newCharacters = (text: string): number => {
  const chars = Array.from(text).map((char) => char.toLowerCase().codePointAt(0) ?? 0);
  const pairs = new Set<string>();
  let count = 0;
  for (const [index, char] of chars.entries()) {
    const before = chars[index - 1] ?? -10;
    const pair = `${before} ${char}`;
    const expected = Math.abs(char - before) <= 1 || pairs.has(pair);
    pairs.add(pair);
    count += expected ? 0.2 : 1;
  }
  return count;
};

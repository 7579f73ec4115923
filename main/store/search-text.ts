import { MAX_BODY_LENGTH } from '#shared/limits.ts';

/**
 * Texts as the search index knows them. Every token is folded, so that whoever searches need not type
 * accents, capitals or vowel signs; scripts without spaces are cut into pairs of characters. Index and
 * queries go through the same functions: after a change here the index is built anew (`SEARCH_VERSION`).
 */

/** A word, pair of characters or emoji, and where it stands in the text (UTF-16 units, end exclusive). */
export interface Token {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** `pair` overlaps the next token; `tail` is the last character of a run of pairs. */
  readonly kind: 'word' | 'pair' | 'tail';
  /** The first character of a `pair`, and where it ends; otherwise all of it. */
  readonly head: string;
  readonly headEnd: number;
}

/** Of our own rules; together with those of Unicode that this Node brings along. */
const RULES = 2;
const unicode = /^(\d+)\.(\d+)/.exec(process.versions['unicode'] ?? '') ?? ['', '0', '0'];
export const SEARCH_VERSION = RULES * 1_000_000 + Number(unicode[1]) * 1_000 + Number(unicode[2]);

/** What is longer is no word; both sides cut it at the same place. */
const MAX_TOKEN_LENGTH = 64;
/** Before folding: marks can be stacked without end. */
const MAX_RAW_LENGTH = 256;

// How a character takes part in words.
const APART = 1;
const LETTER = 2;
/** Of a script that puts no spaces between words, or glues particles to them. */
const GLUED = 3;
/** Marks, and invisible characters that stand within words: soft hyphen, joiners, half-width voice marks. */
const WITHIN = 4;
/** Emoji and currencies: each is a word. */
const SYMBOL = 5;
/** Two of them make a flag. */
const REGIONAL = 6;

const GLUED_SCRIPTS =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\u30fc]$/u;

const classify = (character: string): number => {
  if (/^(?:[\p{M}\u00ad\u0640\u200c\uff9e\uff9f]|\u200d)$/u.test(character)) return WITHIN;
  if (/^[\p{L}\p{N}]$/u.test(character)) return GLUED_SCRIPTS.test(character) ? GLUED : LETTER;
  if (/^\p{RI}$/u.test(character)) return REGIONAL;
  return /^[\p{Extended_Pictographic}\p{Sc}]$/u.test(character) && character !== '$' ? SYMBOL : APART;
};

/** Asking Unicode costs microseconds, and a text has thousands of characters: each is asked for once. */
const classes = new Uint8Array(0x11_0000);

const classAt = (text: string, index: number): number => {
  const point = text.codePointAt(index) ?? 0;
  const known = classes[point];
  if (known !== undefined && known !== 0) return known;
  const found = classify(String.fromCodePoint(point));
  classes[point] = found;
  return found;
};

const lengthAt = (text: string, index: number): number => ((text.codePointAt(index) ?? 0) > 0xffff ? 2 : 1);

/** Accents, Arabic and Hebrew vowel signs, emoji variants. Others, as in Indic scripts, are letters. */
const MARKS =
  // oxlint-disable-next-line no-misleading-character-class -- each mark is meant alone
  /[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u08d3-\u08ff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f]/gu;
/** Tatweel only stretches; the others join or part without being seen. */
const UNSEEN = /[\u00ad\u0640\u200b-\u200f\u2060\ufeff]/gu;

/** What Unicode does not decompose, and letters that are written one for the other. */
const letters: ReadonlyMap<string, string> = new Map([
  ...Object.entries({
    ß: 'ss',
    æ: 'ae',
    œ: 'oe',
    ø: 'o',
    đ: 'd',
    ð: 'd',
    þ: 'th',
    ł: 'l',
    ħ: 'h',
    ı: 'i',
    ς: 'σ',
  }),
  ...Object.entries({ ٱ: 'ا', ى: 'ي', ی: 'ي', ک: 'ك', ة: 'ه' }),
  ...Array.from('٠١٢٣٤٥٦٧٨٩', (digit, value): [string, string] => [digit, String(value)]),
  ...Array.from('۰۱۲۳۴۵۶۷۸۹', (digit, value): [string, string] => [digit, String(value)]),
]);
const LETTERS = new RegExp(`[${[...letters.keys()].join('')}]`, 'gu');

const fold = (text: string): string =>
  text
    .normalize('NFKD')
    .toLowerCase()
    // A letter of its own in Russian, not an accent.
    .replace(/\u0438\u0306/gu, '\u0439')
    .replace(MARKS, '')
    .replace(UNSEEN, '')
    .replace(LETTERS, (letter) => letters.get(letter) ?? letter)
    .normalize('NFC')
    // The index parts words at everything else in ASCII; some letters decompose to brackets or spaces.
    .replace(/[^a-z0-9\u0080-\u{10ffff}]/gu, '')
    .slice(0, MAX_TOKEN_LENGTH)
    .toWellFormed();

/** A language has few words that are used often. */
const MAX_CACHED = 10_000;
const cache = new Map<string, string>();

const folded = (text: string, start: number, end: number): string => {
  const raw = text.slice(start, Math.min(end, start + MAX_RAW_LENGTH));
  const known = cache.get(raw);
  if (known !== undefined) return known;
  const result = /^[a-zA-Z0-9]*$/.test(raw) ? raw.toLowerCase().slice(0, MAX_TOKEN_LENGTH) : fold(raw);
  if (cache.size >= MAX_CACHED) cache.clear();
  cache.set(raw, result);
  return result;
};

/** The end of a character with all that stands within the word behind it. */
const unitEnd = (text: string, start: number): number => {
  let end = start + lengthAt(text, start);
  while (end < text.length && classAt(text, end) === WITHIN) end += lengthAt(text, end);
  return end;
};

const wordEnd = (text: string, start: number): number => {
  let end = unitEnd(text, start);
  while (end < text.length && classAt(text, end) === LETTER) end = unitEnd(text, end);
  return end;
};

/** Reads a run of glued characters. @returns its end */
const pushGlued = (tokens: Token[], text: string, start: number): number => {
  const units: { text: string; start: number; end: number }[] = [];
  let at = start;
  while (at < text.length && classAt(text, at) === GLUED) {
    const end = unitEnd(text, at);
    const unit = folded(text, at, end);
    if (unit !== '') units.push({ text: unit, start: at, end });
    at = end;
  }
  for (const [index, unit] of units.entries()) {
    const next = units[index + 1];
    tokens.push(
      next === undefined
        ? { ...unit, kind: 'tail', head: unit.text, headEnd: unit.end }
        : {
            text: unit.text + next.text,
            start: unit.start,
            end: next.end,
            kind: 'pair',
            head: unit.text,
            headEnd: unit.end,
          },
    );
  }
  return at;
};

const endOfWord = (text: string, start: number): number => {
  switch (classAt(text, start)) {
    case LETTER:
      return wordEnd(text, start);
    case REGIONAL:
      return classAt(text, start + 2) === REGIONAL ? start + 4 : start + 2;
    default:
      return start + lengthAt(text, start);
  }
};

/** The tokens of a text in their order. */
export const tokenize = (text: string): readonly Token[] => {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const found = classAt(text, at);
    if (found === GLUED) {
      at = pushGlued(tokens, text, at);
      continue;
    }
    const end = endOfWord(text, at);
    if (found !== APART && found !== WITHIN) {
      const word = folded(text, at, end);
      if (word !== '') tokens.push({ text: word, start: at, end, kind: 'word', head: word, headEnd: end });
    }
    at = end;
  }
  return tokens;
};

/**
 * A text as it goes into the index: of a very long one the beginning. Single characters of the glued scripts
 * follow at the end, where they part no phrase.
 */
export const searchText = (text: string): string => {
  const tokens = tokenize(text.slice(0, MAX_BODY_LENGTH));
  const words = tokens.map((token) => token.text);
  const heads = new Set(tokens.flatMap(({ kind, head }) => (kind === 'pair' ? [head] : [])));
  for (const { kind, text: tail } of tokens) if (kind === 'tail') heads.delete(tail);
  return [...words, ...heads].join(' ');
};

/** Tokens that must follow each other: whole, the last one perhaps only begun; or one glued character. */
export interface SearchTerm {
  readonly tokens: readonly string[];
  readonly kind: 'whole' | 'begun' | 'character';
}

/** The index knows beginnings of two and of three characters; with less, nearly everything would be found. */
const MIN_BEGUN = 2;

/** A query that nobody types; it must still cost little. */
const MAX_QUERY_LENGTH = 500;
const MAX_TERMS = 16;

const QUOTES = /["\u201c\u201d\u201e\u201f\u00ab\u00bb]/gu;

/**
 * Reads what the user typed: words, phrases in quotes, and the last word as the beginning of one.
 * Everything is data, no character has a meaning to SQLite.
 */
export const parseQuery = (query: string): readonly SearchTerm[] => {
  const text = query.slice(0, MAX_QUERY_LENGTH).toWellFormed().replace(QUOTES, '"');
  const parts = Array.from(text.matchAll(/"([^"]*)("?)|[^\s"]+/gu));
  const terms = parts.flatMap((part, index): readonly SearchTerm[] => {
    const isTyped = index === parts.length - 1 && part[2] !== '"' && !/\s$/u.test(part[0]);
    return toTerm(tokenize(part[1] ?? part[0]), isTyped && !/\s$/u.test(text));
  });
  return terms.slice(0, MAX_TERMS);
};

const toTerm = (tokens: readonly Token[], isTyped: boolean): readonly SearchTerm[] => {
  const last = tokens.at(-1);
  if (last === undefined) return [];
  const texts = tokens.map(({ text }) => text);
  if (last.kind === 'tail') {
    // In the text the run may go on: its pairs say all, and a single character is looked for by itself.
    const before: SearchTerm = { tokens: texts.slice(0, -1), kind: 'whole' };
    const isSingle = tokens.at(-2)?.kind !== 'pair';
    return [
      ...(before.tokens.length === 0 ? [] : [before]),
      ...(isSingle ? [{ tokens: [last.text], kind: 'character' } as const] : []),
    ];
  }
  return [{ tokens: texts, kind: isTyped && last.text.length >= MIN_BEGUN ? 'begun' : 'whole' }];
};

/** Terms in the query language of FTS5; all of them must be found. */
export const matchExpression = (terms: readonly SearchTerm[]): string =>
  terms.map(({ tokens, kind }) => `"${tokens.join(' ')}"${kind === 'begun' ? ' *' : ''}`).join(' AND ');

/** Start and end in UTF-16 units, end exclusive. */
export type MatchRange = readonly [start: number, end: number];

/** Where the terms stand in a text, in order, without overlaps. */
export const findMatches = (text: string, terms: readonly SearchTerm[]): readonly MatchRange[] => {
  const tokens = tokenize(text);
  const found = terms.flatMap((term) => tokens.flatMap((_, index) => matchAt(tokens, index, term)));
  const ranges: MatchRange[] = [];
  for (const [start, end] of found.toSorted((a, b) => a[0] - b[0] || a[1] - b[1])) {
    const before = ranges.at(-1);
    if (before !== undefined && start <= before[1])
      ranges[ranges.length - 1] = [before[0], Math.max(before[1], end)];
    else ranges.push([start, end]);
  }
  return ranges;
};

const matchAt = (
  tokens: readonly Token[],
  index: number,
  { tokens: wanted, kind }: SearchTerm,
): readonly MatchRange[] => {
  const first = tokens[index];
  const last = tokens[index + wanted.length - 1];
  if (first === undefined || last === undefined) return [];
  if (kind === 'character') {
    return first.kind !== 'word' && first.head === wanted[0] ? [[first.start, first.headEnd]] : [];
  }
  const isFound = wanted.every((text, place) => {
    const token = tokens[index + place]?.text ?? '';
    return kind === 'begun' && place === wanted.length - 1 ? token.startsWith(text) : token === text;
  });
  return isFound ? [[first.start, last.end]] : [];
};

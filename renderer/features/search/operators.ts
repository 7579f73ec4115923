import type { LanguageTag } from '../../i18n/translate.ts';

/** By what a search is narrowed: the words before the colon, and what can stand behind `has:`. */
export const operators = ['in', 'from', 'before', 'after', 'has'] as const;
export type Operator = (typeof operators)[number];

type Words = readonly [shown: string, ...others: string[]];

/** All of them count in every language of the window, as habits outlive a setting; the first one is shown. */
const words: Readonly<Record<LanguageTag, Readonly<Record<Operator, Words>>>> = {
  en: { in: ['in'], from: ['from'], before: ['before'], after: ['after', 'since'], has: ['has'] },
  de: { in: ['in'], from: ['von'], before: ['vor'], after: ['seit', 'nach'], has: ['mit', 'hat'] },
  ar: { in: ['في'], from: ['من'], before: ['قبل'], after: ['منذ', 'بعد'], has: ['فيه', 'مع'] },
};

const files: Readonly<Record<LanguageTag, Words>> = {
  en: ['file', 'files'],
  de: ['datei', 'dateien'],
  ar: ['ملف', 'ملفات'],
};

const byWord = new Map<string, Operator>(
  Object.values(words).flatMap((table) =>
    operators.flatMap((operator) => table[operator].map((word): [string, Operator] => [word, operator])),
  ),
);

/** The alternatives of a pattern that finds every one of the words. */
export const operatorPattern = [...byWord.keys()].toSorted((a, b) => b.length - a.length).join('|');

export const operatorOf = (word: string): Operator | undefined => byWord.get(word.toLowerCase());

/** How an operator is called in a language. */
export const operatorWord = (language: LanguageTag, operator: Operator): string =>
  words[language][operator][0];

export const fileWord = (language: LanguageTag): string => files[language][0];

export const isFileWord = (word: string): boolean =>
  Object.values(files).some((known) => known.includes(word.toLowerCase()));

/** As it is typed: with the value where there is only one, else ready for it. */
export const operatorCode = (language: LanguageTag, operator: Operator): string =>
  `${operatorWord(language, operator)}:${operator === 'has' ? fileWord(language) : ''}`;

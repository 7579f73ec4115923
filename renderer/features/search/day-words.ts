/** How the days that people name are called in the language of the window. */
export interface DayWords {
  readonly today: string;
  readonly yesterday: string;
}

const EASTERN = /[\u0660-\u0669\u06f0-\u06f9]/gu;

/** Arabic and Persian keyboards have digits of their own. */
const westernDigits = (text: string): string =>
  text.replaceAll(EASTERN, (digit) => String((digit.codePointAt(0) ?? 0) & 0xf));

/** Direction marks come along with dates that were copied from a text from right to left. */
const MARKS = /[\u200e\u200f\u061c]/gu;

/**
 * Reads a day, month or year: `2027-05-03`, `2027-05`, `2027`, `3.5.2027`, `3/5/2027` (the day first), or the words
 * for today and yesterday, in English or the language of the window.
 * @returns when it begins, local time, in milliseconds since 1970; undefined for what is none
 */
export const readDay = (text: string, now: number, words: DayWords): number | undefined => {
  const plain = westernDigits(text.replaceAll(MARKS, '')).trim().toLocaleLowerCase();
  const is = (...names: readonly string[]): boolean =>
    names.some((name) => name.toLocaleLowerCase() === plain);
  const today = new Date(now);
  if (is('today', words.today)) return at(today.getFullYear(), today.getMonth() + 1, today.getDate());
  if (is('yesterday', words.yesterday))
    return new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1).getTime();
  const iso = /^(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?$/.exec(plain);
  if (iso !== null) return at(Number(iso[1]), Number(iso[2] ?? 1), Number(iso[3] ?? 1));
  const dayFirst = /^(\d{1,2})[./](\d{1,2})[./](\d{4})$/.exec(plain);
  return dayFirst === null ? undefined : at(Number(dayFirst[3]), Number(dayFirst[2]), Number(dayFirst[1]));
};

const at = (year: number, month: number, day: number): number | undefined => {
  const date = new Date(year, month - 1, day);
  const isReal = date.getFullYear() === year && date.getMonth() === month - 1 && date.getDate() === day;
  // Years of one or two digits are those of the last century to Date, and before 1970 nobody chatted.
  return isReal && year >= 1970 && year < 10_000 ? date.getTime() : undefined;
};

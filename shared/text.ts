/**
 * Texts that somebody else chose and that stand in one line of ours: names, statuses, file names.
 * Unicode lets them run over their neighbours or read backwards; here they may not.
 */

/** Controls, line and paragraph separators, and the characters that override the direction of others (UAX 9). */
const UNRULY = /[\p{Cc}\p{Cs}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\u061c\ufeff]/gu;

/** More combining marks than any script stacks: they would climb out of the line ("Zalgo"). */
const STACKED = /(\p{M}{4})\p{M}+/gu;

/** How much of a name is shown; what is longer is cut with an ellipsis. */
export const MAX_NAME_LENGTH = 120;

/**
 * One harmless line of at most `max` characters (code points).
 * @returns an empty string where nothing visible is left
 */
export const oneLine = (text: string, max = MAX_NAME_LENGTH): string => {
  // Cut early: a name of megabytes is no reason to run three expressions over all of it.
  const raw = text.slice(0, max * 16).toWellFormed();
  const clean = raw.replace(/\s+/gu, ' ').replace(UNRULY, '').replace(STACKED, '$1').trim();
  const points = Array.from(clean);
  return points.length <= max ? clean : `${points.slice(0, max - 1).join('')}…`;
};

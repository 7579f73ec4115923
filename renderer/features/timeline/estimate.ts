import type { TimelineItem } from './items.ts';
import { isUndecryptable } from './kinds.ts';

/** Heights of the parts of a row, as in MessageRow.module.css. */
const LINE = 20.3;
const BUBBLE = 13 + 16;
const GAP = 3;
const GROUP_GAP = 6;
const DAY = 40;
const DIVIDER = 33;
const NOTICE = 38;
const FAILURE = 34;
const UNDECRYPTABLE = 127;
/** Width of an average letter at 14 px, and what lies between the area and the text. */
const LETTER = 7.6;
const INSETS = 48 + 24;
const BUBBLE_SHARE = 0.68;

/**
 * How high a row will be, in pixels, before it is measured: the closer, the less the list has to correct.
 * @param width of the scroll area
 */
export const estimateHeight = (item: TimelineItem | undefined, width: number): number => {
  if (item === undefined) return LINE + BUBBLE;
  const perLine = Math.max(10, Math.floor(((width - INSETS) * BUBBLE_SHARE) / LETTER));
  const lines = Math.min(45, countLines(item.message.body.slice(0, 2_200), perLine));
  const content = isUndecryptable(item.message) ? UNDECRYPTABLE : lines * LINE + BUBBLE;
  return (
    content +
    (item.follows ? GAP : GROUP_GAP) +
    (item.newDay ? DAY : 0) +
    (item.notices.length + item.trailing.length) * NOTICE +
    (item.divider ? DIVIDER : 0) +
    (item.message.state === 'failed' ? FAILURE : 0)
  );
};

const countLines = (text: string, perLine: number): number =>
  text.split('\n').reduce((lines, line) => lines + Math.max(1, Math.ceil(line.length / perLine)), 0);

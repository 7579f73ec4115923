import type { MessageId } from '#shared/ids.ts';
import type { MessageView } from '#shared/views.ts';
import type { MessagePage } from '#shared/api/messages.ts';

/**
 * The part of a chat's history that the window holds: rows without a gap, oldest first, and whether
 * there is more on either side. Pure functions; the store is in timeline.ts.
 */
export interface TimelineWindow {
  readonly rows: readonly MessageView[];
  readonly hasOlder: boolean;
  readonly hasNewer: boolean;
  /** What follows on this side is in the server's archive alone, or may be. */
  readonly gapBefore?: true | undefined;
  readonly gapAfter?: true | undefined;
}

/** Rows that are kept; what lies beyond is asked for again when somebody scrolls there. */
export const WINDOW_ROWS = 300;

export const emptyWindow: TimelineWindow = { rows: [], hasOlder: false, hasNewer: false };

/** Order of the timeline: `sortAt`, then the row id (shared/views.ts). */
const inOrder = (a: MessageView, b: MessageView): number => a.sortAt - b.sortAt || a.id - b.id;

/** Joins rows by id; of two versions the newer `rev` stays. */
const merge = (a: readonly MessageView[], b: readonly MessageView[]): readonly MessageView[] => {
  const byId = new Map<MessageId, MessageView>();
  for (const row of [...a, ...b]) {
    const known = byId.get(row.id);
    if (known === undefined || row.rev > known.rev) byId.set(row.id, row);
  }
  return [...byId.values()].toSorted(inOrder);
};

const dropOldest = (window: TimelineWindow, limit: number): TimelineWindow =>
  window.rows.length <= limit
    ? window
    : { ...window, rows: window.rows.slice(-limit), hasOlder: true, gapBefore: undefined };

const dropNewest = (window: TimelineWindow, limit: number): TimelineWindow =>
  window.rows.length <= limit
    ? window
    : { ...window, rows: window.rows.slice(0, limit), hasNewer: true, gapAfter: undefined };

/** Adds the page before the first row; the far (newest) side gives way. */
export const addOlder = (window: TimelineWindow, page: MessagePage, limit = WINDOW_ROWS): TimelineWindow =>
  dropNewest(
    {
      ...window,
      rows: merge(page.rows, window.rows),
      hasOlder: page.hasOlder,
      gapBefore: page.gapBefore,
    },
    limit,
  );

/** Adds the page after the last row; the far (oldest) side gives way. */
export const addNewer = (window: TimelineWindow, page: MessagePage, limit = WINDOW_ROWS): TimelineWindow =>
  dropOldest(
    { ...window, rows: merge(window.rows, page.rows), hasNewer: page.hasNewer, gapAfter: page.gapAfter },
    limit,
  );

/**
 * Applies changed rows of this chat. Known rows are replaced by newer revs; unknown rows enter only where
 * the window has no gap to them: between its rows, or beyond an end that is the end of the history.
 * @param atEnd the reader follows the newest message, so that the oldest rows may go; otherwise the newest go
 */
export const applyRows = (
  window: TimelineWindow,
  changed: readonly MessageView[],
  atEnd: boolean,
  limit = WINDOW_ROWS,
): TimelineWindow => {
  const known = new Map(window.rows.map((row) => [row.id, row]));
  const fitting = changed.filter((row) => {
    const held = known.get(row.id);
    return held === undefined ? covers(window, row) : row.rev > held.rev;
  });
  if (fitting.length === 0) return window;
  const next = { ...window, rows: merge(window.rows, fitting) };
  // Somebody who reads old messages must not lose them under their eyes: there the window may grow by half.
  return atEnd ? dropOldest(next, limit) : dropNewest(next, Math.ceil(limit * 1.5));
};

/** Without rows that were deleted; the same window where it holds none of them. */
export const removeRows = (window: TimelineWindow, ids: readonly MessageId[]): TimelineWindow => {
  const gone = new Set(ids);
  const rows = window.rows.filter(({ id }) => !gone.has(id));
  return rows.length === window.rows.length ? window : { ...window, rows };
};

const covers = ({ rows, hasOlder, hasNewer, gapBefore }: TimelineWindow, row: MessageView): boolean => {
  const first = rows[0];
  const last = rows.at(-1);
  // What comes into an empty chat is its newest, whatever the archive still has.
  if (first === undefined || last === undefined) return (!hasOlder || gapBefore === true) && !hasNewer;
  return (inOrder(row, first) > 0 || !hasOlder) && (inOrder(row, last) < 0 || !hasNewer);
};

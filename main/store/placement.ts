/**
 * Places in the timeline. A place is a time in milliseconds since 1970 whose fraction keeps the order within
 * one millisecond: archives stamp by the second, and clocks are set back. Rows that came from the archive
 * stand in the archive's order over all chats of an account, whatever their stamps say.
 */

/** The least distance of two places: exact in a double until the year 2248. */
export const PLACE_STEP = 2 ** -10;

/**
 * Several stanzas of one packet, or a clock that was put right a little. Also how far below its bound a page
 * begins whose stamps lie beyond it: near enough for the day, with room for the pages that follow.
 */
const BURST_MS = 1_000;
const BURST_STEP = 2 ** -4;
/** A clock that is wrong: room for what the archive may still bring between two rows. */
const BEHIND_STEP = 64;

/**
 * The place of what arrives now: behind everything that the archive has given.
 * @param at when it was written, at most now
 * @param head the greatest place of the archive's rows so far
 */
export const placeLive = (at: number, head: number): number => {
  if (at > head) return at;
  return head + (head - at < BURST_MS ? BURST_STEP : BEHIND_STEP);
};

export interface PageEntry {
  /** When the archive received it. */
  readonly stamp: number;
  /** The place of the row, where it is here already. */
  readonly place?: number | undefined;
}

export interface PageBounds {
  /** The page belongs between these places; undefined where nothing is known on that side. */
  readonly after: number | undefined;
  readonly before: number | undefined;
  /** The side on which the page touches what is here: `after` for pages forward, `before` for pages back. */
  readonly from: 'after' | 'before';
}

/**
 * Places for a page of the archive, strictly ascending while there is room. Rows that stand right already
 * keep their place; every other entry gets its stamp, or the nearest place that the order leaves.
 * @param entries in the archive's order, oldest first
 */
export const placePage = (entries: readonly PageEntry[], bounds: PageBounds): readonly number[] => {
  if (bounds.from === 'after') return placeForward(entries, bounds.after, bounds.before);
  // The same in a mirror: time runs back.
  const mirrored = entries
    .toReversed()
    .map(({ stamp, place }) => ({ stamp: -stamp, place: place === undefined ? undefined : -place }));
  const [after, before] = [bounds.before, bounds.after].map((place) =>
    place === undefined ? undefined : -place,
  );
  return placeForward(mirrored, after, before)
    .toReversed()
    .map((place) => -place);
};

const placeForward = (
  entries: readonly PageEntry[],
  after: number | undefined,
  before: number | undefined,
): readonly number[] => {
  const known = entries.flatMap(({ place }, index) => (place === undefined ? [] : [{ place, index }]));
  let last = after ?? Number.NEGATIVE_INFINITY;
  let ahead = 0;
  return entries.map(({ stamp, place }, index) => {
    if (place !== undefined && place > last) {
      last = place;
      return last;
    }
    // The next row that may keep its place; one that the page has overtaken will move itself.
    for (let next = known[ahead]; next !== undefined && (next.index <= index || next.place <= last);) {
      ahead += 1;
      next = known[ahead];
    }
    const bound = before !== undefined && before > last ? before : Number.POSITIVE_INFINITY;
    last = placeBetween(stamp, last, known[ahead]?.place ?? bound);
    return last;
  });
};

const placeBetween = (stamp: number, last: number, limit: number): number => {
  if (stamp > last && stamp < limit) return stamp;
  const next = stamp <= last ? last + PLACE_STEP : Math.max(last + PLACE_STEP, limit - BURST_MS);
  if (next < limit) return next;
  // No room any more: what shares a place stands in the order in which it is stored.
  const middle = (last + limit) / 2;
  return middle < limit ? middle : last;
};

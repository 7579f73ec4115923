/** The rule of every live collection: main numbers its changes, and an older number never wins. */

export interface Revised {
  readonly rev: number;
}

/**
 * Puts changed rows into a collection. A row that is older than the one already there is ignored.
 * @returns the same map where nothing changed, so that nothing is drawn again
 */
export const upsertRows = <K, R extends Revised>(
  rows: ReadonlyMap<K, R>,
  changed: readonly R[],
  keyOf: (row: R) => K,
): ReadonlyMap<K, R> => {
  const newer = changed.filter((row) => row.rev > (rows.get(keyOf(row))?.rev ?? Number.NEGATIVE_INFINITY));
  if (newer.length === 0) return rows;
  const next = new Map(rows);
  for (const row of newer) {
    // Two changes of one row may come in one batch.
    if (row.rev > (next.get(keyOf(row))?.rev ?? Number.NEGATIVE_INFINITY)) next.set(keyOf(row), row);
  }
  return next;
};

/** Drops the rows for which `gone` holds; the same map where there is none. */
export const dropRows = <K, R>(rows: ReadonlyMap<K, R>, gone: (row: R) => boolean): ReadonlyMap<K, R> => {
  const kept = [...rows].filter(([, row]) => !gone(row));
  return kept.length === rows.size ? rows : new Map(kept);
};

/** A snapshot replaces a collection, whatever was there before: main may have started anew since. */
export const replaceRows = <K, R>(rows: readonly R[], keyOf: (row: R) => K): ReadonlyMap<K, R> =>
  new Map(rows.map((row) => [keyOf(row), row]));

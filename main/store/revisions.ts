import type { Database } from './database.ts';

/** Numbers of one run. 2^21 runs fit into the integers that JavaScript counts exactly. */
const NUMBERS_PER_RUN = 2 ** 32;

/**
 * The one counter of `rev`: whoever holds a row ignores an update with an older one. Each opening takes
 * a block of numbers, so that no number costs a write and none comes twice after a rollback or a crash.
 */
export class Revisions {
  #last: number;

  constructor(database: Database) {
    const row = database.one<{ value: number }>(
      `INSERT INTO counters (name, value) VALUES ('rev', $block)
       ON CONFLICT (name) DO UPDATE SET value = value + $block RETURNING value`,
      { block: NUMBERS_PER_RUN },
    );
    this.#last = (row?.value ?? NUMBERS_PER_RUN) - NUMBERS_PER_RUN;
  }

  /** A number greater than every one before it, also of earlier runs. */
  next(): number {
    this.#last += 1;
    return this.#last;
  }
}

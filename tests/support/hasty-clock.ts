import { systemClock, type Clock } from '#main/util/clock.ts';

export interface HastyClock extends Clock {
  /** Sets the clock so far ahead of the true time, in milliseconds. */
  setAhead(ms: number): void;
}

/** What is this long is a deadline: a connection that does not answer within it counts as dead. */
const DEADLINE_MS = 5_000;
const LONG_DEADLINE_MS = 20_000;
/** And a machine that is busy is not dead: deadlines are at least this long, however hasty the clock. */
const SHORTEST_MS = 2_000;
const SHORTEST_LONG_MS = 6_000;

/**
 * A clock whose timers run out early, so that a test does not spend its time on back-off, settling times and
 * deadlines. What it calls now is the true time, or as far from it as it was set.
 * @param haste how many times faster timers run
 */
export const hastyClock = (haste: number, aheadMs = 0): HastyClock => {
  let ahead = aheadMs;
  return {
    now: () => systemClock.now() + ahead,
    after: (ms, act) => systemClock.after(Math.max(ms / haste, haste === 1 ? 0 : shortest(ms)), act),
    setAhead: (ms) => {
      ahead = ms;
    },
  };
};

const shortest = (ms: number): number => {
  if (ms >= LONG_DEADLINE_MS) return SHORTEST_LONG_MS;
  return ms >= DEADLINE_MS ? SHORTEST_MS : 0;
};

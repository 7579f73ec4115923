import { systemClock, type Clock } from '#main/util/clock.ts';

export interface HastyClock extends Clock {
  /** Sets the clock so far ahead of the true time, in milliseconds. */
  setAhead(ms: number): void;
}

/**
 * A clock whose timers run out early, so that a test does not spend its time on back-off, settling times and
 * deadlines. What it calls now is the true time, or as far from it as it was set.
 * @param haste how many times faster timers run
 */
export const hastyClock = (haste: number, aheadMs = 0): HastyClock => {
  let ahead = aheadMs;
  return {
    now: () => systemClock.now() + ahead,
    after: (ms, act) => systemClock.after(ms / haste, act),
    setAhead: (ms) => {
      ahead = ms;
    },
  };
};

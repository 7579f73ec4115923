import type { Clock } from '#main/util/clock.ts';
import type { Disposable } from '#main/util/disposables.ts';

export const IDLENESS_TIMES = {
  /** Who reads or thinks does not touch anything for a while either. */
  afterMs: 300_000,
  lookMs: 15_000,
} as const;

/** Notices that nobody uses this computer, and that somebody does again; the system is asked now and then. */
export class Idleness implements Disposable {
  readonly #clock: Clock;
  readonly #seconds: () => number;
  readonly #changed: (since: number | undefined) => void;
  #isIdle = false;
  #cancel = (): void => undefined;

  /**
   * @param seconds how long nobody has touched keyboard or mouse
   * @param changed told since when that is, milliseconds since 1970; undefined when somebody has come back
   */
  constructor(clock: Clock, seconds: () => number, changed: (since: number | undefined) => void) {
    this.#clock = clock;
    this.#seconds = seconds;
    this.#changed = changed;
    this.#watch();
  }

  dispose(): void {
    this.#cancel();
  }

  #watch(): void {
    this.#cancel = this.#clock.after(IDLENESS_TIMES.lookMs, () => {
      this.#watch();
      const ms = this.#seconds() * 1_000;
      const isIdle = ms >= IDLENESS_TIMES.afterMs;
      if (isIdle === this.#isIdle) return;
      this.#isIdle = isIdle;
      this.#changed(isIdle ? this.#clock.now() - ms : undefined);
    });
  }
}

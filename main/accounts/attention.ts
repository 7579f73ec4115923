import type { Clock } from '#main/util/clock.ts';
import type { Disposable } from '#main/util/disposables.ts';

/** A look at another window is no absence; servers would flush and hold back again for each. */
const ABSENT_AFTER_MS = 10_000;

/** Whether somebody looks at one of our windows. */
export class Attention implements Disposable {
  readonly #clock: Clock;
  readonly #changed: (active: boolean) => void;
  readonly #seen = new Set<object>();
  #active = true;
  /** Nobody uses this computer, whatever it shows. */
  #isIdle = false;
  #cancel: (() => void) | undefined;

  /** @param changed told at once when somebody comes, and some seconds after everybody has gone */
  constructor(clock: Clock, changed: (active: boolean) => void) {
    this.#clock = clock;
    this.#changed = changed;
  }

  /** True until nobody has looked for some seconds; at start, until a window has said otherwise. */
  get active(): boolean {
    return this.#active;
  }

  /** @param window whatever identifies it */
  set(window: object, visible: boolean): void {
    if (visible) this.#seen.add(window);
    else this.#seen.delete(window);
    this.#look();
  }

  /** @param isIdle whether the system says that nobody uses this computer */
  setIdle(isIdle: boolean): void {
    this.#isIdle = isIdle;
    // It has waited for long already.
    if (isIdle && this.#active) this.#leave();
    else this.#look();
  }

  dispose(): void {
    this.#cancel?.();
  }

  #look(): void {
    if (this.#seen.size > 0 && !this.#isIdle) this.#come();
    else if (this.#active) this.#cancel ??= this.#clock.after(ABSENT_AFTER_MS, () => this.#leave());
  }

  #come(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#active) return;
    this.#active = true;
    this.#changed(true);
  }

  #leave(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#active = false;
    this.#changed(false);
  }
}

import type { Clock } from '#main/util/clock.ts';
import { openWithSystem } from '../external.ts';
import type { SecretStore, Shell } from '../shell.ts';

const LOOK_EVERY = 5_000;
/** A gap that neither a busy processor nor a corrected clock makes. */
const ASLEEP_AFTER = 30_000;

/** What plain Node can do for the application. The number of unread messages is shown by the window's title. */
export const createWebShell = (options: {
  readonly profileDir: string;
  readonly secrets: SecretStore;
  readonly clock: Clock;
}): Shell => ({
  host: 'loopback',
  profileDir: options.profileDir,
  secrets: options.secrets,
  openExternal: (url) => openWithSystem(url),
  setBadge: () => {},
  onPower: (listener) => watchForSleep(options.clock, () => listener('wake')),
});

/**
 * Plain Node hears no power events. Timers stand still while the machine sleeps and the wall clock does not,
 * so a timer that comes far too late by the clock means that the machine has just woken.
 * @returns its own off
 */
const watchForSleep = (clock: Clock, woke: () => void): (() => void) => {
  let expected = clock.now() + LOOK_EVERY;
  const look = (): void => {
    const late = clock.now() - expected;
    expected = clock.now() + LOOK_EVERY;
    cancel = clock.after(LOOK_EVERY, look);
    if (late > ASLEEP_AFTER) woke();
  };
  let cancel = clock.after(LOOK_EVERY, look);
  return () => cancel();
};

import type { Clock } from '#main/util/clock.ts';
import { givenUp, type DialError } from './dial-error.ts';

/**
 * Runs `act` with a signal that is aborted with `late` after `ms`, or with `givenUp()` when `outer` is.
 * `act` must end soon after its signal, rejecting with the signal's reason. Leaves no timer and no listener.
 */
export const withDeadline = async <T>(
  clock: Clock,
  outer: AbortSignal,
  ms: number,
  late: () => DialError,
  act: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  if (outer.aborted) throw givenUp();
  const inner = new AbortController();
  const giveUp = (): void => inner.abort(givenUp());
  outer.addEventListener('abort', giveUp, { once: true });
  const cancel = clock.after(ms, () => inner.abort(late()));
  try {
    return await act(inner.signal);
  } finally {
    cancel();
    outer.removeEventListener('abort', giveUp);
  }
};

/** Calls `stop` with the reason when the signal is aborted, at once where it already is. Returns its off. */
export const onAbort = (signal: AbortSignal, stop: (reason: DialError) => void): (() => void) => {
  const listener = (): void => stop(signal.reason as DialError);
  if (signal.aborted) listener();
  else signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
};

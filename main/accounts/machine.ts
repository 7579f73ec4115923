import type { ErrorCode } from '#shared/errors.ts';
import type { CertificateView, ConnectionErrorView, ConnectionStep, RetryAdvice } from '#shared/views.ts';

/**
 * The life of an account's connection as a pure function: `(state, event) -> [state, effects]`.
 * Whoever runs the effects reports back with events; nothing here waits, connects or throws.
 */

export type AccountState =
  /** Switched off by the user. */
  | { readonly phase: 'disabled' }
  /** No use in trying: the computer sleeps or has no network. `attempt` as in `waiting`. */
  | { readonly phase: 'offline'; readonly attempt: number }
  | { readonly phase: 'connecting'; readonly attempt: number }
  /** Bound; roster and presence are on their way. */
  | { readonly phase: 'syncing'; readonly attempt: number }
  | { readonly phase: 'online'; readonly attempt: number; readonly since: number }
  /** A failure that time may cure; the next attempt is at `until` (ms since 1970). */
  | {
      readonly phase: 'waiting';
      readonly attempt: number;
      readonly until: number;
      readonly error: ConnectionErrorView;
    }
  /** A failure that only the user can cure. */
  | { readonly phase: 'failed'; readonly error: ConnectionErrorView };

export type AccountEvent =
  | { readonly type: 'enable' }
  | { readonly type: 'disable' }
  /** The system says that the network came or went. */
  | { readonly type: 'network'; readonly up: boolean }
  | { readonly type: 'suspend' }
  | { readonly type: 'wake' }
  /** The user asks for an attempt now. */
  | { readonly type: 'retry' }
  /** Password, pin or server settings were changed. */
  | { readonly type: 'credentials' }
  | { readonly type: 'stream-up'; readonly resumed: boolean }
  | { readonly type: 'stream-down'; readonly error: ConnectionErrorView }
  | { readonly type: 'synced' }
  /** The wait that the last `wait` effect asked for is over. */
  | { readonly type: 'timer' };

export type AccountEffect =
  | { readonly type: 'open' }
  /** Say goodbye and end the stream or the attempt. */
  | { readonly type: 'close' }
  /** Drop the stream without a word, so that it can be resumed. */
  | { readonly type: 'abort' }
  /** Ask a stream that may be dead for a sign of life. */
  | { readonly type: 'probe' }
  | { readonly type: 'wait'; readonly ms: number }
  | { readonly type: 'cancel-wait' }
  | { readonly type: 'sync'; readonly full: boolean }
  | { readonly type: 'run-outbox' }
  | { readonly type: 'hold-outbox' };

/** What the reducer may not know by itself. */
export interface MachineEnvironment {
  readonly now: number;
  /** Uniform in [0, 1). */
  readonly random: number;
}

export type Transition = readonly [AccountState, readonly AccountEffect[]];

export const BACKOFF = {
  firstMs: 1_000,
  lastMs: 300_000,
  /** A server that asks for patience gets at least this. */
  laterMs: 60_000,
  /** A connection that lasted this long was good: the count starts again. */
  goodMs: 60_000,
} as const;

/** 1 s, 2 s, 4 s … 5 min, each up to a quarter longer, so that a server's clients do not return as one. */
const backoff = (attempt: number, advice: RetryAdvice, random: number): number => {
  const base = Math.min(BACKOFF.lastMs, BACKOFF.firstMs * 2 ** Math.min(attempt, 20));
  return Math.round((advice === 'retry-later' ? Math.max(base, BACKOFF.laterMs) : base) * (1 + random / 4));
};

const stay = (state: AccountState): Transition => [state, []];

const connect = (attempt: number, ...before: readonly AccountEffect[]): Transition => [
  { phase: 'connecting', attempt },
  [...before, { type: 'open' }],
];

const isUp = (state: AccountState): boolean => state.phase === 'syncing' || state.phase === 'online';

/** What has to be undone when a state is left for reasons of our own. */
const leave = (state: AccountState, how: 'close' | 'abort'): readonly AccountEffect[] => {
  switch (state.phase) {
    case 'waiting':
      return [{ type: 'cancel-wait' }];
    case 'connecting':
      return [{ type: how }];
    case 'syncing':
    case 'online':
      return [{ type: 'hold-outbox' }, { type: how }];
    default:
      return [];
  }
};

const failed = (state: AccountState, error: ConnectionErrorView, env: MachineEnvironment): Transition => {
  if (state.phase !== 'connecting' && !isUp(state)) return stay(state);
  const held: readonly AccountEffect[] = isUp(state) ? [{ type: 'hold-outbox' }] : [];
  if (error.advice === 'needs-user') return [{ phase: 'failed', error }, held];
  const wasGood = state.phase === 'online' && env.now - state.since >= BACKOFF.goodMs;
  const attempt = wasGood || !('attempt' in state) ? 0 : state.attempt;
  const ms = backoff(attempt, error.advice, env.random);
  return [
    { phase: 'waiting', attempt: attempt + 1, until: env.now + ms, error },
    [...held, { type: 'wait', ms }],
  ];
};

const tryNow = (state: AccountState): Transition => {
  switch (state.phase) {
    case 'waiting':
      return connect(0, { type: 'cancel-wait' });
    case 'offline':
    case 'failed':
      return connect(0);
    default:
      return stay(state);
  }
};

/** The next state, and what has to be done to get there. Events that do not fit a state change nothing. */
export const transition = (state: AccountState, event: AccountEvent, env: MachineEnvironment): Transition => {
  if (event.type === 'disable') return [{ phase: 'disabled' }, leave(state, 'close')];
  if (state.phase === 'disabled') return event.type === 'enable' ? connect(0) : stay(state);
  switch (event.type) {
    case 'enable':
      return stay(state);
    case 'suspend':
      return state.phase === 'failed'
        ? stay(state)
        : [{ phase: 'offline', attempt: 0 }, leave(state, 'abort')];
    case 'network':
      if (event.up) return isUp(state) ? [state, [{ type: 'probe' }]] : wakeUp(state);
      return state.phase === 'failed'
        ? stay(state)
        : [{ phase: 'offline', attempt: 0 }, leave(state, 'abort')];
    case 'wake':
      // The stream may have died in our sleep without a word.
      return isUp(state) ? [state, [{ type: 'probe' }]] : wakeUp(state);
    case 'retry':
      return tryNow(state);
    case 'credentials':
      return connect(0, ...leave(state, 'close'));
    case 'stream-up':
      if (state.phase !== 'connecting') return stay(state);
      return [{ phase: 'syncing', attempt: state.attempt }, [{ type: 'sync', full: !event.resumed }]];
    case 'stream-down':
      return failed(state, event.error, env);
    case 'synced':
      if (state.phase !== 'syncing') return stay(state);
      return [{ phase: 'online', attempt: state.attempt, since: env.now }, [{ type: 'run-outbox' }]];
    case 'timer':
      return state.phase === 'waiting' ? connect(state.attempt) : stay(state);
  }
};

/** Waking is a good reason to try at once, but not to repeat what only the user can cure. */
const wakeUp = (state: AccountState): Transition => (state.phase === 'failed' ? stay(state) : tryNow(state));

/** The parts of a failure that a view shows. */
export const connectionError = (failure: {
  readonly code: ErrorCode;
  readonly step: ConnectionStep;
  readonly advice: RetryAdvice;
  readonly host?: string | undefined;
  readonly condition?: string | undefined;
  readonly certificate?: CertificateView | undefined;
}): ConnectionErrorView => ({
  code: failure.code,
  step: failure.step,
  advice: failure.advice,
  ...(failure.host === undefined ? {} : { host: failure.host }),
  ...(failure.condition === undefined ? {} : { condition: failure.condition }),
  ...(failure.certificate === undefined ? {} : { certificate: failure.certificate }),
});

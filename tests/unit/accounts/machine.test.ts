import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  BACKOFF,
  transition,
  type AccountEvent,
  type AccountState,
  type MachineEnvironment,
} from '#main/accounts/machine.ts';
import type { ConnectionErrorView } from '#shared/views.ts';

const lost: ConnectionErrorView = { code: 'connection-lost', step: 'session', advice: 'retry-now' };
const shutdown: ConnectionErrorView = { code: 'server-shutdown', step: 'session', advice: 'retry-later' };
const password: ConnectionErrorView = { code: 'auth-failed', step: 'auth', advice: 'needs-user' };

const NOW = 1_000_000;
const env: MachineEnvironment = { now: NOW, random: 0 };

const disabled: AccountState = { phase: 'disabled' };
const offline: AccountState = { phase: 'offline', attempt: 0 };
const connecting: AccountState = { phase: 'connecting', attempt: 2 };
const syncing: AccountState = { phase: 'syncing', attempt: 2 };
const online: AccountState = { phase: 'online', attempt: 2, since: NOW - 1000 };
const longOnline: AccountState = { phase: 'online', attempt: 2, since: NOW - BACKOFF.goodMs };
const waiting: AccountState = { phase: 'waiting', attempt: 3, until: NOW + 8000, error: lost };
const failed: AccountState = { phase: 'failed', error: password };

const down = (error: ConnectionErrorView): AccountEvent => ({ type: 'stream-down', error });

/** state, event, next phase, effects in short: `wait 1000`, `sync full` */
const table: readonly (readonly [AccountState, AccountEvent, string, string])[] = [
  [disabled, { type: 'enable' }, 'connecting 0', 'open'],
  [disabled, { type: 'wake' }, 'disabled', ''],
  [disabled, { type: 'credentials' }, 'disabled', ''],
  [disabled, { type: 'retry' }, 'disabled', ''],
  [disabled, down(lost), 'disabled', ''],

  [offline, { type: 'wake' }, 'connecting 0', 'open'],
  [offline, { type: 'network', up: true }, 'connecting 0', 'open'],
  [offline, { type: 'network', up: false }, 'offline 0', ''],
  [offline, { type: 'retry' }, 'connecting 0', 'open'],
  [offline, { type: 'timer' }, 'offline 0', ''],
  [offline, { type: 'disable' }, 'disabled', ''],

  [connecting, { type: 'stream-up', resumed: false }, 'syncing 2', 'sync full'],
  [connecting, { type: 'stream-up', resumed: true }, 'syncing 2', 'sync'],
  [connecting, down(lost), 'waiting 3', 'wait 4000'],
  [connecting, down(shutdown), 'waiting 3', 'wait 60000'],
  [connecting, down(password), 'failed', ''],
  [connecting, { type: 'suspend' }, 'offline 0', 'abort'],
  [connecting, { type: 'network', up: false }, 'offline 0', 'abort'],
  [connecting, { type: 'disable' }, 'disabled', 'close'],
  [connecting, { type: 'credentials' }, 'connecting 0', 'close, open'],
  [connecting, { type: 'retry' }, 'connecting 2', ''],

  [syncing, { type: 'synced' }, 'online 2', 'run-outbox'],
  [syncing, down(lost), 'waiting 3', 'hold-outbox, wait 4000'],
  [syncing, { type: 'disable' }, 'disabled', 'hold-outbox, close'],
  [syncing, { type: 'stream-up', resumed: false }, 'syncing 2', ''],

  [online, down(lost), 'waiting 3', 'hold-outbox, wait 4000'],
  [longOnline, down(lost), 'waiting 1', 'hold-outbox, wait 1000'],
  [longOnline, down(shutdown), 'waiting 1', 'hold-outbox, wait 60000'],
  [online, down(password), 'failed', 'hold-outbox'],
  [online, { type: 'suspend' }, 'offline 0', 'hold-outbox, abort'],
  [online, { type: 'network', up: false }, 'offline 0', 'hold-outbox, abort'],
  [online, { type: 'network', up: true }, 'online 2', 'probe'],
  [online, { type: 'wake' }, 'online 2', 'probe'],
  [online, { type: 'retry' }, 'online 2', ''],
  [online, { type: 'credentials' }, 'connecting 0', 'hold-outbox, close, open'],
  [online, { type: 'disable' }, 'disabled', 'hold-outbox, close'],
  [online, { type: 'synced' }, 'online 2', ''],

  [waiting, { type: 'timer' }, 'connecting 3', 'open'],
  [waiting, { type: 'retry' }, 'connecting 0', 'cancel-wait, open'],
  [waiting, { type: 'wake' }, 'connecting 0', 'cancel-wait, open'],
  [waiting, { type: 'network', up: true }, 'connecting 0', 'cancel-wait, open'],
  [waiting, { type: 'suspend' }, 'offline 0', 'cancel-wait'],
  [waiting, { type: 'disable' }, 'disabled', 'cancel-wait'],
  [waiting, { type: 'credentials' }, 'connecting 0', 'cancel-wait, open'],
  [waiting, down(lost), 'waiting 3', ''],

  [failed, { type: 'wake' }, 'failed', ''],
  [failed, { type: 'network', up: true }, 'failed', ''],
  [failed, { type: 'suspend' }, 'failed', ''],
  [failed, { type: 'timer' }, 'failed', ''],
  [failed, { type: 'enable' }, 'failed', ''],
  [failed, { type: 'retry' }, 'connecting 0', 'open'],
  [failed, { type: 'credentials' }, 'connecting 0', 'open'],
  [failed, { type: 'disable' }, 'disabled', ''],
];

const shortState = (state: AccountState): string =>
  'attempt' in state ? `${state.phase} ${state.attempt}` : state.phase;

describe('the account machine', () => {
  for (const [state, event, phase, effects] of table) {
    test(`${shortState(state)} + ${JSON.stringify(event)} -> ${phase}`, () => {
      const [next, wanted] = transition(state, event, env);
      expect(shortState(next)).toBe(phase);
      const short = wanted.map((effect) =>
        effect.type === 'wait'
          ? `wait ${effect.ms}`
          : effect.type === 'sync' && effect.full
            ? 'sync full'
            : effect.type,
      );
      expect(short.join(', ')).toBe(effects);
    });
  }

  it('waits longer after each failure, up to five minutes and a quarter', () => {
    let state: AccountState = { phase: 'connecting', attempt: 0 };
    const waits: number[] = [];
    for (let i = 0; i < 12; i++) {
      const [wait, effects] = transition(state, down(lost), { now: NOW, random: 0.999 });
      waits.push(...effects.flatMap((effect) => (effect.type === 'wait' ? [effect.ms] : [])));
      [state] = transition(wait, { type: 'timer' }, env);
    }
    expect(waits.slice(0, 4)).toEqual([1250, 2500, 4999, 9998]);
    expect(Math.max(...waits)).toBeLessThanOrEqual(BACKOFF.lastMs * 1.25);
    expect(waits.at(-1)).toBeGreaterThan(BACKOFF.lastMs);
  });

  it('never holds two streams, never forgets a timer, whatever happens', () => {
    const error = fc.constantFrom(lost, shutdown, password);
    const event: fc.Arbitrary<AccountEvent> = fc.oneof(
      fc.constantFrom<AccountEvent>(
        { type: 'enable' },
        { type: 'disable' },
        { type: 'suspend' },
        { type: 'wake' },
        { type: 'retry' },
        { type: 'credentials' },
        { type: 'synced' },
        { type: 'timer' },
        { type: 'network', up: true },
        { type: 'network', up: false },
        { type: 'stream-up', resumed: true },
        { type: 'stream-up', resumed: false },
      ),
      error.map(down),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        let state: AccountState = disabled;
        let streams = 0;
        let timers = 0;
        for (const one of events) {
          // Only what is there can report.
          if ((one.type === 'stream-up' || one.type === 'stream-down') && streams === 0) continue;
          if (one.type === 'timer' && timers === 0) continue;
          if (one.type === 'stream-down') streams--;
          if (one.type === 'timer') timers--;
          const [next, effects] = transition(state, one, env);
          for (const effect of effects) {
            if (effect.type === 'open') streams++;
            if (effect.type === 'close' || effect.type === 'abort') streams--;
            if (effect.type === 'wait') timers++;
            if (effect.type === 'cancel-wait') timers--;
          }
          state = next;
          const up = ['connecting', 'syncing', 'online'].includes(state.phase);
          expect(streams).toBe(up ? 1 : 0);
          expect(timers).toBe(state.phase === 'waiting' ? 1 : 0);
        }
      }),
    );
  });
});

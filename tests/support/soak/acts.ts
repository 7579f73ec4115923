import fc from 'fast-check';
import { deviceNames, type DeviceName } from './world.ts';

/**
 * What happens in a sequence. Plain data, so that a failing one can be printed and repeated. `pick`, from 0 to
 * 1, chooses among the messages of this sequence that the computer shows then: 1 is the newest.
 */
export type Act =
  | { readonly act: 'send'; readonly device: DeviceName; readonly count: number }
  | { readonly act: 'reply'; readonly device: DeviceName; readonly pick: number }
  | { readonly act: 'edit'; readonly device: DeviceName; readonly pick: number }
  | { readonly act: 'retract'; readonly device: DeviceName; readonly pick: number }
  | {
      readonly act: 'react';
      readonly device: DeviceName;
      readonly pick: number;
      readonly emoji: string;
      readonly on: boolean;
    }
  | { readonly act: 'read'; readonly device: DeviceName; readonly pick: number }
  /** From this computer alone. */
  | { readonly act: 'delete'; readonly device: DeviceName; readonly pick: number }
  /** Sends some milliseconds later; or thinks better of it. */
  | { readonly act: 'schedule'; readonly device: DeviceName; readonly ms: number; readonly cancel: boolean }
  | Fault
  | { readonly act: 'mend'; readonly device: DeviceName }
  | { readonly act: 'run'; readonly device: DeviceName }
  | { readonly act: 'wake'; readonly device: DeviceName }
  | { readonly act: 'pause'; readonly ms: number };

export type Fault =
  /** Both ends see a reset. */
  | { readonly act: 'cut'; readonly device: DeviceName }
  /** Only the computer sees it: the server believes in the connection for a while. */
  | { readonly act: 'cut-client'; readonly device: DeviceName }
  /** Only the server sees it. */
  | { readonly act: 'cut-server'; readonly device: DeviceName }
  /** Half-open: everything vanishes, nothing is closed. */
  | { readonly act: 'swallow'; readonly device: DeviceName }
  /** Nothing answers at the server's port. */
  | { readonly act: 'refuse'; readonly device: DeviceName }
  /** Packets of so many bytes. */
  | { readonly act: 'chunk'; readonly device: DeviceName; readonly size: number }
  | { readonly act: 'delay'; readonly device: DeviceName; readonly ms: number }
  /** So many bytes of what comes next still pass: cut inside of a stanza. */
  | { readonly act: 'truncate'; readonly device: DeviceName; readonly bytes: number }
  /** So many bytes are lost inside of what comes next. */
  | { readonly act: 'lose'; readonly device: DeviceName; readonly bytes: number }
  /** What is said on the present connection arrives when the next one is up. */
  | { readonly act: 'late'; readonly device: DeviceName }
  /** kill -9 */
  | { readonly act: 'kill'; readonly device: DeviceName }
  | { readonly act: 'quit'; readonly device: DeviceName }
  /** The computer goes to sleep, until it wakes. */
  | { readonly act: 'sleep'; readonly device: DeviceName }
  /** Another network: the system says so. */
  | { readonly act: 'roam'; readonly device: DeviceName }
  /** The clock is set wrong by so much. */
  | { readonly act: 'clock'; readonly device: DeviceName; readonly aheadMs: number }
  | { readonly act: 'restart-server'; readonly signal: 'SIGKILL' | 'SIGTERM' };

const faults: ReadonlySet<string> = new Set([
  ...['cut', 'cut-client', 'cut-server', 'swallow', 'refuse', 'chunk', 'delay', 'truncate', 'lose', 'late'],
  ...['kill', 'quit', 'sleep', 'roam', 'clock', 'restart-server'],
]);

export const isFault = (act: Act): act is Fault => faults.has(act.act);

const device = fc.constantFrom(...deviceNames);
const pick = fc.double({ min: 0, max: 1, noNaN: true }).map((value) => Math.round(value * 100) / 100);

const act = <Name extends Act['act'], Rest extends object = object>(
  weight: number,
  name: Name,
  rest: { readonly [Key in keyof Rest]: fc.Arbitrary<Rest[Key]> },
): { readonly weight: number; readonly arbitrary: fc.Arbitrary<{ readonly act: Name } & Rest> } => ({
  weight,
  arbitrary: fc.record({ act: fc.constant(name), ...rest }) as unknown as fc.Arbitrary<
    { readonly act: Name } & Rest
  >,
});

/** Messages, what is said about them, and faults, in any order; more messages than faults. */
export const acts: fc.Arbitrary<readonly Act[]> = fc.array(
  fc.oneof<fc.WeightedArbitrary<Act>[]>(
    act(14, 'send', { device, count: fc.integer({ min: 1, max: 3 }) }),
    act(3, 'reply', { device, pick }),
    act(4, 'edit', { device, pick }),
    act(2, 'retract', { device, pick }),
    act(4, 'react', { device, pick, emoji: fc.constantFrom('👍', '❤️', '😂'), on: fc.boolean() }),
    act(3, 'read', { device, pick }),
    act(2, 'delete', { device, pick }),
    act(2, 'schedule', { device, ms: fc.integer({ min: 0, max: 300 }), cancel: fc.boolean() }),
    act(3, 'cut', { device }),
    act(2, 'cut-client', { device }),
    act(1, 'cut-server', { device }),
    act(2, 'swallow', { device }),
    act(2, 'refuse', { device }),
    act(1, 'chunk', { device, size: fc.constantFrom(1, 7, 100) }),
    act(1, 'delay', { device, ms: fc.constantFrom(20, 100, 300) }),
    act(2, 'truncate', { device, bytes: fc.integer({ min: 0, max: 400 }) }),
    act(2, 'lose', { device, bytes: fc.integer({ min: 1, max: 200 }) }),
    act(2, 'late', { device }),
    act(4, 'mend', { device }),
    act(3, 'kill', { device }),
    act(1, 'quit', { device }),
    act(5, 'run', { device }),
    act(2, 'sleep', { device }),
    act(3, 'wake', { device }),
    act(1, 'roam', { device }),
    act(1, 'clock', { device, aheadMs: fc.constantFrom(-3_600_000, -5_000, 5_000, 3_600_000) }),
    act(2, 'restart-server', { signal: fc.constantFrom('SIGKILL', 'SIGTERM') }),
    act(6, 'pause', { ms: fc.integer({ min: 0, max: 150 }) }),
  ),
  { minLength: 4, maxLength: 18 },
);

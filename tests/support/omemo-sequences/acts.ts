import fc from 'fast-check';
import type { TrustPolicy } from '#shared/omemo.ts';
import type { BundleFate } from './server.ts';

/**
 * What happens in a sequence. Plain data, so that a failing one can be printed and played again. Computers,
 * people and devices are named by numbers, which count round among those that are there then.
 */
export type Act =
  | { readonly act: 'send'; readonly from: number; readonly to: number; readonly count: number }
  | { readonly act: 'edit' | 'resend'; readonly on: number }
  /** Nothing gets through in one direction until it is released. */
  | { readonly act: 'hold'; readonly on: number; readonly way: 'up' | 'down' }
  | { readonly act: 'trickle'; readonly on: number; readonly way: 'up' | 'down'; readonly count: number }
  | { readonly act: 'release'; readonly on: number }
  /** The connection breaks. What is on its way is lost, unless the stream can go on. */
  | { readonly act: 'cut'; readonly on: number; readonly resumable: boolean }
  /** The application ends and begins again on the same files. */
  | {
      readonly act: 'restart';
      readonly on: number;
      readonly how: 'quit' | 'crash';
      readonly forgets: boolean;
    }
  | { readonly act: 'leave'; readonly on: number }
  | { readonly act: 'come' }
  /** Somebody begins to use another computer. */
  | { readonly act: 'join'; readonly who: number }
  /** A computer is thrown away, and another one takes it from the list. */
  | { readonly act: 'remove'; readonly on: number }
  | {
      readonly act: 'decide';
      readonly on: number;
      readonly about: number;
      readonly what: 'trust' | 'distrust' | 'verify';
    }
  /** A computer has lost what it knew of its session with a device, as by a damaged disk. */
  | { readonly act: 'lose'; readonly on: number; readonly about: number }
  | { readonly act: 'bundle'; readonly of: number; readonly fate: BundleFate }
  | { readonly act: 'late' }
  /** The server gives messages a second time. */
  | { readonly act: 'repeat'; readonly on: number; readonly count: number }
  | { readonly act: 'wait'; readonly ms: number };

/** How the world of a sequence is made. */
export interface Setting {
  /** How many computers each person begins with. */
  readonly computers: readonly number[];
  readonly policy: TrustPolicy;
  readonly protection: 'automatic' | 'omemo';
  /** Whether carbons of what was sent carry the id of the archive. */
  readonly namesSent: boolean;
  /** Whether the server hands out bundles with a few prekeys only, so that several people take the same. */
  readonly isScarce: boolean;
}

export interface Sequence {
  readonly setting: Setting;
  readonly acts: readonly Act[];
}

const some = fc.nat(999);
const way = fc.constantFrom('up' as const, 'down' as const);

const act = <Name extends Act['act'], Rest extends object = object>(
  weight: number,
  names: readonly Name[],
  rest: { readonly [Key in keyof Rest]: fc.Arbitrary<Rest[Key]> },
): { readonly weight: number; readonly arbitrary: fc.Arbitrary<Act> } => ({
  weight,
  arbitrary: fc.record({ act: fc.constantFrom(...names), ...rest }) as unknown as fc.Arbitrary<Act>,
});

const acts: fc.Arbitrary<Act[]> = fc.array(
  fc.oneof(
    act(16, ['send'], { from: some, to: some, count: fc.integer({ min: 1, max: 3 }) }),
    act(2, ['edit', 'resend'], { on: some }),
    act(5, ['hold'], { on: some, way }),
    act(4, ['trickle'], { on: some, way, count: fc.integer({ min: 1, max: 4 }) }),
    act(4, ['release'], { on: some }),
    act(4, ['cut'], { on: some, resumable: fc.boolean() }),
    act(3, ['restart'], { on: some, how: fc.constantFrom('quit', 'crash'), forgets: fc.boolean() }),
    act(2, ['leave'], { on: some }),
    act(2, ['come'], {}),
    act(2, ['join'], { who: some }),
    act(1, ['remove'], { on: some }),
    act(6, ['decide'], {
      on: some,
      about: some,
      what: fc.constantFrom('trust', 'trust', 'trust', 'distrust', 'verify'),
    }),
    act(1, ['lose'], { on: some, about: some }),
    act(2, ['bundle'], { of: some, fate: fc.constantFrom('here', 'missing', 'late') }),
    act(1, ['late'], {}),
    act(2, ['repeat'], { on: some, count: fc.integer({ min: 1, max: 5 }) }),
    act(6, ['wait'], { ms: fc.constantFrom(100, 1_000, 2_000, 4_000, 40_000, 700_000) }),
  ),
  { minLength: 5, maxLength: 30 },
);

const setting: fc.Arbitrary<Setting> = fc.record({
  computers: fc.constantFrom([1, 1], [1, 1], [1, 2], [2, 2], [1, 1, 1], [2, 1, 1]),
  policy: fc.constantFrom('first-use' as const, 'blind' as const),
  protection: fc.constantFrom('automatic' as const, 'omemo' as const),
  namesSent: fc.boolean(),
  isScarce: fc.constantFrom(false, false, false, false, true),
});

const sequences: fc.Arbitrary<Sequence> = fc.record({ setting, acts });

/** The sequence of a seed: the same one each time. */
export const sequenceOf = (seed: number): Sequence => {
  const [sequence] = fc.sample(sequences, { numRuns: 1, seed });
  if (sequence === undefined) throw new Error('no sequence');
  return sequence;
};

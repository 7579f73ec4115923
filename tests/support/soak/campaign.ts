import fc from 'fast-check';
import { acts, type Act } from './acts.ts';
import { describeDamage } from './check.ts';
import { play, type Outcome } from './sequence.ts';
import { protections, World, type SoakProtection } from './world.ts';

/** The sequence of a seed: the same one each time. */
export const sequenceOf = (seed: number): readonly Act[] => {
  const [sequence = []] = fc.sample(acts, { numRuns: 1, seed });
  return sequence;
};

/** How the messages of a seed's sequence travel: as often encrypted as not. */
export const protectionOf = (seed: number): SoakProtection => {
  const [protection = 'omemo'] = fc.sample(fc.constantFrom(...protections), { numRuns: 1, seed });
  return protection;
};

export interface Played {
  readonly seed: number;
  readonly protection: SoakProtection;
  readonly sequence: readonly Act[];
  readonly outcome: Outcome;
  /** What went wrong, in words; empty where nothing did. */
  readonly words: string;
}

/** Most of a sequence is waiting: two at a time, each in a world of its own, keep two processors busy. */
const WORLDS = 2;
/** Then everybody begins anew: keys are exchanged under faults again, and no archive grows so long that it is slow. */
const SEQUENCES_IN_WORLD = 40;

/**
 * Plays one sequence after the other, two at a time.
 * @param nextSeed the seed of the next sequence; undefined ends the campaign
 * @param played gets each one when it is over
 */
export const campaign = async (
  nextSeed: () => number | undefined,
  played: (one: Played) => void,
): Promise<void> => {
  const playAll = async (): Promise<void> => {
    let world: World | undefined;
    let plays = 0;
    try {
      for (let seed = nextSeed(); seed !== undefined; seed = nextSeed()) {
        world ??= await World.start();
        const sequence = sequenceOf(seed);
        const protection = protectionOf(seed);
        const outcome = await play(world, sequence, { label: `q${seed}`, protection });
        const words = describeDamage(outcome.damage);
        played({ seed, protection, sequence, outcome, words });
        plays += 1;
        // Whatever is wrong there would be found again after each sequence to come.
        if (words === '' && plays % SEQUENCES_IN_WORLD !== 0) continue;
        await world.stop();
        world = undefined;
      }
    } finally {
      await world?.stop();
    }
  };
  const results = await Promise.allSettled(Array.from({ length: WORLDS }, playAll));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
};

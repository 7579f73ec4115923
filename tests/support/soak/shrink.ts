import type { Act } from './acts.ts';
import { describeDamage } from './check.ts';
import { play } from './sequence.ts';
import { World, type SoakProtection } from './world.ts';

export interface Shrunk {
  readonly sequence: readonly Act[];
  readonly damage: string;
}

/**
 * Leaves out of a failing sequence whatever is not needed to make it fail. Much depends on the moment: each try
 * is played several times, and what has failed once counts.
 * @returns undefined where it does not fail again
 */
export const shrink = async (
  sequence: readonly Act[],
  protection: SoakProtection,
  tries: number,
): Promise<Shrunk | undefined> => {
  const stage = new Stage(protection);
  try {
    const damage = await stage.failure(sequence, tries);
    if (damage === '') return undefined;
    let smallest: Shrunk = { sequence, damage };
    for (let size = sequence.length >> 1; size >= 1; size >>= 1) {
      for (let at = 0; at < smallest.sequence.length;) {
        const shorter = smallest.sequence.toSpliced(at, size);
        const found = await stage.failure(shorter, tries);
        if (found === '') at += size;
        else smallest = { sequence: shorter, damage: found };
      }
    }
    return smallest;
  } finally {
    await stage.end();
  }
};

/** A world that is kept while nothing goes wrong in it, and made anew where something has. */
class Stage {
  readonly #protection: SoakProtection;
  #world: World | undefined;
  #plays = 0;

  constructor(protection: SoakProtection) {
    this.#protection = protection;
  }

  /** @returns what went wrong, in words; empty where nothing did */
  async failure(sequence: readonly Act[], tries: number): Promise<string> {
    for (let attempt = 0; attempt < tries; attempt++) {
      this.#world ??= await World.start();
      const label = `again${this.#plays++}`;
      const { damage } = await play(this.#world, sequence, { label, protection: this.#protection });
      const words = describeDamage(damage);
      if (words === '') continue;
      await this.end();
      return words;
    }
    return '';
  }

  async end(): Promise<void> {
    const world = this.#world;
    this.#world = undefined;
    await world?.stop();
  }
}

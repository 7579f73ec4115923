import { isFault, type Act, type Fault } from './acts.ts';
import { isWhole, settle, type Damage } from './check.ts';
import { endAll, heal, perform } from './perform.ts';
import { Script } from './script.ts';
import type { SoakProtection, World } from './world.ts';

export interface Outcome {
  readonly damage: Damage;
  /** How many messages the users were told to be sent. */
  readonly messages: number;
  readonly faults: readonly Fault['act'][];
}

/** Plays one sequence in a world that the one before left whole, heals the network, and looks at every computer. */
export const play = async (
  world: World,
  sequence: readonly Act[],
  { label, protection }: { readonly label: string; readonly protection: SoakProtection },
): Promise<Outcome> => {
  const script = new Script(label, protection);
  await world.turnPage(protection);
  for (const act of sequence) await perform(world, act, script);
  await heal(world);
  const messages = script.sent.size;
  const damage = await settleAll(world, script);
  const faults = sequence.filter(isFault).map(({ act }) => act);
  return { damage, messages, faults };
};

/**
 * Of what was taken back nobody can tell whether it has left. So that nothing of it comes when the next sequence
 * is under way, everybody says that this was all: what leaves a computer leaves in its order.
 */
const settleAll = async (world: World, script: Script): Promise<Damage> => {
  const damage = await settle(world, script);
  if (!isWhole(damage)) return damage;
  await endAll(world, script);
  return settle(world, script);
};

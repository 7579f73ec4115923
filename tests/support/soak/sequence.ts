import fc from 'fast-check';
import { settle, type Damage } from './check.ts';
import { isFault, perform, type Act, type Script } from './faults.ts';
import { deviceNames, type World } from './world.ts';

const device = fc.constantFrom(...deviceNames);

/** Faults and messages in any order, more messages than faults. */
export const acts: fc.Arbitrary<readonly Act[]> = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        act: fc.constant('send' as const),
        device,
        count: fc.integer({ min: 1, max: 3 }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ act: fc.constant('cut' as const), device }) },
    { weight: 2, arbitrary: fc.record({ act: fc.constant('cut-client' as const), device }) },
    { weight: 2, arbitrary: fc.record({ act: fc.constant('swallow' as const), device }) },
    { weight: 1, arbitrary: fc.record({ act: fc.constant('refuse' as const), device }) },
    {
      weight: 1,
      arbitrary: fc.record({ act: fc.constant('chunk' as const), device, size: fc.constantFrom(1, 7, 100) }),
    },
    { weight: 2, arbitrary: fc.record({ act: fc.constant('mend' as const), device }) },
    { weight: 2, arbitrary: fc.record({ act: fc.constant('kill' as const), device }) },
    { weight: 1, arbitrary: fc.record({ act: fc.constant('quit' as const), device }) },
    { weight: 3, arbitrary: fc.record({ act: fc.constant('run' as const), device }) },
    {
      weight: 1,
      arbitrary: fc.record({
        act: fc.constant('restart-server' as const),
        signal: fc.constantFrom('SIGKILL' as const, 'SIGTERM' as const),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ act: fc.constant('pause' as const), ms: fc.integer({ min: 0, max: 150 }) }),
    },
  ),
  { minLength: 4, maxLength: 16 },
);

export interface Outcome {
  readonly damage: Damage;
  readonly messages: number;
  readonly faults: number;
}

/** Plays one sequence in a world that the one before left whole, heals the network, and looks at every computer. */
export const play = async (world: World, sequence: readonly Act[], label: string): Promise<Outcome> => {
  const script: Script = { label, promised: [], possible: [], sent: 0 };
  for (const act of sequence) await perform(world, act, script);
  await world.heal();
  const damage = await settle(world, script);
  return { damage, messages: script.promised.length, faults: sequence.filter(isFault).length };
};

/** The damage in words; empty where there is none. */
export const describeDamage = ({ lost, doubled, misordered, unsettled }: Damage): string =>
  [
    ...lost.map((one) => `lost: ${one}`),
    ...doubled.map((one) => `doubled: ${one}`),
    ...misordered.map((one) => `misordered: ${one}`),
    ...unsettled.map((one) => `not settled: ${one}`),
  ].join('\n');

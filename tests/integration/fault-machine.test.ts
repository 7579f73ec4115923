import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { acts, describeDamage, play } from '#tests/support/soak/sequence.ts';
import { World } from '#tests/support/soak/world.ts';

/**
 * Two people with two computers each, on a real server. After any sequence of messages, broken networks,
 * killed computers and server restarts, once everything is whole again, every computer shows every message
 * exactly once, in the archive's order, acknowledged. CHATSECURE_SEQUENCES sets how many sequences are played;
 * `npm run soak` plays them for as long as you like.
 */
const SEQUENCES = Number(process.env['CHATSECURE_SEQUENCES'] ?? '20');
const SEQUENCE_LIMIT_MS = 150_000;

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(() => world.stop());

it(
  'loses nothing, doubles nothing and misorders nothing',
  async () => {
    const seed = Number(process.env['CHATSECURE_SEED'] ?? Date.now() % 1_000_000);
    for (let index = 0; index < SEQUENCES; index++) {
      const [sequence = []] = fc.sample(acts, { numRuns: 1, seed: seed + index });
      const { damage } = await play(world, sequence, `q${index}`);
      expect(describeDamage(damage), `CHATSECURE_SEED=${seed + index} ${JSON.stringify(sequence)}`).toBe('');
    }
  },
  SEQUENCES * SEQUENCE_LIMIT_MS,
);

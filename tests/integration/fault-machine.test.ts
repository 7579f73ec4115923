import { expect, it } from 'vitest';
import { campaign } from '#tests/support/soak/campaign.ts';
import { describeDamage } from '#tests/support/soak/check.ts';
import { knownSequences } from '#tests/support/soak/known.ts';
import { play } from '#tests/support/soak/sequence.ts';
import { protections, World } from '#tests/support/soak/world.ts';

/**
 * Two people with two computers each, on a real server. After any sequence of messages and of what is said about
 * them, broken networks, killed computers and server restarts, once everything is whole again, every computer
 * shows every message exactly once, in the archive's order, in the state and with the text and the reactions that
 * it was left with; encrypted or not, as the seed says. CHATSECURE_SEQUENCES sets how many sequences are
 * played, CHATSECURE_SEED where they begin; `npm run soak` plays them for as long as you like, and `npm run soak -- --replay <seed>` plays one again and
 * leaves out of it what is not needed.
 */
const SEQUENCES = Number(process.env['CHATSECURE_SEQUENCES'] ?? '200');
const SEQUENCE_LIMIT_MS = 60_000;

it('does nothing again that once went wrong', async () => {
  const world = await World.start();
  try {
    for (const protection of protections) {
      for (const [index, [what, sequence]] of Object.entries(knownSequences).entries()) {
        const { damage } = await play(world, sequence, { label: `${protection}${index}`, protection });
        expect(describeDamage(damage), `${what}, ${protection}`).toBe('');
      }
    }
  } finally {
    await world.stop();
  }
}, 600_000);

it(
  'loses nothing, doubles nothing and misorders nothing',
  async () => {
    const first = Number(process.env['CHATSECURE_SEED'] ?? Date.now() % 1_000_000);
    console.log(`fault machine: sequences ${first} to ${first + SEQUENCES - 1}`);
    let begun = 0;
    const failures: string[] = [];
    const next = (): number | undefined =>
      begun < SEQUENCES && failures.length === 0 ? first + begun++ : undefined;
    await campaign(next, ({ seed, protection, sequence, words }) => {
      if (words !== '')
        failures.push(`CHATSECURE_SEED=${seed} ${protection} ${JSON.stringify(sequence)}\n${words}`);
    });
    expect(failures.join('\n')).toBe('');
    expect(begun).toBe(SEQUENCES);
  },
  120_000 + SEQUENCES * SEQUENCE_LIMIT_MS,
);

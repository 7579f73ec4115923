import { afterAll, beforeAll, expect, it } from 'vitest';
import { sequenceOf } from '#tests/support/omemo-sequences/acts.ts';
import type { Outcome } from '#tests/support/omemo-sequences/check.ts';
import { Stage } from '#tests/support/omemo-sequences/sequence.ts';

/**
 * Two or three people with up to three computers each: whole profiles on files of their own, and a server in memory
 * whose network does what a sequence says. Messages and edits, lines that are held and cut, streams that go on or do
 * not, applications that end or crash, computers that are new or thrown away, bundles that are missing or late,
 * copies that come twice, lost sessions, and what the users decide about devices, in any order. Then:
 *
 * - every other computer of both sides has every message once: with its text where it was sealed for it, else as a
 *   row that says that it cannot be read;
 * - a message that did not leave says so, and why;
 * - nothing leaves in the clear that was not meant to;
 * - a key goes only to devices that are in the list and that the user has let in, and to all of those, or the ledger
 *   says why not;
 * - no message is sealed twice, no key of a ratchet is used for two things, and a restart goes on with what was
 *   stored;
 * - a prekey that was used is not offered again, and no number is given to two.
 *
 * A message may stay unread only where two have taken the same prekey at the same time, or the session was lost with a
 * damaged disk; what is written after that is read.
 *
 * CHATSECURE_SEQUENCES sets how many sequences are played, CHATSECURE_SEED where they begin.
 */
const SEQUENCES = Number(process.env['CHATSECURE_SEQUENCES'] ?? '100');
const SEQUENCE_LIMIT_MS = 20_000;

type Counts = Record<Exclude<keyof Outcome, 'damage'>, number>;

let stage: Stage;

beforeAll(() => {
  stage = new Stage();
});
afterAll(() => stage.close());

it(
  'every message is read once by whom it was sealed for, and everybody else is told',
  async () => {
    const first = Number(process.env['CHATSECURE_SEED'] ?? Date.now() % 1_000_000);
    const total: Counts = { messages: 0, read: 0, unreadable: 0, collided: 0, lost: 0, refused: 0 };
    for (let seed = first; seed < first + SEQUENCES; seed += 1) {
      const sequence = sequenceOf(seed);
      const { damage, ...counts } = await stage.play(sequence);
      expect(damage.join('\n'), `CHATSECURE_SEED=${seed} ${JSON.stringify(sequence)}`).toBe('');
      for (const key of Object.keys(total) as (keyof Counts)[]) total[key] += counts[key];
    }
    console.log(`${SEQUENCES} sequences from ${first}: ${JSON.stringify(total)}`);
    expect(total.read).toBeGreaterThan(SEQUENCES);
  },
  60_000 + SEQUENCES * SEQUENCE_LIMIT_MS,
);

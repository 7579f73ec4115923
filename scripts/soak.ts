/**
 * Two people with two computers each on a real server, while networks break, computers are killed and the
 * server restarts, for as long as you like:
 *
 *   npm run soak -- --minutes 30 [--seed 1]
 *
 * The last line is `lost 0, doubled 0, misordered 0`; the exit code is 1 otherwise.
 */
import fc from 'fast-check';
import { acts, describeDamage, play } from '#tests/support/soak/sequence.ts';
import { World } from '#tests/support/soak/world.ts';

const option = (name: string): string | undefined => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : process.argv[at + 1];
};

const minutes = Number(option('minutes') ?? '5');
if (!Number.isFinite(minutes) || minutes <= 0) {
  console.error('How long? For example: npm run soak -- --minutes 30');
  process.exit(2);
}
const seed = Number(option('seed') ?? Date.now() % 1_000_000);

const started = Date.now();
const totals = { sequences: 0, faults: 0, messages: 0, lost: 0, doubled: 0, misordered: 0, unsettled: 0 };
const table = (): string =>
  `sequences ${totals.sequences}, faults ${totals.faults}, messages ${totals.messages}, not settled ${totals.unsettled}`;

console.log(`seed ${seed}, ${minutes} minute(s)`);
const world = await World.start();
let ending: Promise<void> | undefined;
const end = (): Promise<void> => (ending ??= world.stop());
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void end().finally(() => process.exit(130)));
}
try {
  while (Date.now() - started < minutes * 60_000) {
    const [sequence = []] = fc.sample(acts, { numRuns: 1, seed: seed + totals.sequences });
    const { damage, messages, faults } = await play(world, sequence, `s${totals.sequences}`);
    totals.sequences++;
    totals.faults += faults;
    totals.messages += messages;
    totals.lost += damage.lost.length;
    totals.doubled += damage.doubled.length;
    totals.misordered += damage.misordered.length;
    totals.unsettled += damage.unsettled.length;
    const words = describeDamage(damage);
    if (words !== '') console.log(`sequence ${totals.sequences - 1}: ${JSON.stringify(sequence)}\n${words}`);
    if (totals.sequences % 20 === 0)
      console.log(`${Math.round((Date.now() - started) / 1000)} s: ${table()}`);
  }
} finally {
  await end();
}
console.log(table());
console.log(`lost ${totals.lost}, doubled ${totals.doubled}, misordered ${totals.misordered}`);
process.exit(totals.lost + totals.doubled + totals.misordered + totals.unsettled === 0 ? 0 : 1);

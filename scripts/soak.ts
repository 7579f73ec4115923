/**
 * Two people with two computers each on a real server, while networks break, computers are killed and the
 * server restarts, for as long as you like:
 *
 *   npm run soak -- --minutes 30 [--seed 1]
 *
 * The last line is `lost 0, doubled 0, misordered 0`; the exit code is 1 otherwise. What went wrong is printed
 * with its seed, which plays it again and leaves out of it what is not needed:
 *
 *   npm run soak -- --replay 4711
 */
import { campaign, sequenceOf, type Played } from '#tests/support/soak/campaign.ts';
import type { Damage } from '#tests/support/soak/check.ts';
import { shrink } from '#tests/support/soak/shrink.ts';

const option = (name: string): number | undefined => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : Number(process.argv[at + 1]);
};

/** How often a sequence that failed once is played before it counts as one that does not fail. */
const TRIES = 5;

const replay = async (seed: number): Promise<never> => {
  const shrunk = await shrink(sequenceOf(seed), TRIES);
  if (shrunk === undefined) console.log(`played ${TRIES} times, and nothing went wrong`);
  else console.log(`${JSON.stringify(shrunk.sequence, undefined, 1)}\n${shrunk.damage}`);
  process.exit(shrunk === undefined ? 0 : 1);
};

/** What happened so far. */
class Tally {
  readonly started = Date.now();
  readonly damage: Record<keyof Damage, number> = {
    lost: 0,
    doubled: 0,
    misordered: 0,
    wrong: 0,
    unsettled: 0,
  };
  readonly #faults = new Map<string, number>();
  #sequences = 0;
  #messages = 0;

  note({ seed, sequence, outcome, words }: Played): void {
    this.#sequences++;
    this.#messages += outcome.messages;
    for (const fault of outcome.faults) this.#faults.set(fault, (this.#faults.get(fault) ?? 0) + 1);
    for (const kind of Object.keys(this.damage) as (keyof Damage)[])
      this.damage[kind] += outcome.damage[kind].length;
    if (words !== '') console.log(`seed ${seed}: ${JSON.stringify(sequence)}\n${words}`);
    if (this.#sequences % 50 === 0) console.log(this.line);
  }

  get line(): string {
    const faults = [...this.#faults.values()].reduce((sum, count) => sum + count, 0);
    const { wrong, unsettled } = this.damage;
    const seconds = Math.round((Date.now() - this.started) / 1000);
    return `${seconds} s: sequences ${this.#sequences}, faults ${faults}, messages ${this.#messages}, wrong ${wrong}, not settled ${unsettled}`;
  }

  get table(): string {
    const rows = [...this.#faults].toSorted(([a], [b]) => a.localeCompare(b));
    return [
      '| fault | injected |',
      '|---|--:|',
      ...rows.map(([fault, count]) => `| ${fault} | ${count} |`),
    ].join('\n');
  }
}

const soak = async (minutes: number, first: number): Promise<never> => {
  const tally = new Tally();
  let isStopped = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      isStopped = true;
    });
  }
  console.log(`seed ${first}, ${minutes} minute(s)`);
  let seed = first;
  const isOver = (): boolean => isStopped || Date.now() - tally.started > minutes * 60_000;
  await campaign(
    () => (isOver() ? undefined : seed++),
    (played) => tally.note(played),
  );
  const { lost, doubled, misordered } = tally.damage;
  console.log(`${tally.table}\n${tally.line}\nlost ${lost}, doubled ${doubled}, misordered ${misordered}`);
  process.exit(Object.values(tally.damage).every((count) => count === 0) ? 0 : 1);
};

const again = option('replay');
const minutes = option('minutes') ?? 5;
if (again !== undefined && Number.isInteger(again)) await replay(again);
if (!Number.isFinite(minutes) || minutes <= 0) {
  console.error('How long? For example: npm run soak -- --minutes 30');
  process.exit(2);
}
await soak(minutes, option('seed') ?? Date.now() % 1_000_000);

/**
 * Two people with two computers each on a real server, while networks break, computers are killed and the
 * server restarts, for as long as you like:
 *
 *   npm run soak -- --minutes 30 [--seed 1]
 *
 * Each sequence is played with OMEMO or without, as its seed says. The last line is `lost 0, doubled 0,
 * misordered 0`; the exit code is 1 otherwise. What went wrong is printed with its seed, which plays it again and
 * leaves out of it what is not needed:
 *
 *   npm run soak -- --replay 4711 [--protection omemo|none]
 */
import { campaign, protectionOf, sequenceOf, type Played } from '#tests/support/soak/campaign.ts';
import type { Damage } from '#tests/support/soak/check.ts';
import { shrink } from '#tests/support/soak/shrink.ts';
import { protections, type SoakProtection } from '#tests/support/soak/world.ts';

const word = (name: string): string | undefined => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : (process.argv[at + 1] ?? '');
};
const option = (name: string): number | undefined => {
  const value = word(name);
  return value === undefined ? undefined : Number(value);
};

/** How often a sequence that failed once is played before it counts as one that does not fail. */
const TRIES = 5;

const replay = async (seed: number, protection: SoakProtection): Promise<never> => {
  const shrunk = await shrink(sequenceOf(seed), protection, TRIES);
  console.log(`protection ${protection}`);
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
  readonly #played = new Map<SoakProtection, { sequences: number; faults: number; messages: number }>();

  note({ seed, protection, sequence, outcome, words }: Played): void {
    const sums = this.#played.get(protection) ?? { sequences: 0, faults: 0, messages: 0 };
    this.#played.set(protection, sums);
    sums.sequences++;
    sums.faults += outcome.faults.length;
    sums.messages += outcome.messages;
    for (const fault of outcome.faults) this.#faults.set(fault, (this.#faults.get(fault) ?? 0) + 1);
    for (const kind of Object.keys(this.damage) as (keyof Damage)[])
      this.damage[kind] += outcome.damage[kind].length;
    if (words !== '') console.log(`seed ${seed}, ${protection}: ${JSON.stringify(sequence)}\n${words}`);
    if (this.#sum('sequences') % 50 === 0) console.log(this.line);
  }

  get line(): string {
    const { wrong, unsettled } = this.damage;
    const seconds = Math.round((Date.now() - this.started) / 1000);
    const counts = (['sequences', 'faults', 'messages'] as const).map((what) => `${what} ${this.#sum(what)}`);
    return `${seconds} s: ${counts.join(', ')}, wrong ${wrong}, not settled ${unsettled}`;
  }

  #sum(what: 'sequences' | 'faults' | 'messages'): number {
    return [...this.#played.values()].reduce((sum, counts) => sum + counts[what], 0);
  }

  get table(): string {
    const rows = [...this.#faults].toSorted(([a], [b]) => a.localeCompare(b));
    const played = [...this.#played].toSorted(([a], [b]) => a.localeCompare(b));
    return [
      '| protection | sequences | faults | messages |',
      '|---|--:|--:|--:|',
      ...played.map(
        ([protection, { sequences, faults, messages }]) =>
          `| ${protection} | ${sequences} | ${faults} | ${messages} |`,
      ),
      '',
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
  let isBroken = false;
  try {
    await campaign(
      () => (isOver() ? undefined : seed++),
      (played) => tally.note(played),
    );
  } catch (error) {
    // A world that could not begin; what was played until then counts.
    console.error(error);
    isBroken = true;
  }
  const { lost, doubled, misordered } = tally.damage;
  console.log(`${tally.table}\n${tally.line}\nlost ${lost}, doubled ${doubled}, misordered ${misordered}`);
  const isWhole = !isBroken && Object.values(tally.damage).every((count) => count === 0);
  process.exit(isWhole ? 0 : 1);
};

const again = option('replay');
const minutes = option('minutes') ?? 5;
if (again !== undefined && Number.isInteger(again)) {
  const wanted = word('protection');
  await replay(again, protections.find((one) => one === wanted) ?? protectionOf(again));
}
if (!Number.isFinite(minutes) || minutes <= 0) {
  console.error('How long? For example: npm run soak -- --minutes 30');
  process.exit(2);
}
await soak(minutes, option('seed') ?? Date.now() % 1_000_000);

/**
 * Speed and memory of the built application: a table, and JSON in .bench/.
 *
 *   npm run bench                everything, in some twenty minutes
 *   npm run bench -- start open  one part or several: see `parts` below
 *
 * Server, keychain and profiles are the bench's own; the user's are not touched.
 */
import { buildIfStale } from './build.ts';
import { archiveInMemory, Desk } from './bench/desk.ts';
import { table, type Figure } from './bench/figures.ts';
import { catchUp } from './bench/parts/catch-up.ts';
import { encryptedCatchUp, encryptedCatchUpServer } from './bench/parts/catch-up-omemo.ts';
import { insert } from './bench/parts/insert.ts';
import { latency } from './bench/parts/latency.ts';
import { memory } from './bench/parts/memory.ts';
import { omemo } from './bench/parts/omemo.ts';
import { open } from './bench/parts/open.ts';
import { search } from './bench/parts/search.ts';
import { start } from './bench/parts/start.ts';
import { describeMachine, writeReport } from './bench/report.ts';

interface Part {
  readonly run: (desk: Desk, say: (line: string) => void) => Promise<readonly Figure[]>;
  /** What the server of this part needs besides the usual. */
  readonly serverConfig?: string;
}

const parts: Readonly<Record<string, Part>> = {
  start: { run: start },
  open: { run: open },
  latency: { run: latency, serverConfig: archiveInMemory },
  insert: { run: insert },
  memory: { run: memory },
  'catch-up': { run: catchUp, serverConfig: archiveInMemory },
  'catch-up-omemo': { run: encryptedCatchUp, serverConfig: encryptedCatchUpServer },
  omemo: { run: omemo },
  search: { run: search },
};

const say = (line: string): void => console.error(`[bench] ${line}`);

/**
 * @returns the exit code: 1 where a part broke off, 2 for a part that does not exist; a missed target is a
 * result, not a failure
 */
const bench = async (names: readonly string[]): Promise<number> => {
  const unknown = names.find((name) => !Object.hasOwn(parts, name));
  if (unknown !== undefined) {
    say(`There is no part "${unknown}". Parts: ${Object.keys(parts).join(', ')}.`);
    return 2;
  }
  if (await buildIfStale()) say('built the application');
  const before = describeMachine();
  const figures: Figure[] = [];
  const broken: string[] = [];
  for (const [name, part] of Object.entries(parts)) {
    if (names.length > 0 && !names.includes(name)) continue;
    try {
      const measured = await runPart(part);
      figures.push(...measured);
      // The last part is minutes away: what is known is shown.
      if (names.length !== 1) console.error(`${table(measured)}\n`);
    } catch (error) {
      // The other parts have something to tell all the same.
      say(`The part "${name}" ended early. ${reasonOf(error)}`);
      broken.push(name);
    }
  }
  console.log(table(figures));
  const { file, load } = await writeReport(figures, before);
  console.log(`\nLoad of this computer: ${load}. Written to ${file}`);
  if (broken.length > 0) console.log(`Not measured: ${broken.join(', ')} (see above for the reason).`);
  return broken.length > 0 ? 1 : 0;
};

const runPart = async ({ run, serverConfig }: Part): Promise<readonly Figure[]> => {
  // A desk for each part: what one leaves behind must not be in the way of the next.
  const desk = await Desk.open(say, serverConfig);
  const closeEarly = closeOnSignal(desk);
  try {
    return await run(desk, say);
  } finally {
    closeEarly.off();
    await desk.close();
  }
};

const reasonOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);

/** Ctrl-C ends what was started, too. */
const closeOnSignal = (desk: Desk): { readonly off: () => void } => {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const stop = (): void => {
    void desk.close().finally(() => process.exit(1));
  };
  for (const signal of signals) process.once(signal, stop);
  return {
    off: () => {
      for (const signal of signals) process.off(signal, stop);
    },
  };
};

process.exitCode = await bench(process.argv.slice(2)).catch((error: unknown) => {
  say(reasonOf(error));
  return 1;
});
// Nothing may hold the process once everything is closed.
process.exit();

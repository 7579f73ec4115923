/**
 * Speed and memory of the built application: a table, and JSON in .bench/.
 *
 *   npm run bench                everything, in some twenty minutes
 *   npm run bench -- start open  one part or several: see `parts` below
 *
 * Server, keychain and profiles are the bench's own; the user's are not touched.
 */
import { buildIfStale } from './build.ts';
import { Desk } from './bench/desk.ts';
import { table, type Figure } from './bench/figures.ts';
import { catchUp, catchUpServer } from './bench/parts/catch-up.ts';
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
  latency: { run: latency },
  insert: { run: insert },
  memory: { run: memory },
  'catch-up': { run: catchUp, serverConfig: catchUpServer },
  omemo: { run: omemo },
  search: { run: search },
};

const say = (line: string): void => console.error(`[bench] ${line}`);

/** @returns the exit code: 2 for a part that does not exist; a missed target is a result, not a failure */
const bench = async (names: readonly string[]): Promise<number> => {
  const unknown = names.find((name) => !Object.hasOwn(parts, name));
  if (unknown !== undefined) {
    say(`There is no part "${unknown}". Parts: ${Object.keys(parts).join(', ')}.`);
    return 2;
  }
  if (await buildIfStale()) say('built the application');
  const before = describeMachine();
  const figures: Figure[] = [];
  for (const [name, part] of Object.entries(parts)) {
    if (names.length > 0 && !names.includes(name)) continue;
    // A desk for each part: what one leaves behind must not be in the way of the next.
    const desk = await Desk.open(say, part.serverConfig);
    const closeEarly = closeOnSignal(desk);
    try {
      figures.push(...(await part.run(desk, say)));
    } finally {
      closeEarly.off();
      await desk.close();
    }
  }
  console.log(table(figures));
  const { file, load } = await writeReport(figures, before);
  console.log(`\nLoad of this computer: ${load}. Written to ${file}`);
  return 0;
};

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
  say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return 1;
});
// Nothing may hold the process once everything is closed.
process.exit();

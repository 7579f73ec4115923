/**
 * Everything that can be said about the sources without running them.
 *
 *   npm run check                   all checks
 *   npm run check -- lint types     these
 */
import os from 'node:os';
import { commandFile, runQuietly, type Finished } from './tool.ts';

interface Check {
  readonly name: string;
  readonly about: string;
  readonly run: () => Promise<Finished>;
}

const tool = (packageName: string, args: readonly string[], command?: string) => (): Promise<Finished> =>
  runQuietly([commandFile(packageName, command), ...args]);

const script = (file: string) => (): Promise<Finished> => runQuietly([`scripts/${file}`]);

/** Slow ones first: they run side by side. */
const checks: readonly Check[] = [
  { name: 'types', about: 'tsc, every layer with its own limits', run: tool('typescript', ['-b'], 'tsc') },
  { name: 'lint', about: 'oxlint with types, import walls', run: tool('oxlint', []) },
  {
    name: 'unused',
    about: 'knip: files, exports and packages nobody uses',
    run: tool('knip', ['--no-progress']),
  },
  { name: 'format', about: 'oxfmt (repair: npm run format)', run: tool('oxfmt', ['--check']) },
  {
    name: 'dependencies',
    about: 'pinned, complete, not twice, scripts decided',
    run: script('check-dependencies.ts'),
  },
  { name: 'translations', about: 'no key missing, unused or untranslated', run: script('check-locales.ts') },
];

export interface CheckResult {
  readonly name: string;
  readonly passed: boolean;
}

/**
 * Runs the checks side by side and reports each when it is done, in a line; what a failed one wrote follows.
 * @param names empty for all
 * @throws RangeError for a name that does not exist
 */
export const runChecks = async (
  names: readonly string[],
  say: (text: string) => void,
): Promise<readonly CheckResult[]> => {
  const unknown = names.filter((name) => !checks.some((check) => check.name === name));
  if (unknown.length > 0) {
    const known = checks.map(({ name }) => name).join(', ');
    throw new RangeError(`There is no check "${unknown.join('", "')}". Checks: ${known}.`);
  }
  const waiting = checks.filter(({ name }) => names.length === 0 || names.includes(name));
  const results: CheckResult[] = [];
  const work = async (): Promise<void> => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
      const { code, output } = await check.run();
      const passed = code === 0;
      results.push({ name: check.name, passed });
      say(`${passed ? 'ok  ' : 'FAIL'}  ${check.name.padEnd(12)}  ${check.about}`);
      if (!passed) say(output.trimEnd().replaceAll(/^/gm, '      '));
    }
  };
  await Promise.all(Array.from({ length: Math.min(os.availableParallelism(), 4) }, work));
  return results;
};

if (import.meta.main) {
  try {
    const results = await runChecks(process.argv.slice(2), (text) => console.log(text));
    const failed = results.filter(({ passed }) => !passed).map(({ name }) => name);
    console.log(failed.length === 0 ? 'all checks passed' : `failed: ${failed.join(', ')}`);
    process.exitCode = failed.length === 0 ? 0 : 1;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    console.error(error.message);
    process.exitCode = 2;
  }
}

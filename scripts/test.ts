/**
 * Runs the tests. The last line is always `N passed, N failed, N skipped`.
 *
 *   npm test                                  every part
 *   npm run test:unit                         one part (check, unit, integration, interop, e2e, package)
 *   npm run test:unit -- tests/unit/net -t SOCKS    arguments go to the runner of the part
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { JSONReport } from '@playwright/test/reporter';
import { runChecks } from './check.ts';
import { TALLY_FILE } from './tally-reporter.ts';
import { summaryOf, tallyOfPlaywright, withEnding, type Tally } from './tally.ts';
import { commandFile, root, runVisibly } from './tool.ts';

type Part = (args: readonly string[], folder: string) => Promise<Tally>;

const check: Part = async (args) => {
  const results = await runChecks(args, (text) => console.log(text));
  return {
    passed: results.filter(({ passed }) => passed).length,
    failed: results.filter(({ passed }) => !passed).map(({ name }) => name),
    skipped: [],
  };
};

const vitest =
  (...projects: readonly string[]): Part =>
  async (args, folder) => {
    const [part = ''] = projects;
    const file = path.join(folder, `${part}.json`);
    const reporters = ['--reporter=default', `--reporter=${path.join(root, 'scripts/tally-reporter.ts')}`];
    const { code } = await runVisibly(
      process.execPath,
      [
        commandFile('vitest'),
        'run',
        ...projects.flatMap((project) => ['--project', project]),
        ...reporters,
        ...args,
      ],
      { ...process.env, [TALLY_FILE]: file },
    );
    return withEnding(part, read<Tally>(file), code);
  };

const playwright: Part = async (args, folder) => {
  const file = path.join(folder, 'e2e.json');
  const { code } = await runVisibly(
    process.execPath,
    [commandFile('@playwright/test', 'playwright'), 'test', '--reporter=list,json', ...args],
    { ...process.env, PLAYWRIGHT_JSON_OUTPUT_FILE: file },
  );
  const report = read<JSONReport>(file);
  return withEnding('e2e', report === undefined ? undefined : tallyOfPlaywright(report), code);
};

const read = <T>(file: string): T | undefined =>
  existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as T) : undefined;

/** In the order in which they run: the quicker a part finds a fault, the earlier. */
const parts: Readonly<Record<string, Part>> = {
  check,
  unit: vitest('unit'),
  integration: vitest('integration', 'ejabberd'),
  interop: vitest('interop'),
  e2e: playwright,
  package: vitest('package'),
};

/** @returns the exit code */
const main = async ([name, ...args]: readonly string[]): Promise<number> => {
  const chosen = Object.entries(parts).filter(([part]) => name === undefined || part === name);
  if (chosen.length === 0) {
    console.error(`There is no part "${name}". Parts: ${Object.keys(parts).join(', ')}.`);
    return 2;
  }
  let interrupted = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => (interrupted = true));
  const folder = mkdtempSync(path.join(os.tmpdir(), 'chatsecure-tests-'));
  const done: (readonly [string, Tally])[] = [];
  try {
    for (const [part, run] of chosen) {
      if (interrupted) break;
      console.log(`\n== ${part} ==`);
      done.push([part, await run(args, folder)]);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const complete = interrupted ? [...done, ['all', interruption] as const] : done;
  console.log(`\n${summaryOf(complete)}`);
  return complete.every(([, { failed }]) => failed.length === 0) ? 0 : 1;
};

const interruption: Tally = { passed: 0, failed: ['interrupted before the end'], skipped: [] };

process.exitCode = await main(process.argv.slice(2));

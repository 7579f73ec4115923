/** What is kept of a run: figures, and the circumstances without which they mean nothing. */
import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, loadavg, totalmem } from 'node:os';
import path from 'node:path';
import { root } from '../tool.ts';
import { isMet, summarize, type Figure } from './figures.ts';

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  /** Short id, with a `+` where files were changed after it; empty outside of a clone. */
  readonly commit: string;
  /** Processes that wanted to run, averaged over the minute before. */
  readonly load: number;
}

export const describeMachine = (): Machine => ({
  processor: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  system: `${process.platform} ${process.arch}`,
  node: process.versions.node,
  commit: commit(),
  load: loadavg()[0] ?? Number.NaN,
});

const git = (...args: readonly string[]): string =>
  execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();

const commit = (): string => {
  try {
    return `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain') === '' ? '' : '+'}`;
  } catch {
    return '';
  }
};

/**
 * Writes .bench/<date>.json.
 * @param before the machine when the run began
 */
export const writeReport = async (
  figures: readonly Figure[],
  before: Machine,
): Promise<{ readonly file: string; readonly load: string }> => {
  const date = new Date().toISOString();
  const file = path.join('.bench', `${date.replaceAll(/[:.]/g, '-')}.json`);
  const after = describeMachine();
  const rows = figures.map((figure) => ({ ...figure, ...summarize(figure.values), met: isMet(figure) }));
  const report = { date, machine: before, loadAfter: after.load, figures: rows };
  await mkdir(path.join(root, '.bench'), { recursive: true });
  await writeFile(path.join(root, file), `${JSON.stringify(report, undefined, 2)}\n`);
  return {
    file,
    load: `${before.load.toFixed(1)} before, ${after.load.toFixed(1)} after, ${before.cores} cores`,
  };
};

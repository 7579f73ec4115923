import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { JSONReport } from '@playwright/test/reporter';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { summaryOf, tallyOfPlaywright, withEnding, type Tally } from '#scripts/tally.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const tally = (passed: number, failed: readonly string[] = [], skipped: Tally['skipped'] = []): Tally => ({
  passed,
  failed,
  skipped,
});

describe('the summary', () => {
  it('ends with one line over all parts', () => {
    const text = summaryOf([
      ['check', tally(6)],
      ['unit', tally(10, ['jid › folds'], [{ name: 'keychain › locked', reason: 'no D-Bus' }])],
    ]);
    expect(text.split('\n')).toEqual([
      'check        6 passed, 0 failed, 0 skipped',
      'unit         10 passed, 1 failed, 1 skipped',
      'Skipped:',
      '  unit: keychain › locked (no D-Bus)',
      'Failed:',
      '  unit: jid › folds',
      '16 passed, 1 failed, 1 skipped',
    ]);
  });

  it('of nothing says so', () => expect(summaryOf([])).toBe('0 passed, 0 failed, 0 skipped'));
});

describe('a runner that ends badly never looks like success', () => {
  it('without a report', () => {
    expect(withEnding('e2e', undefined, 0).failed).toEqual(['e2e could not run (exit code 0)']);
  });

  it('with an exit code but no failed test', () => {
    expect(withEnding('unit', tally(5), 1).failed).toEqual([
      'unit ended with exit code 1 although no test failed',
    ]);
  });

  it('without any test', () => {
    for (const code of [0, 1])
      expect(withEnding('unit', tally(0), code).failed).toEqual(['unit found no test']);
    expect(withEnding('unit', tally(0, [], [{ name: 'a', reason: 'b' }]), 0).failed).toEqual([]);
  });

  it('and its own failures are kept as they are', () => {
    expect(withEnding('unit', tally(5, ['x']), 1)).toEqual(tally(5, ['x']));
  });
});

describe('the report of Playwright', () => {
  const test = (status: string, annotations: object[] = []): object => ({
    status,
    annotations,
    projectName: 'loopback',
    results: [{}],
  });
  const report = (suites: object[], errors: object[] = []): JSONReport =>
    ({ suites, errors }) as unknown as JSONReport;

  it('is read through nested suites; flaky counts as failed', () => {
    const inner = {
      title: 'sending',
      specs: [
        { title: 'works', tests: [test('expected')] },
        { title: 'wavers', tests: [test('flaky')] },
        { title: 'breaks', tests: [test('unexpected')] },
        { title: 'waits', tests: [test('skipped', [{ type: 'skip', description: 'no binary' }])] },
        { title: 'follows', tests: [{ ...test('skipped'), results: [] }] },
        { title: 'rests', tests: [test('skipped', [{ type: 'skip' }])] },
      ],
    };
    expect(tallyOfPlaywright(report([{ title: 'chat.spec.ts', specs: [], suites: [inner] }]))).toEqual({
      passed: 1,
      failed: [
        '[loopback] › chat.spec.ts › sending › wavers',
        '[loopback] › chat.spec.ts › sending › breaks',
      ],
      skipped: [
        { name: '[loopback] › chat.spec.ts › sending › waits', reason: 'no binary' },
        {
          name: '[loopback] › chat.spec.ts › sending › follows',
          reason: 'not run: one before it failed',
        },
        { name: '[loopback] › chat.spec.ts › sending › rests', reason: 'no reason given' },
      ],
    });
  });

  it('counts errors outside of tests', () => {
    expect(tallyOfPlaywright(report([], [{ message: 'Error: build failed\n  at x' }]))).toEqual(
      tally(0, ['Error: build failed']),
    );
  });
});

describe('the reporter in a real run of Vitest', () => {
  let folder: string;

  beforeAll(() => {
    // Inside the repository's ignored build folder, because Vitest resolves itself from there.
    mkdirSync(path.join(root, '.tsbuild'), { recursive: true });
    folder = mkdtempSync(path.join(root, '.tsbuild/tally-'));
    symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
    const file = (name: string, text: string): void =>
      writeFileSync(path.join(folder, name), `import { it } from 'vitest';\n${text}`);
    file('good.test.ts', "it('passes', () => {}); it('waits', ({ skip }) => skip('no D-Bus'));");
    file('bad.test.ts', "it('fails', () => { throw new Error('no'); }); it.todo('later');");
    file('broken.test.ts', "throw new Error('cannot load');");
    file('leak.test.ts', "it('leaks', () => { void Promise.reject(new Error('forgotten')); });");
    writeFileSync(path.join(folder, 'vitest.config.ts'), 'export default {};');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('counts passed, failed, skipped with reasons, files that do not load, and forgotten rejections', () => {
    const file = path.join(folder, 'tally.json');
    const reporter = path.join(root, 'scripts/tally-reporter.ts');
    const run = spawnSync(
      process.execPath,
      [path.join(root, 'node_modules/vitest/vitest.mjs'), 'run', `--reporter=${reporter}`],
      { cwd: folder, env: { ...process.env, CHATSECURE_TALLY_FILE: file }, encoding: 'utf8' },
    );
    expect(run.status).toBe(1);
    const read = JSON.parse(readFileSync(file, 'utf8')) as Tally;
    expect(read.passed).toBe(2);
    expect(read.failed.toSorted()).toEqual([
      'bad.test.ts › fails',
      'broken.test.ts: cannot load',
      'unhandled error: forgotten',
    ]);
    expect(read.skipped.toSorted((a, b) => a.name.localeCompare(b.name))).toEqual([
      { name: 'bad.test.ts › later', reason: 'no reason given' },
      { name: 'good.test.ts › waits', reason: 'no D-Bus' },
    ]);
  });
});

import { describe, expect, it } from 'vitest';
import { runChecks } from '#scripts/check.ts';

describe('npm run check', () => {
  it('runs what was asked for and says in a line how it went', async () => {
    const said: string[] = [];
    expect(await runChecks(['dependencies'], (text) => said.push(text))).toEqual([
      { name: 'dependencies', passed: true },
    ]);
    expect(said).toEqual([expect.stringMatching(/^ok {4}dependencies {2}/)]);
  });

  it('refuses a check that does not exist, instead of running none', async () => {
    await expect(runChecks(['lint', 'linty'], () => {})).rejects.toThrow(
      'There is no check "linty". Checks: types, lint,',
    );
  });
});

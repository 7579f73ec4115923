import type { JSONReport, JSONReportSuite, JSONReportTest } from '@playwright/test/reporter';

/** What a part of the test suite came to. */
export interface Tally {
  readonly passed: number;
  /** Names of what failed; a part that could not run is one of them. */
  readonly failed: readonly string[];
  readonly skipped: readonly Skipped[];
}

export interface Skipped {
  readonly name: string;
  readonly reason: string;
}

export const NO_REASON = 'no reason given';

/**
 * Completes the tally of a part by how its runner ended: a runner that fails without a failed test, or
 * finds no test at all, must not look like success.
 * @param tally undefined where the runner wrote no report
 */
export const withEnding = (part: string, tally: Tally | undefined, code: number): Tally => {
  if (tally === undefined)
    return { passed: 0, failed: [`${part} could not run (exit code ${code})`], skipped: [] };
  if (tally.failed.length > 0) return tally;
  if (tally.passed + tally.skipped.length === 0) return { ...tally, failed: [`${part} found no test`] };
  if (code !== 0)
    return { ...tally, failed: [`${part} ended with exit code ${code} although no test failed`] };
  return tally;
};

/** Reads the JSON report of Playwright. A flaky test counts as failed: it failed. */
export const tallyOfPlaywright = (report: JSONReport): Tally => {
  const tests = report.suites.flatMap((suite) => testsOf(suite, []));
  return {
    passed: tests.filter(({ status }) => status === 'expected').length,
    failed: [
      ...tests.filter(({ status }) => status === 'unexpected' || status === 'flaky').map(({ name }) => name),
      ...report.errors.map(({ message }) => message?.split('\n')[0] ?? 'an error outside of the tests'),
    ],
    skipped: tests.filter(({ status }) => status === 'skipped').map(({ name, reason }) => ({ name, reason })),
  };
};

const testsOf = (
  suite: JSONReportSuite,
  above: readonly string[],
): readonly { readonly name: string; readonly status: string; readonly reason: string }[] => {
  const titles = [...above, suite.title];
  const own = suite.specs.flatMap((spec) =>
    spec.tests.map((test) => ({
      name: [`[${test.projectName}]`, ...titles, spec.title].join(' › '),
      status: test.status,
      reason:
        test.annotations.find(({ type }) => type === 'skip' || type === 'fixme')?.description ??
        silence(test),
    })),
  );
  return [...own, ...(suite.suites ?? []).flatMap((inner) => testsOf(inner, titles))];
};

/** In a serial group, what follows a failure is not run at all. */
const silence = ({ results }: JSONReportTest): string =>
  results.length === 0 ? 'not run: one before it failed' : NO_REASON;

/** The report that ends a run; its last line is `N passed, N failed, N skipped`. */
export const summaryOf = (parts: readonly (readonly [name: string, tally: Tally])[]): string => {
  const lines = parts.map(([name, tally]) => `${name.padEnd(12)} ${count(tally)}`);
  const skipped = parts.flatMap(([name, tally]) =>
    tally.skipped.map((one) => `  ${name}: ${one.name} (${one.reason})`),
  );
  const failed = parts.flatMap(([name, tally]) => tally.failed.map((one) => `  ${name}: ${one}`));
  return [
    ...lines,
    ...(skipped.length > 0 ? ['Skipped:', ...skipped] : []),
    ...(failed.length > 0 ? ['Failed:', ...failed] : []),
    count({
      passed: parts.reduce((sum, [, { passed }]) => sum + passed, 0),
      failed: parts.flatMap(([, tally]) => tally.failed),
      skipped: parts.flatMap(([, tally]) => tally.skipped),
    }),
  ].join('\n');
};

const count = ({ passed, failed, skipped }: Tally): string =>
  `${passed} passed, ${failed.length} failed, ${skipped.length} skipped`;

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Reporter, SerializedError, TestModule } from 'vitest/node';
import { NO_REASON, type Tally } from './tally.ts';

/** Environment variable that names the file to write. */
export const TALLY_FILE = 'CHATSECURE_TALLY_FILE';

/**
 * Writes a Tally as JSON when a Vitest run is over. Vitest's own JSON report leaves out why a test was
 * skipped, and errors that belong to no test.
 */
export default class TallyReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const file = process.env[TALLY_FILE];
    if (file === undefined) throw new Error(`${TALLY_FILE} names no file`);
    const all = modules.flatMap((module) => {
      const place = path.relative(process.cwd(), module.moduleId);
      return [...module.children.allTests()].map((test) => ({ name: `${place} › ${test.fullName}`, test }));
    });
    const broken = modules.flatMap((module) =>
      module.errors().map(({ message }) => `${path.relative(process.cwd(), module.moduleId)}: ${message}`),
    );
    const tally: Tally = {
      passed: all.filter(({ test }) => test.result().state === 'passed').length,
      failed: [
        ...all
          .filter(({ test }) => ['failed', 'pending'].includes(test.result().state))
          .map(({ name }) => name),
        ...broken,
        ...unhandled.map(({ message }) => `unhandled error: ${message}`),
      ],
      skipped: all.flatMap(({ name, test }) => {
        const result = test.result();
        return result.state === 'skipped' ? [{ name, reason: result.note ?? NO_REASON }] : [];
      }),
    };
    writeFileSync(file, JSON.stringify(tally));
  }
}

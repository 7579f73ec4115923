import { AppError } from '#shared/errors.ts';
import { migrations as all, type Migration } from './migrations/index.ts';

/** What a migration may do with the database: run SQL, inside a transaction. */
export interface MigrationTarget {
  /** `PRAGMA user_version`; 0 for a new file. */
  readonly schemaVersion: number;
  transaction<T>(act: () => T): T;
  execute(sql: string): void;
}

/**
 * Brings the schema up to date, one transaction for each step, so that a crash leaves a whole version.
 * @throws AppError `database-newer` where a newer application wrote the file; nothing is changed then
 */
export const migrate = (target: MigrationTarget, migrations: readonly Migration[] = all): void => {
  const latest = migrations.at(-1)?.version ?? 0;
  const found = target.schemaVersion;
  if (found > latest) {
    throw new AppError('database-newer', 'the database was written by a newer version of this application', {
      detail: { found, supported: latest },
    });
  }
  for (const step of migrations.filter(({ version }) => version > found)) {
    target.transaction(() => {
      target.execute(step.sql);
      target.execute(`PRAGMA user_version = ${step.version}`);
    });
  }
};

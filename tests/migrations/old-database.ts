import { openDatabase } from '#main/store/database.ts';
import { TEST_KEY } from '#tests/support/temporary-profile.ts';

/** A database of an earlier version: opened without our migrations, filled by literal SQL. */
export const oldDatabase = (path: string, ...sql: readonly string[]): void => {
  const database = openDatabase(path, TEST_KEY, []);
  for (const part of sql) database.execute(part);
  database.close();
};

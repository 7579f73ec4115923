import { AppError, type ErrorCode } from '#shared/errors.ts';
import { toFileError } from '#main/util/file-errors.ts';

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

/** Extended result codes (sqlite.org/rescode.html) by the prefix of their name; the first that fits counts. */
const codes: readonly (readonly [prefix: string, code: ErrorCode, message: string])[] = [
  ['SQLITE_FULL', 'disk-full', 'the disk is full'],
  // Growing the shared-memory index is the one write that reports a full disk by another name.
  ['SQLITE_IOERR_SHMSIZE', 'disk-full', 'the disk is full'],
  ['SQLITE_CORRUPT', 'database-damaged', 'the database is damaged'],
  ['SQLITE_NOTADB', 'database-damaged', 'the file is no database, or its key is another one'],
  ['SQLITE_BUSY', 'profile-in-use', 'the database is open in another process'],
];

/**
 * Converts what SQLite and the file system throw; other errors come back as they are.
 * SQLite's own text stays in the cause: it names columns and tables, never contents.
 */
export const toStoreError = (error: unknown): unknown => {
  const code = codeOf(error);
  if (!code.startsWith('SQLITE_')) return toFileError(error);
  const known = codes.find(([prefix]) => code.startsWith(prefix));
  const [, appCode, message] = known ?? [code, 'storage' as const, 'the database refused the operation'];
  return new AppError(appCode, message, { detail: { sqlite: code }, cause: error });
};

/** Runs `act` and converts what it throws. */
export const guarded = <T>(act: () => T): T => {
  try {
    return act();
  } catch (error) {
    throw toStoreError(error);
  }
};

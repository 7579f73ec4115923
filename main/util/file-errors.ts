import { AppError } from '#shared/errors.ts';

const errnoOf = (error: unknown): string | undefined =>
  error instanceof Error && 'syscall' in error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;

/** Converts what the file system throws into AppError `disk-full` or `storage`; other errors come back as they are. */
export const toFileError = (error: unknown): unknown => {
  const errno = errnoOf(error);
  if (errno === undefined) return error;
  // The path stays in the cause: it may name a person.
  if (errno === 'ENOSPC' || errno === 'EDQUOT')
    return new AppError('disk-full', 'the disk is full', { cause: error });
  return new AppError('storage', 'the file system refused the operation', {
    detail: { errno },
    cause: error,
  });
};

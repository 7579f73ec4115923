import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { toFileError } from './file-errors.ts';

/**
 * Writes a small file (mode 0600) so that a crash or a power cut leaves the whole old or the whole new
 * one: temporary file, fsync, rename, fsync of the folder.
 * @throws AppError `disk-full`, `storage`; the old file is then still there
 */
export const writeDurably = (path: string, text: string): void => {
  const temporary = `${path}.new`;
  try {
    // A left-over of an earlier crash may have other rights; 'wx' makes the file anew.
    rmSync(temporary, { force: true });
    const file = openSync(temporary, 'wx', 0o600);
    try {
      writeSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    discard(temporary);
    throw toFileError(error);
  }
  syncFolder(dirname(path));
};

/** Tidies up after a failure, which is what the caller must hear of. */
const discard = (path: string): void => {
  try {
    rmSync(path, { force: true });
  } catch {
    // The next attempt removes it or fails for the same reason.
  }
};

/** Makes the rename durable. Windows opens no folders; NTFS keeps the order of renames by itself. */
const syncFolder = (folder: string): void => {
  if (process.platform === 'win32') return;
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
};

import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Disposable } from '#main/util/disposables.ts';
import { holdLockFile } from './database.ts';
import { guarded } from './sqlite-errors.ts';

/** The files of a profile. */
export interface ProfilePaths {
  readonly database: string;
  /** Says where the key of the database is; see `crypto/keyring.ts`. */
  readonly keyMarker: string;
}

export const profilePaths = (folder: string): ProfilePaths => ({
  database: join(folder, 'chatsecure.db'),
  keyMarker: join(folder, 'key.json'),
});

/**
 * Makes the folder (mode 0700) and claims it for this process. To be done before the keyring looks for a
 * key: two first starts at once would each make one.
 * @throws AppError `profile-in-use` where another process has it
 */
export const claimProfile = (folder: string): Disposable =>
  guarded(() => {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    chmodSync(folder, 0o700);
    return holdLockFile(join(folder, 'lock'));
  });

import { mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Keyring } from '#main/crypto/keyring.ts';
import { openDatabase, type Database } from '#main/store/database.ts';
import { claimProfile, profilePaths } from '#main/store/profile.ts';
import { openStore, type Store } from '#main/store/store.ts';
import { noKeychain } from '#tests/support/app.ts';

/**
 * A profile that has been used for years, made without the years: protected by the passphrase, and filled by
 * the application's own store. The caller removes the folder.
 */
export const createFilledProfile = async (
  passphrase: string,
  fill: (database: Database, store: Store) => void,
): Promise<string> => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'chatsecure-filled-'));
  const { database: file, keyMarker } = profilePaths(folder);
  const claim = claimProfile(folder);
  const keyring = new Keyring({ markerPath: keyMarker, databasePath: file, secrets: noKeychain });
  await keyring.open();
  const { key } = await keyring.unlock(passphrase);
  const database = openDatabase(file, key);
  try {
    fill(database, openStore(database));
  } finally {
    database.close();
    claim.dispose();
  }
  return folder;
};

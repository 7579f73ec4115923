import { randomBytes, randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import { AppError } from '#shared/errors.ts';
import type { KeyProtection, LockView } from '#shared/views.ts';
import { SecretsLocked, SecretsUnavailable, type SecretStore } from '#main/hosts/shell.ts';
import { readMarker, writeMarker, type KeyMarker } from './key-marker.ts';
import { isKey, keyCheck, unwrapKey, wrapKey, KEY_BYTES } from './key-wrap.ts';

/** The key of the database. Whoever opens the database with it erases the bytes. */
export interface OpenedKey {
  readonly state: 'ready';
  /** 32 bytes, the raw key of SQLCipher. */
  readonly key: Uint8Array;
  readonly protection: KeyProtection;
}

export interface KeyringOptions {
  /** Path of `key.json`. */
  readonly markerPath: string;
  readonly databasePath: string;
  readonly secrets: SecretStore;
}

const broken = (code: (LockView & { state: 'broken' })['code'], detail: string): LockView => ({
  state: 'broken',
  code,
  detail,
});

/**
 * Obtains the key of the database: from the system keychain, or from a passphrase where there is none.
 * A new key is made only where there is neither a marker nor a database. The profile must be claimed
 * (`store/profile.ts`), so that no other process makes one at the same time.
 */
export class Keyring {
  readonly #options: KeyringOptions;
  /** One at a time: two first unlocks at once would each make a key. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: KeyringOptions) {
    this.#options = options;
  }

  /** The key, or what the window must ask for. To be called again when the user has unlocked the keychain. */
  open(): Promise<OpenedKey | LockView> {
    return this.#inTurn(() => this.#open());
  }

  /**
   * The key by a passphrase: opens the one of this profile, or makes one at the first start.
   * @throws AppError `wrong-passphrase`; `keychain-locked` where the key is in the keychain; the code of
   *   `broken` where the profile is
   */
  unlock(passphrase: string): Promise<OpenedKey> {
    return this.#inTurn(() => this.#unlock(passphrase));
  }

  async #open(): Promise<OpenedKey | LockView> {
    const found = this.#inspect();
    if ('state' in found) return found;
    if (found.marker === undefined) return this.#createInKeychain();
    const { wrap, check } = found.marker;
    return wrap.kind === 'passphrase' ? { state: 'enter-passphrase' } : this.#fromKeychain(wrap.item, check);
  }

  async #unlock(passphrase: string): Promise<OpenedKey> {
    const found = this.#inspect();
    if ('state' in found) {
      if (found.state !== 'broken') throw new AppError('locked', 'the profile waits for something else');
      throw new AppError(found.code, found.detail);
    }
    if (found.marker === undefined) return this.#createWithPassphrase(passphrase);
    const { wrap, check } = found.marker;
    if (wrap.kind === 'keychain')
      throw new AppError('keychain-locked', 'the key of this profile is in the keychain');
    const key = await unwrapKey(wrap, passphrase);
    if (!isKey(key, check)) {
      key.fill(0);
      throw new AppError('database-damaged', 'key.json does not fit together');
    }
    return { state: 'ready', key, protection: 'passphrase' };
  }

  /** Looks at the files: a usable marker, none at a first start, or what is wrong. */
  #inspect(): { readonly marker: KeyMarker | undefined } | LockView {
    const state = readMarker(this.#options.markerPath);
    switch (state.kind) {
      case 'present':
        return { marker: state.marker };
      case 'newer':
        return broken('database-newer', 'key.json was written by a newer version of this application');
      case 'unreadable':
        return broken('database-damaged', 'key.json cannot be read, so the key of the database is not known');
      case 'absent':
        return this.#databaseExists()
          ? broken('database-damaged', 'key.json is missing beside the database, so its key is not known')
          : { marker: undefined };
    }
  }

  /** An empty file is what SQLite leaves when the first start ends before its first write. */
  #databaseExists(): boolean {
    return (statSync(this.#options.databasePath, { throwIfNoEntry: false })?.size ?? 0) > 0;
  }

  async #createInKeychain(): Promise<OpenedKey | LockView> {
    const item = `database key ${randomUUID()}`;
    const key = randomBytes(KEY_BYTES);
    try {
      await this.#options.secrets.set(item, key.toString('base64'));
      // Only what comes out again protects anything.
      if ((await this.#options.secrets.get(item)) !== key.toString('base64')) {
        throw new SecretsUnavailable('the keychain of this system does not keep what is stored in it');
      }
    } catch (error) {
      key.fill(0);
      if (error instanceof SecretsUnavailable) return { state: 'create-passphrase', reason: error.message };
      if (error instanceof SecretsLocked) return { state: 'keychain-locked' };
      throw error;
    }
    return this.#keep(key, { kind: 'keychain', item });
  }

  async #createWithPassphrase(passphrase: string): Promise<OpenedKey> {
    const key = randomBytes(KEY_BYTES);
    return this.#keep(key, await wrapKey(key, passphrase));
  }

  /** A key counts only when its marker is on the disk. */
  #keep(key: Buffer, wrap: KeyMarker['wrap']): OpenedKey {
    try {
      writeMarker(this.#options.markerPath, { version: 1, check: keyCheck(key), wrap });
    } catch (error) {
      key.fill(0);
      throw error;
    }
    return { state: 'ready', key, protection: wrap.kind };
  }

  /** The marker says that there is a key: no answer means a locked keychain, never a first start. */
  async #fromKeychain(item: string, check: string): Promise<OpenedKey | LockView> {
    let text: string | undefined;
    try {
      text = await this.#options.secrets.get(item);
    } catch (error) {
      if (error instanceof SecretsUnavailable || error instanceof SecretsLocked)
        return { state: 'keychain-locked' };
      throw error;
    }
    if (text === undefined) return { state: 'keychain-locked' };
    const key = Buffer.from(text, 'base64');
    if (isKey(key, check)) return { state: 'ready', key, protection: 'keychain' };
    key.fill(0);
    return broken('database-damaged', 'the keychain holds another key than the one of this database');
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(act, act);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

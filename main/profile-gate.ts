import { Keyring, type OpenedKey } from '#main/crypto/keyring.ts';
import type { SecretStore } from '#main/hosts/shell.ts';
import type { Logger } from '#main/log/logger.ts';
import type { Profile } from '#main/profile.ts';
import { openDatabase, type Database } from '#main/store/database.ts';
import { claimProfile, profilePaths, type ProfilePaths } from '#main/store/profile.ts';
import type { Disposable } from '#main/util/disposables.ts';
import { AppError } from '#shared/errors.ts';
import type { KeyProtection, LockView } from '#shared/views.ts';

export interface ProfileGateOptions {
  readonly profileDir: string;
  readonly secrets: SecretStore;
  readonly log: Logger;
  /** Builds the services over the open database. */
  readonly create: (database: Database, keyProtection: KeyProtection) => Profile;
  /** The profile has been opened. */
  readonly opened: (profile: Profile) => void;
}

/** From a folder on disk to an open profile: claim, key, database. Says what stands in the way. */
export class ProfileGate {
  readonly #options: ProfileGateOptions;
  readonly #paths: ProfilePaths;
  readonly #keyring: Keyring;
  readonly #tried = Promise.withResolvers<void>();
  #claim: Disposable | undefined;
  #profile: Profile | undefined;
  /** One attempt at a time: the second of two would find the database locked by the first. */
  #turn: Promise<unknown> = Promise.resolve();
  #lock: LockView = { state: 'broken', code: 'locked', detail: 'the profile is being opened' };

  constructor(options: ProfileGateOptions) {
    this.#options = options;
    this.#paths = profilePaths(options.profileDir);
    this.#keyring = new Keyring({
      markerPath: this.#paths.keyMarker,
      databasePath: this.#paths.database,
      secrets: options.secrets,
    });
  }

  /** The open profile. */
  get profile(): Profile | undefined {
    return this.#profile;
  }

  /** What the window must ask for, or show, while there is none. */
  get lock(): LockView {
    return this.#lock;
  }

  /** Resolves when the first attempt is over, whatever came of it. */
  get tried(): Promise<void> {
    return this.#tried.promise;
  }

  /** Claims the folder and opens it as far as that goes without the user. Never rejects. */
  async open(): Promise<void> {
    await this.#inTurn(() => this.#attempt());
    this.#tried.resolve();
  }

  /** @throws AppError `wrong-passphrase`; the code of `lock` where no passphrase helps */
  unlock(passphrase: string): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#profile !== undefined) return;
      // Another process has the folder: nothing may be made or opened in it.
      if (this.#claim === undefined) throw new AppError('profile-in-use', 'the profile is not ours to open');
      this.#enter(await this.#keyring.unlock(passphrase));
    });
  }

  /** Asks the keychain again, or for the folder where another process had it. */
  retry(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#profile === undefined) await this.#attempt();
    });
  }

  /** Closes the profile and lets the folder go. Never rejects. */
  async close(): Promise<void> {
    try {
      await this.#profile?.close();
    } catch (error) {
      this.#options.log.error('the profile was not closed cleanly', {}, error);
    }
    this.#profile = undefined;
    this.#claim?.dispose();
    this.#claim = undefined;
  }

  async #attempt(): Promise<void> {
    try {
      this.#claim ??= claimProfile(this.#options.profileDir);
      this.#enter(await this.#keyring.open());
    } catch (error) {
      this.#refuse(error);
    }
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(act, act);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  #enter(opened: OpenedKey | LockView): void {
    if (opened.state !== 'ready') {
      this.#lock = opened;
      return;
    }
    let database: Database | undefined;
    try {
      database = openDatabase(this.#paths.database, opened.key);
      this.#profile = this.#options.create(database, opened.protection);
    } catch (error) {
      database?.close();
      this.#refuse(error);
      return;
    } finally {
      opened.key.fill(0);
    }
    this.#options.opened(this.#profile);
  }

  #refuse(error: unknown): void {
    this.#options.log.error('the profile could not be opened', {}, error);
    this.#lock =
      error instanceof AppError
        ? { state: 'broken', code: error.code, detail: error.message }
        : { state: 'broken', code: 'storage', detail: 'unexpected failure' };
  }
}

import type * as keytar from 'keytar';
import { SecretsLocked, SecretsUnavailable, type SecretStore } from './shell.ts';

type Keytar = Pick<typeof keytar, 'getPassword' | 'setPassword' | 'deletePassword'>;

/** Under this name users find the items in their keychain. */
const SERVICE = 'ChatSecure Desktop';

/**
 * What the keychains say when they are there and do not open: Secret Service (the daemon's own words,
 * not translated), then macOS for a locked keychain and for a refused prompt.
 */
const lockedPattern =
  /locked collection|IsLocked|dismissed|user interaction is not allowed|user canceled|passphrase you entered is not correct/i;

/**
 * Why there is no keychain. D-Bus's daemon does not translate; GIO may, and then the last line stands.
 * Sentence fragments for the user.
 */
const unavailableReasons: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/org\.freedesktop\.secrets/, 'no program on this system offers a keychain (Secret Service)'],
  [/collection\/|no such collection/i, 'the system has a keychain service, but no keychain in it'],
  [/D-Bus|could not connect|connection refused/i, 'there is no session bus (D-Bus) to reach a keychain'],
  [/native addon/i, 'the library for the keychain (libsecret) is not installed'],
];

const toSecretsError = (error: unknown): Error => {
  const text = error instanceof Error ? error.message : String(error);
  if (lockedPattern.test(text)) return new SecretsLocked(error);
  const known = unavailableReasons.find(([pattern]) => pattern.test(text));
  return new SecretsUnavailable(known?.[1] ?? 'the keychain of this system answers with an error', error);
};

class Keychain implements SecretStore {
  readonly #load: () => Promise<Keytar>;
  #library: Promise<Keytar> | undefined;

  constructor(load: () => Promise<Keytar>) {
    this.#load = load;
  }

  async get(name: string): Promise<string | undefined> {
    return (await this.#ask((library) => library.getPassword(SERVICE, name))) ?? undefined;
  }

  async set(name: string, value: string): Promise<void> {
    // The library would keep the part before it and report success.
    if (value.includes('\0')) throw new TypeError('a keychain cannot hold NUL');
    await this.#ask((library) => library.setPassword(SERVICE, name, value));
  }

  async delete(name: string): Promise<void> {
    await this.#ask((library) => library.deletePassword(SERVICE, name));
  }

  async #ask<T>(act: (library: Keytar) => Promise<T>): Promise<T> {
    try {
      this.#library ??= this.#load();
      return await act(await this.#library);
    } catch (error) {
      throw toSecretsError(error);
    }
  }
}

const loadKeytar = async (): Promise<Keytar> => {
  // CommonJS: a bundler or Node may put everything under `default`.
  const module: Keytar & { readonly default?: Keytar } = await import('keytar');
  return module.default ?? module;
};

/**
 * The keychain of the system: Keychain, Credential Manager or Secret Service. Its library is loaded at
 * the first use, because without libsecret the loading itself fails.
 * @param load for tests: another implementation of the library
 */
export const createKeychain = (load: () => Promise<Keytar> = loadKeytar): SecretStore => new Keychain(load);

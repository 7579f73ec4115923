import type { SecretStore } from '#main/hosts/shell.ts';
import type { Database } from './database.ts';

/** Secrets inside the encrypted database, for systems without a keychain. Never says "locked": it is open. */
export class SecretTable implements SecretStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async get(name: string): Promise<string | undefined> {
    return this.#database.one<{ value: string }>('SELECT value FROM secrets WHERE name = $name', { name })
      ?.value;
  }

  async set(name: string, value: string): Promise<void> {
    this.#database.run(
      'INSERT INTO secrets (name, value) VALUES ($name, $value) ON CONFLICT (name) DO UPDATE SET value = $value',
      { name, value },
    );
  }

  async delete(name: string): Promise<void> {
    this.#database.run('DELETE FROM secrets WHERE name = $name', { name });
  }
}

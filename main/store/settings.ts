import type { Database } from './database.ts';

/** Named JSON values. Their meaning and their checking belong to the service that owns them. */
export class SettingsStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** All that were ever set. */
  all(): Readonly<Record<string, unknown>> {
    const rows = this.#database.all<{ key: string; value: string }>('SELECT key, value FROM settings');
    return Object.fromEntries(rows.map(({ key, value }): [string, unknown] => [key, JSON.parse(value)]));
  }

  /** Sets several at once, in one transaction; what is undefined stays as it is. */
  set(values: Readonly<Record<string, unknown>>): void {
    this.#database.transaction(() => {
      for (const [key, value] of Object.entries(values)) {
        if (value === undefined) continue;
        this.#database.run(
          `INSERT INTO settings (key, value) VALUES ($key, $value)
           ON CONFLICT (key) DO UPDATE SET value = $value`,
          { key, value: JSON.stringify(value) },
        );
      }
    });
  }
}

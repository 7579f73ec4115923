import type { Database } from './database.ts';

/** Anybody can announce new hashes; more than this many clients are forgotten, the oldest first. */
const MAX_ENTRIES = 2_000;

/** What clients can do, by the hash that they announce (XEP-0115 section 5.4), across restarts. */
export class CapsStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** @param hash algorithm and verification string, as the caller writes them */
  features(hash: string): readonly string[] | undefined {
    const sql = 'SELECT features FROM caps_cache WHERE hash = $hash';
    const row = this.#database.one<{ features: string }>(sql, { hash });
    return row === undefined ? undefined : (JSON.parse(row.features) as readonly string[]);
  }

  /** Only after the hash was recomputed from the answer (XEP-0115 section 5.4). */
  store(hash: string, features: readonly string[]): void {
    this.#database.transaction(() => {
      this.#database.run(
        `INSERT INTO caps_cache (hash, features) VALUES ($hash, $features)
         ON CONFLICT (hash) DO UPDATE SET features = $features`,
        { hash, features: JSON.stringify(features) },
      );
      this.#database.run('DELETE FROM caps_cache WHERE id <= (SELECT max(id) FROM caps_cache) - $max', {
        max: MAX_ENTRIES,
      });
    });
  }
}

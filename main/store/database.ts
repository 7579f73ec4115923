import { chmodSync, closeSync, existsSync, openSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import type { Disposable } from '#main/util/disposables.ts';
import { AppError } from '#shared/errors.ts';
import { migrate, type MigrationTarget } from './migrate.ts';
import type { Migration } from './migrations/index.ts';
import { Durability, writeAheadLog } from './durability.ts';
import { guarded } from './sqlite-errors.ts';

/** The raw key of SQLCipher: AES-256. */
export const DATABASE_KEY_BYTES = 32;

/** How long another process may take to let go of the file, for a restart that overlaps. */
const LOCK_WAIT_MS = 1_000;

/** What can be bound to a statement, by name. */
export type SqlParameters = Readonly<Record<string, string | number | Uint8Array | null>>;

/**
 * The encrypted database: the one place that knows the SQLite library. Synchronous, so that nothing
 * can slip between the statements of a transaction. Errors of SQLite become AppError: `disk-full`,
 * `database-damaged`, `profile-in-use`, else `storage`.
 *
 * The file stays locked until `close` or the end of the process. POSIX drops a process's locks when it
 * closes any descriptor of the file: nothing else in this process may open it.
 */
export class Database implements MigrationTarget {
  readonly #sqlite: Sqlite.Database;
  readonly #statements = new Map<string, Sqlite.Statement<[SqlParameters]>>();
  readonly #atomically: Sqlite.Transaction<(act: () => unknown) => unknown>;
  readonly #durability: Durability;
  /** Something was written that is not committed yet. */
  #hasWritten = false;
  #logHoldsDeleted = false;

  constructor(sqlite: Sqlite.Database) {
    this.#sqlite = sqlite;
    const checkpoint = (): void => void sqlite.pragma('wal_checkpoint(TRUNCATE)');
    this.#durability = new Durability(writeAheadLog(sqlite.name, checkpoint));
    this.#atomically = sqlite.transaction((act: () => unknown) => act());
  }

  get schemaVersion(): number {
    return Number(guarded(() => this.#opened().pragma('user_version', { simple: true })));
  }

  /**
   * Runs `act` in one transaction: when this returns, all of its writes outlive the process, and none when it
   * throws. They outlive a power cut too when `durable` says so, which every stream waits for. May be nested:
   * the inner one is a savepoint. `act` must not return a promise.
   */
  transaction<T>(act: () => T): T {
    this.#opened();
    const result = guarded(() => this.#atomically.immediate(act) as T);
    this.#noteCommit();
    this.#scrub();
    return result;
  }

  /**
   * Something was deleted that must not stay readable: when the running transaction is committed, or at once,
   * the log goes back into the file, where deleted bytes are overwritten (secure_delete), and is emptied.
   */
  scrubLog(): void {
    this.#logHoldsDeleted = true;
    this.#scrub();
  }

  /** Lets SQL of temporary triggers call `act`: same arguments, same answer. */
  defineFunction(name: string, act: (...values: readonly unknown[]) => string): void {
    this.#opened().function(name, { deterministic: true, varargs: true }, act);
  }

  /** Runs several statements, without parameters or results. */
  execute(sql: string): void {
    guarded(() => this.#opened().exec(sql));
    this.#noteWrite();
  }

  /** The first row of the answer. */
  one<Row>(sql: string, parameters: SqlParameters = {}): Row | undefined {
    const statement = guarded(() => this.#prepared(sql));
    const row = guarded(() => statement.get(parameters)) as Row | undefined;
    // `INSERT … RETURNING` answers rows too.
    if (!statement.readonly) this.#noteWrite();
    return row;
  }

  /** The first row of the answer. @throws AppError `not-found` where there is none */
  require<Row>(sql: string, parameters: SqlParameters = {}): Row {
    const row = this.one<Row>(sql, parameters);
    if (row === undefined) throw new AppError('not-found', 'the row does not exist');
    return row;
  }

  all<Row>(sql: string, parameters: SqlParameters = {}): Row[] {
    return guarded(() => this.#prepared(sql).all(parameters)) as Row[];
  }

  /** @returns the number of changed rows, without those changed by triggers and foreign keys */
  run(sql: string, parameters: SqlParameters = {}): number {
    const { changes } = guarded(() => this.#prepared(sql).run(parameters));
    if (changes > 0) this.#noteWrite();
    return changes;
  }

  /** Inserts one row. @returns its row id */
  insert(sql: string, parameters: SqlParameters): number {
    const { changes, lastInsertRowid } = guarded(() => this.#prepared(sql).run(parameters));
    this.#noteWrite();
    assertOneRow(changes);
    return Number(lastInsertRowid);
  }

  /** Changes exactly one row. @throws AppError `not-found` where there is none */
  changeOne(sql: string, parameters: SqlParameters): void {
    const changes = this.run(sql, parameters);
    if (changes === 0) throw new AppError('not-found', 'the row does not exist');
    assertOneRow(changes);
  }

  /**
   * Resolves when everything that is committed now would survive a power cut; undefined where it would already.
   * Rejects with AppError `disk-full` or `storage`.
   */
  durable(): Promise<void> | undefined {
    return this.#durability.reached();
  }

  /** Writes the log back into the file and closes it; calling it twice does no harm. */
  close(): void {
    if (!this.#sqlite.open) return;
    this.#statements.clear();
    try {
      this.#sqlite.pragma('wal_checkpoint(TRUNCATE)');
    } catch {
      // A full disk: what is committed stays in the log, and the next opening reads it from there.
    }
    this.#durability.close();
    guarded(() => this.#sqlite.close());
  }

  #noteWrite(): void {
    this.#hasWritten = true;
    this.#noteCommit();
  }

  /** Inside of a transaction nothing is committed yet. */
  #noteCommit(): void {
    if (!this.#hasWritten || this.#sqlite.inTransaction) return;
    this.#hasWritten = false;
    this.#durability.committed();
  }

  #scrub(): void {
    if (!this.#logHoldsDeleted || this.#sqlite.inTransaction) return;
    try {
      this.#sqlite.pragma('wal_checkpoint(TRUNCATE)');
      this.#logHoldsDeleted = false;
    } catch {
      // A full disk: the next commit tries again.
    }
  }

  #prepared(sql: string): Sqlite.Statement<[SqlParameters]> {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#opened().prepare<[SqlParameters]>(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #opened(): Sqlite.Database {
    if (!this.#sqlite.open) throw new AppError('locked', 'the database is closed');
    return this.#sqlite;
  }
}

const assertOneRow = (changes: number): void => {
  if (changes !== 1) throw new AppError('storage', `expected to change one row, changed ${changes}`);
};

/**
 * Opens (or makes) the database and brings its schema up to date. The folder must exist; see `claimProfile`.
 * @param key 32 bytes, the raw key; not kept here
 * @throws AppError `database-damaged` (also for a key that does not fit: SQLCipher cannot tell them apart,
 *   the keyring can and has checked), `database-newer`, `profile-in-use`, `disk-full`, `storage`.
 *   The contents of the file are then as before.
 */
export const openDatabase = (path: string, key: Uint8Array, migrations?: readonly Migration[]): Database => {
  if (key.length !== DATABASE_KEY_BYTES)
    throw new AppError('storage', 'the database key has the wrong length');
  return guarded(() => {
    restrictToOwner(path);
    // Never `verbose`: it would print the key.
    const sqlite = new Sqlite(path, { timeout: LOCK_WAIT_MS });
    try {
      unlock(sqlite, key);
      const database = new Database(sqlite);
      migrate(database, migrations);
      return database;
    } catch (error) {
      sqlite.close();
      throw error;
    }
  });
};

/**
 * Holds a lock file until disposed or the process ends, however it ends. Node has no file locks; SQLite
 * has them on every system: an exclusive transaction on an empty database that is never written.
 * @throws AppError `profile-in-use` where another process (or this one) holds it
 */
export const holdLockFile = (path: string): Disposable =>
  guarded(() => {
    restrictToOwner(path);
    const sqlite = new Sqlite(path, { timeout: LOCK_WAIT_MS });
    try {
      sqlite.exec('BEGIN EXCLUSIVE');
    } catch (error) {
      sqlite.close();
      throw error;
    }
    held.add(sqlite);
    return {
      dispose: () => {
        held.delete(sqlite);
        sqlite.close();
      },
    };
  });

/** The library closes, and so unlocks, what the garbage collector finds: a claim must not depend on that. */
const held = new Set<Sqlite.Database>();

/** SQLite gives its log the mode of the database; so the mode must be right before it is opened. */
const restrictToOwner = (path: string): void => {
  // An existing file is not opened: closing it would drop a lock that this process holds on it.
  if (!existsSync(path)) closeSync(openSync(path, 'a', 0o600));
  chmodSync(path, 0o600);
};

/** The order matters: the cipher before the key, the key before anything that reads. */
const unlock = (sqlite: Sqlite.Database, key: Uint8Array): void => {
  sqlite.pragma("cipher = 'sqlcipher'");
  sqlite.pragma('legacy = 4');
  applyKey(sqlite, key);
  // With the default, big sorts write readable rows to /var/tmp.
  sqlite.pragma('temp_store = memory');
  // One process at a time, by a lock that dies with it; it also needs no shared-memory file.
  sqlite.pragma('locking_mode = exclusive');
  sqlite.pragma('journal_mode = wal');
  // With FULL the event loop would wait for the disk at every commit; `durable` waits beside it, once for many.
  sqlite.pragma('synchronous = normal');
  // After a burst the log would otherwise keep its greatest length.
  sqlite.pragma('journal_size_limit = 16777216');
  sqlite.pragma('foreign_keys = on');
  sqlite.pragma('trusted_schema = off');
  sqlite.pragma('secure_delete = on');
  sqlite.prepare('SELECT count(*) FROM sqlite_schema').get();
};

/** The key as `x'…'` makes it a raw key instead of a passphrase; bytes, because a string cannot be erased. */
const applyKey = (sqlite: Sqlite.Database, key: Uint8Array): void => {
  const literal = Buffer.alloc(DATABASE_KEY_BYTES * 2 + 3);
  const digits = Buffer.from('0123456789abcdef');
  literal.write("x'");
  key.forEach((byte, index) => {
    literal[2 + index * 2] = digits[byte >> 4] ?? 0;
    literal[3 + index * 2] = digits[byte & 15] ?? 0;
  });
  literal.write("'", literal.length - 1);
  try {
    (sqlite as Sqlite.Database & { key(bytes: Buffer): number }).key(literal);
  } finally {
    literal.fill(0);
  }
};

import { closeSync, fdatasync, openSync } from 'node:fs';
import { promisify } from 'node:util';
import { toStoreError } from './sqlite-errors.ts';

/** Where commits go first. */
export interface CommitLog {
  /** Resolves when everything that was written to it so far would survive a power cut. */
  sync(): Promise<void>;
  /** Moves everything that was committed out of it into the database, durably. */
  checkpoint(): void;
  /** Lets go of the file. */
  close(): void;
}

/**
 * How long a commit that nobody waits for stays with the system alone. What is sent takes two commits in a row,
 * the row and the sealed stanza: the first must not start a write that the second one has to wait out.
 */
const UNASKED_MS = 25;

/**
 * When commits are safe. SQLite alone (`synchronous = normal`) writes its log through to the disk only before
 * it moves it into the database: a commit survives the end of the process at once, and a power cut when this
 * class says so. It waits for the disk beside the event loop, and once for all commits that came meanwhile.
 */
export class Durability {
  readonly #log: CommitLog;
  /** Commits so far, and how many of them are durable. */
  #committed = 0;
  #durable = 0;
  #running: Promise<void> | undefined;
  #scheduled: NodeJS.Timeout | undefined;
  #hasFailed = false;
  #isClosed = false;

  constructor(log: CommitLog) {
    this.#log = log;
  }

  /** Something was committed. It becomes durable soon, also where nobody waits for that. */
  committed(): void {
    this.#committed += 1;
    this.#scheduled ??= setTimeout(() => {
      this.#scheduled = undefined;
      // Whoever depends on it asks by themselves, and hears of the failure.
      this.reached()?.catch(() => undefined);
    }, UNASKED_MS).unref();
  }

  /**
   * Resolves when everything that is committed now is durable; undefined where it is already. Rejects with
   * AppError `disk-full` or `storage`; the next call tries again.
   */
  reached(): Promise<void> | undefined {
    return this.#durable >= this.#committed ? undefined : this.#reach(this.#committed);
  }

  /** After the last checkpoint: whoever still waits has got what they wait for. */
  close(): void {
    clearTimeout(this.#scheduled);
    this.#isClosed = true;
    this.#durable = this.#committed;
    if (this.#running === undefined) this.#log.close();
  }

  async #reach(goal: number): Promise<void> {
    while (this.#durable < goal) {
      const running = (this.#running ??= this.#sync());
      try {
        await running;
      } finally {
        if (this.#running === running) this.#finish();
      }
    }
  }

  #finish(): void {
    this.#running = undefined;
    if (this.#isClosed) this.#log.close();
  }

  async #sync(): Promise<void> {
    const goal = this.#committed;
    try {
      // The system may have dropped what it could not write, and would report success the next time.
      if (this.#hasFailed) this.#log.checkpoint();
      else await this.#log.sync();
      this.#hasFailed = false;
      this.#durable = Math.max(this.#durable, goal);
    } catch (error) {
      this.#hasFailed = true;
      if (!this.#isClosed) throw toStoreError(error);
    }
  }
}

const datasync = promisify(fdatasync);

/**
 * The write-ahead log beside a database. A descriptor of our own serves well: what counts is the file, and
 * the log, unlike the database, has no locks that closing it could drop.
 * @param checkpoint as in `CommitLog`
 */
export const writeAheadLog = (database: string, checkpoint: () => void): CommitLog => {
  let descriptor: number | undefined;
  return {
    sync: () => datasync((descriptor ??= openSync(`${database}-wal`, 'r+'))),
    checkpoint,
    close: () => {
      if (descriptor !== undefined) closeSync(descriptor);
      descriptor = undefined;
    },
  };
};

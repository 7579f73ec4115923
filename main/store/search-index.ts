import type { Database } from './database.ts';
import { SEARCH_VERSION, searchText } from './search-text.ts';

/** Small enough for a slice of the main thread. */
const ROWS_PER_SLICE = 200;
const PAGES_PER_SLICE = 48;

/** Words of the index that no text has: they begin with a character of private use. */
export const chatWord = (chatId: number): string => `\ue000${chatId}`;
export const FILE_WORD = '\ue001';

const wordsOf = (chatId: unknown, hasFile: unknown, body: unknown): string =>
  [chatWord(Number(chatId)), ...(hasFile === 1 ? [FILE_WORD] : []), searchText(String(body))].join(' ');

/** Rows with this id and above are in the index. */
const FROM = 'search-from';
const VERSION = 'search-version';
/** Deleted words are still in the file: 1 a merge of everything must begin, 2 it has begun. */
const PURGE = 'search-purge';

const added = `INSERT INTO messages_search (rowid, words)
  VALUES (new.search_id, search_words(new.chat_id, new.has_file, new.body));`;
const removed = `INSERT INTO messages_search (messages_search, rowid, words)
  VALUES ('delete', old.search_id, search_words(old.chat_id, old.has_file, old.body));`;
const isIndexed = `old.id >= (SELECT value FROM counters WHERE name = '${FROM}')`;

/**
 * Temporary triggers, because they may call a function of ours: those of the schema may not, since anybody
 * who can write the file could put other calls there (trusted_schema).
 */
const triggers = `
CREATE TEMP TRIGGER IF NOT EXISTS search_insert AFTER INSERT ON main.messages BEGIN ${added} END;
CREATE TEMP TRIGGER IF NOT EXISTS search_delete AFTER DELETE ON main.messages WHEN ${isIndexed} BEGIN ${removed} END;
CREATE TEMP TRIGGER IF NOT EXISTS search_update AFTER UPDATE OF body, has_file, at ON main.messages
  WHEN ${isIndexed} AND (old.body, old.has_file, old.search_id) IS NOT (new.body, new.has_file, new.search_id) BEGIN ${removed} ${added} END;`;

/**
 * Keeps the search index in step with the messages, whoever writes them. The index holds no text, so every
 * deletion must name the words that were put in: when their rules change, it is built anew.
 */
export class SearchIndex {
  readonly #database: Database;
  #isRewriting = false;

  constructor(database: Database) {
    this.#database = database;
    database.defineFunction('search_words', wordsOf);
    database.execute(triggers);
    if (this.#counter(VERSION) !== SEARCH_VERSION) this.#startAnew();
  }

  /**
   * Indexes some rows of earlier versions.
   * @returns whether there are more; new messages are always found
   */
  indexSlice(): boolean {
    return this.#database.transaction(() => {
      const rows = this.#database.all<{ id: number }>(
        'SELECT id FROM messages WHERE id < $from ORDER BY id DESC LIMIT $limit',
        { from: this.#counter(FROM), limit: ROWS_PER_SLICE },
      );
      const last = rows.at(-1)?.id;
      if (last !== undefined) {
        // Ascending: each step back would make FTS5 write a segment of its own.
        this.#database.run(
          `INSERT INTO messages_search (rowid, words)
           SELECT search_id, search_words(chat_id, has_file, body) FROM messages
           WHERE id >= $last AND id < $from ORDER BY search_id`,
          { last, from: this.#counter(FROM) },
        );
      }
      const isMore = rows.length === ROWS_PER_SLICE;
      this.#setCounter(FROM, isMore ? (last ?? 0) : 0);
      return isMore;
    });
  }

  /**
   * Runs a small change of texts or times after which the index holds nothing of the former ones. Costs some
   * milliseconds for each row, because its words are taken out of the midst of the index; what deletes many
   * rows calls `purgeLater` instead.
   */
  rewriting<T>(change: () => T): T {
    if (this.#isRewriting) return change();
    this.#isRewriting = true;
    try {
      return this.#database.transaction(() => {
        this.#configure('secure-delete', 1);
        const result = change();
        // Writes out what is pending, under the old setting.
        this.#configure('secure-delete', 0);
        return result;
      });
    } finally {
      this.#isRewriting = false;
    }
  }

  /** As `rewriting`; once it is committed, the former texts are gone from the files too. */
  purging<T>(change: () => T): T {
    return this.#database.transaction(() => {
      const result = this.rewriting(change);
      this.#database.scrubLog();
      return result;
    });
  }

  /** Whether words of deleted rows wait for a merge of the index. */
  get isPurgePending(): boolean {
    return this.#counter(PURGE) !== 0;
  }

  /** Many rows were deleted: `purgeSlice` must take their words out of the files. */
  purgeLater(): void {
    this.#setCounter(PURGE, 1);
  }

  /** Merges a part of the index; deleted words are left behind. @returns whether there is more to do */
  purgeSlice(): boolean {
    const state = this.#counter(PURGE);
    if (state === 0) return false;
    this.#database.transaction(() => {
      const before = this.#totalChanges();
      // Negative: the merge takes in all that is there (FTS5 documentation, section 6.8).
      this.#configure('merge', state === 1 ? -PAGES_PER_SLICE : PAGES_PER_SLICE);
      const isDone = this.#totalChanges() - before < 2;
      this.#setCounter(PURGE, isDone ? 0 : 2);
      if (isDone) this.#database.scrubLog();
    });
    return this.#counter(PURGE) !== 0;
  }

  #startAnew(): void {
    this.#database.transaction(() => {
      this.#configure('delete-all', null);
      const row = this.#database.one<{ last: number | null }>('SELECT max(id) AS last FROM messages');
      this.#setCounter(FROM, (row?.last ?? 0) + 1);
      this.#setCounter(VERSION, SEARCH_VERSION);
      this.#setCounter(PURGE, 0);
    });
  }

  #configure(command: string, value: number | null): void {
    // The library binds numbers as REAL, which FTS5 does not take for a setting.
    const sql =
      'INSERT INTO messages_search (messages_search, rank) VALUES ($command, CAST($value AS INTEGER))';
    this.#database.run(sql, { command, value });
  }

  #totalChanges(): number {
    return this.#database.require<{ changes: number }>('SELECT total_changes() AS changes').changes;
  }

  #counter(name: string): number {
    return (
      this.#database.one<{ value: number }>('SELECT value FROM counters WHERE name = $name', { name })
        ?.value ?? 0
    );
  }

  #setCounter(name: string, value: number): void {
    this.#database.run(
      'INSERT INTO counters (name, value) VALUES ($name, $value) ON CONFLICT (name) DO UPDATE SET value = $value',
      { name, value },
    );
  }
}

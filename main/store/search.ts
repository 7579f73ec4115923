import { AppError } from '#shared/errors.ts';
import type { AccountId, ChatId } from '#shared/ids.ts';
import type { Database } from './database.ts';
import { messageColumns, toMessage, type StoredMessage } from './message-rows.ts';
import type { MessageRow } from './rows.ts';
import { chatWord, FILE_WORD } from './search-index.ts';
import { findMatches, matchExpression, parseQuery, type MatchRange, type SearchTerm } from './search-text.ts';

/** Where a page of results ends. Opaque. */
export type SearchCursor = string;

export interface SearchRequest {
  /** Words, phrases in quotes, the last word as a beginning; may be empty where another filter is given. */
  readonly query: string;
  /** Only messages of this author: bare JID, in a room the occupant's full JID. */
  readonly from?: string | undefined;
  readonly chatId?: ChatId | undefined;
  readonly accountId?: AccountId | undefined;
  /** Written before this time and not before that one; milliseconds since 1970. */
  readonly before?: number | undefined;
  readonly after?: number | undefined;
  readonly hasFile?: boolean | undefined;
  readonly limit: number;
  readonly cursor?: SearchCursor | undefined;
}

/** A part of a text on one line, as long as the same part of the text. */
export interface Excerpt {
  readonly text: string;
  /** What was found, in UTF-16 units of the excerpt. */
  readonly matches: readonly MatchRange[];
  readonly cutBefore: boolean;
  readonly cutAfter: boolean;
}

export interface SearchHit {
  readonly message: StoredMessage;
  readonly accountId: AccountId;
  readonly excerpt: Excerpt;
}

export interface SearchPage {
  /** The newest first. */
  readonly hits: readonly SearchHit[];
  /**
   * For the next page; undefined at the end. A page may have fewer hits than wanted, even none, and still
   * not be the last: rare hits under many candidates are looked for in several steps.
   */
  readonly cursor: SearchCursor | undefined;
}

interface HitRow extends MessageRow {
  readonly account_id: AccountId;
  readonly search_place: string;
}

/** How many candidates one page looks at, so that it never takes long. */
const MAX_CANDIDATES = 4_000;

const LOWEST = -(2n ** 63n);
const HIGHEST = 2n ** 63n - 1n;
/** As in the schema: the time of a message, then 20 bits. */
const placeOf = (at: number): bigint => BigInt(Math.max(0, Math.trunc(at))) << 20n;

/** Exported for its test. The index is walked from its newest end and stops when the candidates are enough. */
export const searchSql = `
  SELECT ${messageColumns
    .split(', ')
    .map((name) => `m.${name}`)
    .join(', ')}, c.account_id, CAST(f.rowid AS TEXT) AS search_place
  FROM (SELECT rowid FROM messages_search WHERE messages_search MATCH $match
      AND rowid >= CAST($lowest AS INTEGER) AND rowid < CAST($highest AS INTEGER)
      ORDER BY rowid DESC LIMIT $candidates) AS f
    CROSS JOIN messages m ON m.search_id = f.rowid
    CROSS JOIN chats c ON c.id = m.chat_id
  WHERE ($chatId IS NULL AND c.standing <> 'blocked' OR m.chat_id = $chatId)
    AND ($accountId IS NULL OR c.account_id = $accountId)
    AND ($from IS NULL OR m.sender_jid = $from)
    AND NOT EXISTS (SELECT 1 FROM deletions d WHERE d.chat_id = m.chat_id AND m.sort_at <= d.up_to)
  LIMIT $limit`;

const candidatesSql = `SELECT count(*) AS seen, CAST(min(rowid) AS TEXT) AS last FROM (
  SELECT rowid FROM messages_search WHERE messages_search MATCH $match
    AND rowid >= CAST($lowest AS INTEGER) AND rowid < CAST($highest AS INTEGER)
    ORDER BY rowid DESC LIMIT $candidates)`;

/** Full-text search over all messages. */
export class SearchStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Messages in which all words of the query stand. Without words and without a chat, author or file to look
   * for, nothing is found. Blocked chats are searched only when they are asked for.
   * @throws AppError `bad-request` for a cursor that is none
   */
  search(request: SearchRequest): SearchPage {
    const terms = parseQuery(request.query);
    const filters = this.#filters(request);
    const parts = [...(filters ?? []), ...(terms.length === 0 ? [] : [matchExpression(terms)])];
    if (filters === undefined || parts.length === 0) return { hits: [], cursor: undefined };
    const range = {
      match: parts.join(' AND '),
      lowest: String(request.after === undefined ? LOWEST : placeOf(request.after)),
      highest: String(highestOf(request)),
      candidates: MAX_CANDIDATES,
    };
    const rows = this.#database.all<HitRow>(searchSql, {
      ...range,
      chatId: request.chatId ?? null,
      accountId: request.accountId ?? null,
      from: request.from ?? null,
      limit: request.limit + 1,
    });
    const hits = rows.slice(0, request.limit).map((row) => toHit(row, terms));
    return {
      hits,
      cursor: rows.length > request.limit ? rows[hits.length - 1]?.search_place : this.#rest(range),
    };
  }

  /** Where the next page begins, when all candidates were looked at and there may be more. */
  #rest(range: Readonly<Record<string, string | number>>): SearchCursor | undefined {
    const { seen, last } = this.#database.require<{ seen: number; last: string | null }>(
      candidatesSql,
      range,
    );
    return seen < MAX_CANDIDATES ? undefined : (last ?? undefined);
  }

  /** Words that only messages of the wanted chats have; undefined where there can be none. */
  #filters({ chatId, from, hasFile }: SearchRequest): readonly string[] | undefined {
    const chats = chatId === undefined ? this.#chatsOf(from) : [chatId];
    if (chats?.length === 0) return undefined;
    const words = chats?.map((id) => `"${chatWord(id)}"`).join(' OR ');
    return [...(words === undefined ? [] : [`(${words})`]), ...(hasFile === true ? [`"${FILE_WORD}"`] : [])];
  }

  /** An author writes in the chat of his address, in a room below it; we ourselves write everywhere. */
  #chatsOf(from: string | undefined): readonly ChatId[] | undefined {
    if (from === undefined) return undefined;
    const jid = from.split('/', 1)[0] ?? from;
    if (this.#database.one('SELECT 1 FROM accounts WHERE jid = $jid', { jid }) !== undefined)
      return undefined;
    return this.#database
      .all<{ id: ChatId }>('SELECT id FROM chats WHERE jid = $jid', { jid })
      .map(({ id }) => id);
  }
}

const highestOf = ({ before, cursor }: SearchRequest): bigint => {
  const highest = before === undefined ? HIGHEST : placeOf(before);
  if (cursor === undefined) return highest;
  if (!/^-?\d{1,19}$/.test(cursor)) throw new AppError('bad-request', 'no such cursor');
  const place = BigInt(cursor);
  return place < highest ? place : highest;
};

const toHit = (row: HitRow, terms: readonly SearchTerm[]): SearchHit => {
  const message = toMessage(row);
  return { message, accountId: row.account_id, excerpt: excerptOf(message.body, terms) };
};

const EXCERPT_LENGTH = 240;
const EXCERPT_BEFORE = 60;
/** Words are looked for in so much of a text; further back, the excerpt shows its beginning. */
const MAX_SEARCHED = 20_000;

/** Line breaks, controls, and what would turn the line around: one blank for each, so that offsets stay. */
const UNRULY = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** Exported for its test. */
export const excerptOf = (body: string, terms: readonly SearchTerm[]): Excerpt => {
  const found = findMatches(body.slice(0, MAX_SEARCHED), terms);
  const first = found[0]?.[0] ?? 0;
  const start = first < EXCERPT_LENGTH - EXCERPT_BEFORE ? 0 : wordStart(body, first - EXCERPT_BEFORE, first);
  const end = whole(body, Math.min(body.length, start + EXCERPT_LENGTH));
  return {
    text: body.slice(start, end).replace(UNRULY, ' '),
    matches: found.flatMap(([from, to]): readonly MatchRange[] =>
      from < end ? [[from - start, Math.min(to, end) - start]] : [],
    ),
    cutBefore: start > 0,
    cutAfter: end < body.length,
  };
};

/** The first start of a word from `from` on, where there is one before `limit`. */
const wordStart = (text: string, from: number, limit: number): number => {
  const space = text.slice(from, limit).search(/\s\S/u);
  return whole(text, space < 0 ? from : from + space + 1);
};

/** Not within a surrogate pair. */
const whole = (text: string, index: number): number =>
  /[\udc00-\udfff]/.test(text.charAt(index)) && /[\ud800-\udbff]/.test(text.charAt(index - 1))
    ? index - 1
    : index;

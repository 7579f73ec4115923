import { AppError } from '#shared/errors.ts';
import type { ChatId, MessageId } from '#shared/ids.ts';
import type { Database } from './database.ts';
import { columns, type MessageRow } from './rows.ts';

/** The newest rows of a chat, or those before, after or around one of them (`around` includes it). */
export type PageRequest =
  | { readonly kind: 'latest'; readonly chatId: ChatId; readonly limit: number }
  | {
      readonly kind: 'before' | 'after' | 'around';
      readonly chatId: ChatId;
      readonly anchor: MessageId;
      readonly limit: number;
    }
  /** Around a time, milliseconds since 1970: the first row at that time or later stands in the middle. */
  | { readonly kind: 'date'; readonly chatId: ChatId; readonly at: number; readonly limit: number };

/** Rows in timeline order, oldest first. */
export interface RowPage {
  readonly rows: readonly MessageRow[];
  readonly hasOlder: boolean;
  readonly hasNewer: boolean;
}

/** A place between two rows of the timeline. */
interface Position {
  readonly sortAt: number;
  readonly id: number;
}

interface Part {
  readonly rows: readonly MessageRow[];
  readonly more: boolean;
}

const all = columns.messages.join(', ');

/** Exported for their test. */
export const olderSql = `SELECT ${all} FROM messages WHERE chat_id = $chatId AND (sort_at, id) < ($sortAt, $id)
  ORDER BY sort_at DESC, id DESC LIMIT $limit`;
export const newerSql = `SELECT ${all} FROM messages WHERE chat_id = $chatId AND (sort_at, id) > ($sortAt, $id)
  ORDER BY sort_at, id LIMIT $limit`;

const END: Position = { sortAt: Number.MAX_SAFE_INTEGER, id: Number.MAX_SAFE_INTEGER };

/** Reads one page by its place in the index, so that the length of the chat does not matter. */
export const readPage = (database: Database, request: PageRequest): RowPage => {
  const { chatId, limit } = request;
  // One row more than wanted answers whether there are more.
  const read = (sql: string, { sortAt, id }: Position, count: number): Part => {
    const rows = database.all<MessageRow>(sql, { chatId, sortAt, id, limit: count + 1 });
    return { rows: rows.slice(0, count), more: rows.length > count };
  };
  const older = (from: Position, count: number): Part => {
    const { rows, more } = read(olderSql, from, count);
    return { rows: rows.toReversed(), more };
  };
  const newer = (from: Position, count: number): Part => read(newerSql, from, count);

  if (request.kind === 'latest') {
    const { rows, more } = older(END, limit);
    return { rows, hasOlder: more, hasNewer: false };
  }
  /** @param from the place just before the row in the middle */
  const around = (from: Position): RowPage => {
    const before = older({ sortAt: from.sortAt, id: from.id + 1 }, Math.floor(limit / 2));
    const after = newer(from, limit - before.rows.length);
    return { rows: [...before.rows, ...after.rows], hasOlder: before.more, hasNewer: after.more };
  };
  // Ids are positive: this place is before all rows of that time.
  if (request.kind === 'date') return around({ sortAt: request.at, id: 0 });
  const anchor = positionOf(database, chatId, request.anchor);
  switch (request.kind) {
    case 'before': {
      const { rows, more } = older(anchor, limit);
      return { rows, hasOlder: more, hasNewer: true };
    }
    case 'after': {
      const { rows, more } = newer(anchor, limit);
      return { rows, hasOlder: true, hasNewer: more };
    }
    case 'around':
      // Ids are integers: the place just before the anchor lets it be the first of the newer rows.
      return around({ sortAt: anchor.sortAt, id: anchor.id - 1 });
  }
};

const positionOf = (database: Database, chatId: ChatId, id: MessageId): Position => {
  const sql = 'SELECT sort_at FROM messages WHERE id = $id AND chat_id = $chatId';
  const row = database.one<Pick<MessageRow, 'sort_at'>>(sql, { id, chatId });
  if (row === undefined) throw new AppError('not-found', 'no such message in this chat');
  return { sortAt: row.sort_at, id };
};

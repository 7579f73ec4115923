/** Histories of the scripted application: plain lists, and lists too long to exist as a whole. */
import type { MessagePage } from '#shared/api/messages.ts';
import type { MessageId } from '#shared/ids.ts';
import type { MessageView } from '#shared/views.ts';

/** Messages of one chat; a long one need not exist as a whole. */
export interface History {
  readonly length: number;
  at(index: number): MessageView;
  indexOf(id: MessageId): number;
  push(message: MessageView): void;
  replace(message: MessageView): void;
  /** Of an endless one only what came later can go. */
  remove(id: MessageId): void;
}

/** Rows `from` up to, not including, `to`, as far as there are any. */
export const pageOf = (history: History, from: number, to: number): MessagePage => {
  const first = Math.max(0, from);
  const end = Math.min(history.length, to);
  const rows = Array.from({ length: Math.max(0, end - first) }, (_, index) => history.at(first + index));
  return { rows, hasOlder: first > 0, hasNewer: end < history.length };
};

/** Index of the first row at a time or later; histories are long, and in order. */
export const firstAt = (history: History, at: number): number => {
  let low = 0;
  let high = history.length;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (history.at(middle).sortAt < at) low = middle + 1;
    else high = middle;
  }
  return low;
};

/** A history that is a plain list. */
export const listHistory = (messages: readonly MessageView[]): History => {
  const rows = [...messages];
  return {
    get length() {
      return rows.length;
    },
    at: (index) => {
      const row = rows[index];
      if (row === undefined) throw new RangeError('no such row');
      return row;
    },
    indexOf: (id) => rows.findIndex((row) => row.id === id),
    push: (row) => rows.push(row),
    replace: (row) => {
      const at = rows.findIndex(({ id }) => id === row.id);
      if (at >= 0) rows[at] = row;
    },
    remove: (id) => {
      const at = rows.findIndex((row) => row.id === id);
      if (at >= 0) rows.splice(at, 1);
    },
  };
};

/** `count` messages that are made when they are asked for, then those that came later. */
export const endlessHistory = (
  count: number,
  firstId: number,
  make: (index: number) => Omit<MessageView, 'id'>,
): History => {
  const later = listHistory([]);
  return {
    get length() {
      return count + later.length;
    },
    at: (index) =>
      index < count ? { id: (firstId + index) as MessageId, ...make(index) } : later.at(index - count),
    indexOf: (id) => {
      if (id >= firstId && id < firstId + count) return id - firstId;
      const at = later.indexOf(id);
      return at < 0 ? -1 : count + at;
    },
    push: (row) => later.push(row),
    replace: (row) => later.replace(row),
    remove: (id) => later.remove(id),
  };
};

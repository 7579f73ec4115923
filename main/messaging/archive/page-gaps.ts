import type { PageRequest } from '#main/store/message-pages.ts';
import type { StoredMessage } from '#main/store/messages.ts';
import type { Store } from '#main/store/store.ts';
import { chatGaps } from './archive-ledger.ts';
import type { ChatGap } from './history-sync.ts';

interface Placed {
  readonly id: number;
  readonly sortAt: number;
}

interface Page<Row> {
  readonly rows: readonly Row[];
  readonly hasOlder: boolean;
  readonly hasNewer: boolean;
}

/** A page without a gap in it, and where the archive may have more than what is here. */
export interface GaplessPage<Row> extends Page<Row> {
  /** What comes next on this side is not here: it must be fetched before a page is asked for. */
  readonly gapBefore: boolean;
  readonly gapAfter: boolean;
}

interface Known {
  /** Of this chat, in the order of the timeline. */
  readonly gaps: readonly Pick<ChatGap, 'afterAt' | 'beforeAt'>[];
  /** The archive holds nothing older than what is here. */
  readonly atStart: boolean;
  /** The place of the message that the request names. */
  readonly anchorAt: number | undefined;
}

/**
 * Cuts a page where messages are missing between its rows: whoever reads on must not pass a gap unseen. What
 * remains are the rows around what was asked for.
 */
export const cutAtGaps = <Row extends Placed>(
  { rows, hasOlder, hasNewer }: Page<Row>,
  request: PageRequest,
  { gaps, atStart, anchorAt }: Known,
): GaplessPage<Row> => {
  const isMissing = (from: number, to: number): boolean =>
    gaps.some(({ afterAt, beforeAt }) => from < beforeAt && to > afterAt);
  // Before the first row and behind the last one stands the anchor of the pages that exclude it.
  const placeAt = (index: number): number => rows[index]?.sortAt ?? anchorAt ?? 0;
  const pinned = pinnedIndex(rows, request);
  let first = pinned;
  while (first > 0 && !isMissing(placeAt(first - 1), placeAt(first))) first -= 1;
  let last = pinned;
  while (last < rows.length - 1 && !isMissing(placeAt(last), placeAt(last + 1))) last += 1;

  const isCutBefore = first > 0;
  const isCutAfter = last < rows.length - 1;
  const isEmpty = rows.length === 0 && anchorAt === undefined;
  const gapBefore =
    isCutBefore ||
    (!hasOlder && (!atStart || (!isEmpty && isMissing(Number.NEGATIVE_INFINITY, placeAt(first)))));
  const gapAfter =
    isCutAfter || (!hasNewer && !isEmpty && isMissing(placeAt(last), Number.POSITIVE_INFINITY));
  return {
    rows: rows.slice(Math.max(0, first), last + 1),
    hasOlder: hasOlder || gapBefore,
    hasNewer: hasNewer || gapAfter,
    gapBefore,
    gapAfter,
  };
};

/** A page of a chat up to where messages are missing. @throws AppError `not-found` */
export const gaplessPage = (
  store: Pick<Store, 'archive' | 'chats' | 'messages'>,
  request: PageRequest,
): GaplessPage<StoredMessage> => {
  const { chatId } = request;
  return cutAtGaps(store.messages.page(request), request, {
    gaps: chatGaps(store.archive, chatId),
    atStart: store.chats.properties(chatId).historyStart,
    anchorAt: 'anchor' in request ? store.messages.require(request.anchor).sortAt : undefined,
  });
};

/** The row that stays, whatever is cut. */
const pinnedIndex = (rows: readonly Placed[], request: PageRequest): number => {
  switch (request.kind) {
    case 'latest':
      return rows.length - 1;
    case 'before':
      return rows.length;
    case 'after':
      return -1;
    case 'around':
      return Math.max(
        0,
        rows.findIndex(({ id }) => id === request.anchor),
      );
    case 'date': {
      const index = rows.findIndex(({ sortAt }) => sortAt >= request.at);
      return index < 0 ? rows.length - 1 : index;
    }
  }
};

import type { MessageId } from '#shared/ids.ts';
import type { MessageView } from '#shared/views.ts';
import { dayNumber } from '../../i18n/format.ts';

/**
 * One row of the list. Separators belong to the message below them, so that every row has the message's id
 * as its key and keeps its place while pages are added around it.
 */
export interface TimelineItem {
  readonly message: MessageView;
  /** The first message of its day: a separator stands above it. */
  readonly newDay: boolean;
  /** The "new messages" divider stands above it. */
  readonly divider: boolean;
  /** Directly follows another message of the same author. */
  readonly follows: boolean;
  /** Is directly followed by another message of the same author. */
  readonly followed: boolean;
}

/** Bubbles of one author within this time belong together. */
const GROUP_MS = 5 * 60_000;

/** Derives the rows of the list from messages in timeline order. */
export const timelineItems = (
  messages: readonly MessageView[],
  dividerAt: MessageId | undefined,
): readonly TimelineItem[] => {
  const breaks = messages.map((message, index) => {
    const before = messages[index - 1];
    const newDay = before === undefined || dayNumber(before.sortAt) !== dayNumber(message.sortAt);
    const divider = message.id === dividerAt;
    const follows = !newDay && !divider && before !== undefined && together(before, message);
    return { newDay, divider, follows };
  });
  return messages.map((message, index) => ({
    message,
    newDay: breaks[index]?.newDay ?? false,
    divider: breaks[index]?.divider ?? false,
    follows: breaks[index]?.follows ?? false,
    followed: breaks[index + 1]?.follows ?? false,
  }));
};

const together = (a: MessageView, b: MessageView): boolean =>
  a.direction === b.direction && b.sortAt - a.sortAt < GROUP_MS && a.state !== 'failed';

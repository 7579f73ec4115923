import type { DeviceNotice } from '#shared/encryption.ts';
import type { MessageId } from '#shared/ids.ts';
import type { MessageView } from '#shared/views.ts';
import { dayNumber } from '../../i18n/format.ts';

/**
 * One row of the list. Separators belong to the message below them, so that every row has the message's id
 * as its key and keeps its place while pages are added around it.
 */
export interface TimelineItem {
  readonly message: MessageView;
  /** What happened to the other side's devices before it. */
  readonly notices: readonly DeviceNotice[];
  /** The same after it, where it is the last one. */
  readonly trailing: readonly DeviceNotice[];
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

const none: readonly DeviceNotice[] = [];

/**
 * Derives the rows of the list from messages in timeline order.
 * @param notices in the order of their times
 */
export const timelineItems = (
  messages: readonly MessageView[],
  dividerAt: MessageId | undefined,
  notices: readonly DeviceNotice[] = none,
): readonly TimelineItem[] => {
  const breaks = messages.map((message, index) => {
    const before = messages[index - 1];
    const newDay = before === undefined || dayNumber(before.sortAt) !== dayNumber(message.sortAt);
    const divider = message.id === dividerAt;
    const here = noticesBetween(notices, before, message);
    const parted = newDay || divider || here.length > 0;
    const follows = !parted && before !== undefined && together(before, message);
    return { newDay, divider, follows, notices: here };
  });
  return messages.map((message, index) => ({
    message,
    notices: breaks[index]?.notices ?? none,
    trailing: index === messages.length - 1 ? notices.filter(({ at }) => at > message.sortAt) : none,
    newDay: breaks[index]?.newDay ?? false,
    divider: breaks[index]?.divider ?? false,
    follows: breaks[index]?.follows ?? false,
    followed: breaks[index + 1]?.follows ?? false,
  }));
};

/** Those that happened between two messages. */
const noticesBetween = (
  notices: readonly DeviceNotice[],
  before: MessageView | undefined,
  { sortAt }: MessageView,
): readonly DeviceNotice[] => {
  if (notices.length === 0) return none;
  const from = before?.sortAt ?? -Infinity;
  const between = notices.filter(({ at }) => at > from && at <= sortAt);
  return between.length === 0 ? none : between;
};

/** Those that belong between these rows, or at an end of the history: what is missing has its own. */
export const noticesAmong = (
  rows: readonly MessageView[],
  notices: readonly DeviceNotice[],
  { hasOlder, hasNewer }: { readonly hasOlder: boolean; readonly hasNewer: boolean },
): readonly DeviceNotice[] => {
  const from = hasOlder ? (rows[0]?.sortAt ?? Infinity) : -Infinity;
  const to = hasNewer ? (rows.at(-1)?.sortAt ?? -Infinity) : Infinity;
  return notices.filter(({ at }) => at > from && at <= to);
};

const together = (a: MessageView, b: MessageView): boolean =>
  a.direction === b.direction && b.sortAt - a.sortAt < GROUP_MS && a.state !== 'failed';

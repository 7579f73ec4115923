import { useVirtualizer, type Virtualizer } from '@tanstack/react-virtual';
import { useEffect, useLayoutEffect, useMemo, useRef, type RefObject } from 'react';
import { useApp, useTimeline } from '../../app-context.tsx';
import { estimateHeight } from './estimate.ts';
import type { TimelineItem } from './items.ts';
import { HEAD_PX } from './TimelineHead.tsx';
import { useScrollToRow, type ScrollGoal } from './use-scroll-to-row.ts';

export type MessageVirtualizer = Virtualizer<HTMLDivElement, HTMLElement>;

interface MessageScroll {
  readonly scroller: RefObject<HTMLDivElement | null>;
  readonly virtual: MessageVirtualizer;
  /** The last row of the window is in view. */
  readonly atEnd: boolean;
  /** Goes to the newest message, wherever it is. */
  readonly toEnd: () => void;
}

/** Rows that are drawn beyond each side of what is seen: a fast wheel must not outrun them. */
const OVERSCAN = 14;
/** This many rows from an end, the next page is asked for. */
const LOAD_WITHIN = 24;
/** Whoever is this close to the end follows it. */
const END_PX = 48;
const PADDING = 16;

/**
 * Scrolling of the timeline: starts at the end or at the divider, stays at the end while somebody reads there,
 * keeps every row in its place while pages come in above, and asks for pages before their lack is seen.
 */
export const useMessageScroll = (items: readonly TimelineItem[]): MessageScroll => {
  const { timeline } = useApp();
  const scroller = useRef<HTMLDivElement>(null);
  const hasNewer = useTimeline((state) => state.window.hasNewer);

  const virtual: MessageVirtualizer = useVirtualizer<HTMLDivElement, HTMLElement>({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => estimateHeight(items[index], scroller.current?.clientWidth ?? 800),
    getItemKey: (index) => items[index]?.message.id ?? index,
    overscan: OVERSCAN,
    paddingStart: HEAD_PX,
    paddingEnd: PADDING,
    anchorTo: 'end',
    followOnAppend: !hasNewer,
    scrollEndThreshold: END_PX,
  });
  // A row above the fold that turns out higher or lower must not move what is read (the default lets it while scrolling up).
  virtual.shouldAdjustScrollPositionOnItemSizeChange = (item, _delta, { scrollOffset, itemSizeCache }) =>
    (itemSizeCache.has(item.key) ? item.end : item.start + 1) <= (scrollOffset ?? 0);

  const atEnd = virtual.isAtEnd(END_PX);
  const stays = atEnd && !hasNewer;
  useStart(virtual, items);
  useFollowOwn(virtual, items);
  useKeepEnd(scroller, virtual, hasNewer);
  useEndAboveAll(virtual, items, stays);
  useLoadEdges(virtual, items.length);
  useEffect(() => timeline.setAtEnd(stays), [timeline, stays]);

  return {
    scroller,
    virtual,
    atEnd,
    toEnd: () => {
      if (hasNewer) timeline.jumpToLatest();
      else virtual.scrollToEnd();
    },
  };
};

/** Puts the reader at the message that was jumped to, at the divider, or at the end, before anything is seen. */
const useStart = (virtual: MessageVirtualizer, items: readonly TimelineItem[]): void => {
  const startAt = useTimeline((state) => state.startAt);
  const target = useTimeline((state) => state.target);
  const goal = useMemo<ScrollGoal | undefined>(() => {
    if (target !== undefined) return { id: target.id, align: 'center' };
    return startAt === undefined ? undefined : { id: startAt, align: 'start' };
  }, [target, startAt]);
  const started = useRef(false);
  useLayoutEffect(() => {
    if (started.current || items.length === 0) return;
    started.current = true;
    if (!items.some(({ message }) => message.id === goal?.id)) virtual.scrollToEnd();
  });
  useScrollToRow(virtual, items, goal);
};

/** Whoever sends wants to see it, also from far up. */
const useFollowOwn = (virtual: MessageVirtualizer, items: readonly TimelineItem[]): void => {
  const last = items.at(-1)?.message;
  const seen = useRef(last?.id);
  useEffect(() => {
    const fresh = last !== undefined && last.id !== seen.current;
    seen.current = last?.id;
    if (fresh && last.direction === 'out' && last.state === 'queued') virtual.scrollToEnd();
  }, [virtual, last]);
};

/**
 * The area shrinks when the box below grows or the window does: who was at the end stays there. Where the reader
 * was is told by the height before, not by what was drawn last: right after a chat is opened, that is still to come.
 */
const useKeepEnd = (
  scroller: RefObject<HTMLDivElement | null>,
  virtual: MessageVirtualizer,
  hasNewer: boolean,
): void => {
  useEffect(() => {
    const element = scroller.current;
    if (hasNewer || element === null) return;
    let height = element.clientHeight;
    const observer = new ResizeObserver(() => {
      const below = element.scrollHeight - element.scrollTop - height;
      height = element.clientHeight;
      if (below <= END_PX) virtual.scrollToEnd();
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [scroller, virtual, hasNewer]);
};

/**
 * Rows that come in above do not move who reads at the end. The list's own anchor is not enough: right after a
 * command to scroll it lets a page that comes in push the end away.
 */
const useEndAboveAll = (
  virtual: MessageVirtualizer,
  items: readonly TimelineItem[],
  stays: boolean,
): void => {
  const stayed = useRef(false);
  useLayoutEffect(() => {
    if (stayed.current) virtual.scrollToEnd();
  }, [virtual, items]);
  useLayoutEffect(() => {
    stayed.current = stays;
  });
};

const useLoadEdges = (virtual: MessageVirtualizer, count: number): void => {
  const { timeline } = useApp();
  const failed = useTimeline((state) => state.failedEdge !== undefined);
  const first = virtual.range?.startIndex;
  const last = virtual.range?.endIndex;
  const isEmpty = useTimeline((state) => state.window.hasOlder) && count === 0;
  useEffect(() => {
    // Nothing is here, but the archive may have something.
    if (isEmpty && !failed) timeline.loadOlder();
    if (failed || first === undefined || last === undefined) return;
    if (first < LOAD_WITHIN) timeline.loadOlder();
    if (last >= count - LOAD_WITHIN) timeline.loadNewer();
  }, [timeline, failed, isEmpty, first, last, count]);
};

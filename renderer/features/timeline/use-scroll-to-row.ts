import { useEffect, useLayoutEffect, useRef } from 'react';
import type { MessageId } from '#shared/ids.ts';
import type { TimelineItem } from './items.ts';
import type { MessageVirtualizer } from './use-message-scroll.ts';

/** A row to go to. The same object is gone to once. */
export interface ScrollGoal {
  readonly id: MessageId;
  readonly align: 'start' | 'center';
}

interface Way {
  readonly goal: ScrollGoal;
  readonly index: number;
  arriving: boolean;
  arrived: boolean;
}

/**
 * Scrolls to a row. The list itself goes to an index, and goes there again until all heights are measured: where
 * a page comes in above meanwhile, that index is another row, and the reader would end up a page away.
 */
export const useScrollToRow = (
  virtual: MessageVirtualizer,
  items: readonly TimelineItem[],
  goal: ScrollGoal | undefined,
): void => {
  const way = useRef<Way>(undefined);
  // Without dependencies: rows come and go until the goal is reached.
  useLayoutEffect(() => {
    const known = way.current?.goal === goal ? way.current : undefined;
    if (goal === undefined || known?.arrived === true) return;
    const index = items.findIndex(({ message }) => message.id === goal.id);
    if (index < 0 || known?.index === index) return;
    way.current = { goal, index, arriving: false, arrived: false };
    virtual.scrollToIndex(index, { align: goal.align });
  });
  useEffect(() => {
    const present = way.current;
    if (present === undefined || present.arriving) return;
    if (!virtual.getVirtualItems().some(({ index }) => index === present.index)) return;
    present.arriving = true;
    const arrive = (): void => {
      if (way.current !== present) return;
      present.arrived = true;
      // From here on the place is kept, and not the index.
      virtual.scrollToOffset(virtual.scrollOffset ?? 0);
      if (present.goal.align === 'center') keepFocus(virtual, present.index);
    };
    // The rows around it are measured in the frame in which they are drawn.
    requestAnimationFrame(() => requestAnimationFrame(arrive));
  });
};

/** On the way the row may have been taken out of the document for a moment, and the focus with it. */
const keepFocus = ({ scrollElement }: MessageVirtualizer, index: number): void => {
  if (document.activeElement !== document.body) return;
  scrollElement?.querySelector<HTMLElement>(`[data-row="${index}"]`)?.focus({ preventScroll: true });
};

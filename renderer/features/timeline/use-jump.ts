import { useEffect, useRef, type RefObject } from 'react';
import { useTimeline, useUi } from '../../app-context.tsx';
import type { TimelineItem } from './items.ts';

/** Takes the keyboard to the message that a jump leads to. */
export const useJump = (
  list: RefObject<HTMLElement | null>,
  items: readonly TimelineItem[],
  setActive: (index: number) => void,
): void => {
  const target = useTimeline((state) => state.target);
  // A dialog keeps the focus until it is gone.
  const free = useUi((state) => state.dialog === undefined);
  const waited = useRef(false);
  const done = useRef<unknown>(undefined);
  const shown = useRef<unknown>(undefined);
  // Without dependencies: a row that was far away is drawn only after the scrolling, and can take the focus then.
  useEffect(() => {
    if (target === undefined || done.current === target) return;
    const index = items.findIndex(({ message }) => message.id === target.id);
    if (index < 0) return;
    if (shown.current !== target) {
      shown.current = target;
      setActive(index);
    }
    const row = list.current?.querySelector<HTMLElement>(`[data-row="${index}"]`);
    if (row === null || row === undefined) return;
    if (!free) {
      waited.current = true;
      return;
    }
    done.current = target;
    const focus = (): void => row.focus({ preventScroll: true });
    focus();
    // A dialog that has just gone decides in the next frame whom it gives the focus back to.
    if (waited.current) requestAnimationFrame(() => requestAnimationFrame(focus));
    waited.current = false;
  });
};

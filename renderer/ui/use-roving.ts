import { useEffect, useRef, useState, type KeyboardEvent, type RefObject } from 'react';

/** Keyboard in a list (WAI-ARIA, roving tabindex): one stop for Tab, arrows within. */
export interface Roving<E extends HTMLElement> {
  /** The row that Tab reaches. */
  readonly active: number;
  readonly ref: RefObject<E | null>;
  readonly setActive: (index: number) => void;
  readonly onKeyDown: (event: KeyboardEvent) => void;
}

const PAGE = 8;

const target = (key: string, at: number, count: number): number | undefined => {
  switch (key) {
    case 'ArrowDown':
      return Math.min(count - 1, at + 1);
    case 'ArrowUp':
      return Math.max(0, at - 1);
    case 'PageDown':
      return Math.min(count - 1, at + PAGE);
    case 'PageUp':
      return Math.max(0, at - PAGE);
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return undefined;
  }
};

/**
 * Rows carry `data-row={index}` on what takes the focus.
 * @param preferred the row that Tab reaches until the user moves
 * @param reveal scrolls a row into view, so that it exists and can take the focus
 */
export const useRoving = <E extends HTMLElement>(
  count: number,
  preferred: number,
  reveal: (index: number) => void,
): Roving<E> => {
  const ref = useRef<E>(null);
  const [active, setActive] = useState(preferred);
  const wanted = useRef<number>(undefined);
  const bounded = Math.max(0, Math.min(active, count - 1));

  useEffect(() => {
    // Whoever moves in the list keeps the place, also when the list changes.
    if (ref.current?.contains(document.activeElement) !== true) setActive(preferred);
  }, [preferred]);

  useEffect(() => {
    if (wanted.current === undefined) return;
    // A row that was far away is drawn only after the scrolling; then this runs again.
    const row = ref.current?.querySelector<HTMLElement>(`[data-row="${wanted.current}"]`);
    if (row === null || row === undefined) return;
    wanted.current = undefined;
    row.focus();
  });

  return {
    active: bounded,
    ref,
    setActive,
    onKeyDown: (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      // A menu of a row lies elsewhere in the document; React passes its keys on all the same.
      if (!(event.target instanceof Node) || ref.current?.contains(event.target) !== true) return;
      // Rows before the focused one may have come or gone since: the row itself knows where it is.
      const row = event.target instanceof Element ? event.target.closest<HTMLElement>('[data-row]') : null;
      const next = target(event.key, Number(row?.dataset['row'] ?? bounded), count);
      if (next === undefined || count === 0) return;
      event.preventDefault();
      setActive(next);
      reveal(next);
      wanted.current = next;
    },
  };
};

import { useVirtualizer } from '@tanstack/react-virtual';
import { useRef, type ComponentProps, type Key, type ReactNode } from 'react';
import styles from './SideList.module.css';
import { classes } from './classes.ts';
import { useRoving } from './use-roving.ts';

const cx = classes(styles);

interface SideListProps extends Pick<ComponentProps<'section'>, 'onBlur' | 'children'> {
  readonly title: string;
  /** What makes a new one. */
  readonly action: ReactNode;
}

/** The column beside what is open: a heading, and what can be opened. */
export const SideList = ({ title, action, children, ...rest }: SideListProps): ReactNode => (
  <section {...rest} className={cx('list')} aria-label={title} data-region="list">
    <header className={cx('header')}>
      <h1>{title}</h1>
      {action}
    </header>
    {children}
  </section>
);

/** As in SideList.module.css. */
const ROW_HEIGHT = 58;

interface SideRowsProps {
  readonly label: string;
  /** Who the rows are, in their order. */
  readonly keys: readonly Key[];
  /** The row that is open; -1 for none of them. */
  readonly selected: number;
  /** Draws a row; it takes the focus at an element with `data-row={index}`. */
  readonly renderRow: (index: number, tabbable: boolean) => ReactNode;
}

/** Rows of one height, of which those near the eye exist. One stop for Tab, arrows within. */
export const SideRows = ({ label, keys, selected, renderRow }: SideRowsProps): ReactNode => {
  const scroller = useRef<HTMLDivElement>(null);
  const roving = useRoving<HTMLUListElement>(keys.length, Math.max(0, selected), (index) =>
    virtual.scrollToIndex(index),
  );
  const virtual = useVirtualizer({
    count: keys.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    getItemKey: (index) => keyAt(keys, index),
    overscan: 8,
    // The row that Tab reaches must exist even when it is scrolled away.
    rangeExtractor: ({ startIndex, endIndex, overscan, count }) => {
      const first = Math.max(0, startIndex - overscan);
      const last = Math.min(count - 1, endIndex + overscan);
      const range = Array.from({ length: last - first + 1 }, (_, index) => first + index);
      return range.includes(roving.active) ? range : [...range, roving.active].toSorted((a, b) => a - b);
    },
  });
  return (
    <div ref={scroller} className={cx('scroller')}>
      <ul
        ref={roving.ref}
        aria-label={label}
        className={cx('rows')}
        style={{ blockSize: virtual.getTotalSize() }}
        onKeyDown={roving.onKeyDown}
      >
        {virtual.getVirtualItems().map(
          ({ key, index, start }) =>
            // What was measured last may be of a longer list.
            index < keys.length && (
              <li
                key={key}
                aria-setsize={keys.length}
                aria-posinset={index + 1}
                className={cx('item')}
                style={{ translate: `0 ${start}px` }}
              >
                {renderRow(index, index === roving.active)}
              </li>
            ),
        )}
      </ul>
    </div>
  );
};

const keyAt = (keys: readonly Key[], index: number): Key => keys[index] ?? index;

/** How a row looks that can be opened, or is open. */
export const sideRow = (selected: boolean): string => cx('row', selected && 'on');

/** In place of the rows, where there are none. */
export const NoRows = ({ children }: { children: ReactNode }): ReactNode => (
  <div className={cx('empty')} role="status">
    {children}
  </div>
);

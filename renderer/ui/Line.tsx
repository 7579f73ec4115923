import type { ReactNode } from 'react';
import styles from './Line.module.css';
import { classes } from './classes.ts';

const cx = classes(styles);

/**
 * A text of somebody else on a line of its own, cut at its end where it is too long. It runs in its own direction
 * (otherwise a long name from left to right would lose its beginning in a window from right to left), but stands
 * at the side where the window's lines begin.
 */
export const Line = ({ children }: { children: ReactNode }): ReactNode => (
  <span className={cx('line')} dir="auto">
    {children}
  </span>
);

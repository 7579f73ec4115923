import type { ReactNode } from 'react';
import styles from './Hidden.module.css';
import { classes } from './classes.ts';

const cx = classes(styles);

/** Words for screen readers, where the eye has an icon. */
export const Hidden = ({ children }: { children: ReactNode }): ReactNode => (
  <span className={cx('hidden')}>{children}</span>
);

/** A link that appears when the keyboard reaches it and takes over to another part of the window. */
export const SkipLink = ({ to, children }: { to: string; children: ReactNode }): ReactNode => (
  <a
    href={`#${to}`}
    className={cx('hidden', 'skip')}
    onClick={(event) => {
      event.preventDefault();
      document.getElementById(to)?.focus();
    }}
  >
    {children}
  </a>
);

import type { ReactNode } from 'react';
import styles from './Card.module.css';
import { classes } from './classes.ts';

const cx = classes(styles);

/** A screen with one card in the middle: the first start, logging in, opening the profile. */
export const CardScreen = ({ title, children }: { title: string; children: ReactNode }): ReactNode => (
  <main className={cx('screen')}>
    <div className={cx('card')}>
      <h1>{title}</h1>
      {children}
    </div>
  </main>
);

/** Something that went wrong and belongs to a whole form or card. */
export const Alert = ({ title, children }: { title?: string; children: ReactNode }): ReactNode => (
  <div className={cx('alert')} role="alert">
    {title !== undefined && <b>{title}</b>}
    <div>{children}</div>
  </div>
);

import type { ReactNode } from 'react';
import { classes } from '../../ui/classes.ts';
import styles from './Device.module.css';

const cx = classes(styles);

/** A key as people compare it: eight groups in two lines. Large where comparing is what it is there for. */
export const Fingerprint = ({ value, large }: { value: string; large?: boolean }): ReactNode => (
  <code className={cx('fingerprint', large === true && 'large')}>
    {value.split(' ').map((group, index) => (
      // Groups never move, and may repeat. The space keeps them apart when they are copied or read out.
      <span key={index}>{group} </span>
    ))}
  </code>
);

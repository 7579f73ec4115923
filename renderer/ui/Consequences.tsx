import type { ReactNode } from 'react';
import styles from './Consequences.module.css';
import { classes } from './classes.ts';

const cx = classes(styles);

interface ConsequencesProps {
  /** Where, and what happens there. */
  readonly rows: readonly (readonly [where: string, what: string])[];
}

/** What an act means, place by place: said before it is done. */
export const Consequences = ({ rows }: ConsequencesProps): ReactNode => (
  <dl className={cx('consequences')}>
    {rows.map(([where, what]) => (
      <div key={where}>
        <dt>{where}</dt>
        <dd>{what}</dd>
      </div>
    ))}
  </dl>
);

import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import styles from './Pill.module.css';
import { classes } from './classes.ts';

const cx = classes(styles);

interface PillProps {
  readonly tone: 'ok' | 'warn' | 'bad' | 'mute' | 'accent';
  readonly icon?: LucideIcon;
  readonly tip?: string;
  readonly children: ReactNode;
}

/** A state in words, on its colour. */
export const Pill = ({ tone, icon: Icon, tip, children }: PillProps): ReactNode => (
  <span className={cx('pill', tone)} data-tip={tip}>
    {Icon !== undefined && <Icon size={14} strokeWidth={1.9} />}
    {children}
  </span>
);

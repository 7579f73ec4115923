import type { ReactNode } from 'react';
import styles from './Field.module.css';
import { classes } from './classes.ts';

const cx = classes(styles);

interface ToggleProps {
  /** What is on or off; read out, and shown beside it by other words. */
  readonly label: string;
  readonly checked: boolean;
  readonly disabled?: boolean;
  readonly onChange: (checked: boolean) => void;
}

/** A switch without words of its own, for what stands beside its name already. */
export const Toggle = ({ label, checked, disabled, onChange }: ToggleProps): ReactNode => (
  <input
    type="checkbox"
    role="switch"
    aria-checked={checked}
    className={cx('switch')}
    checked={checked}
    disabled={disabled}
    aria-label={label}
    data-tip={label}
    onChange={(event) => onChange(event.currentTarget.checked)}
  />
);

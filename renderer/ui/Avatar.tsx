import type { ReactNode } from 'react';
import styles from './Avatar.module.css';
import { classes } from './classes.ts';
import { colourOf, initial } from './names.ts';

const cx = classes(styles);

/** A state that the dot shows by colour and by shape; the words stand elsewhere. */
export type DotState = 'on' | 'away' | 'dnd' | 'off' | 'busy' | 'bad';

interface AvatarProps {
  /** Cleaned by `displayName`. */
  readonly name: string;
  readonly jid: string;
  readonly size?: 's' | 'm' | 'l' | 'xl';
  readonly dot?: DotState | undefined;
}

/** The first letter on the colour of the address. Says nothing to screen readers: the name stands beside it. */
export const Avatar = ({ name, jid, size = 'm', dot }: AvatarProps): ReactNode => (
  <span className={cx('avatar', size, `colour${colourOf(jid)}`)} aria-hidden="true">
    {initial(name)}
    {dot !== undefined && <span className={cx('dot', dot)} />}
  </span>
);

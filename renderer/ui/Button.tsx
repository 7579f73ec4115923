import type { LucideIcon } from 'lucide-react';
import type { ComponentProps, ReactNode } from 'react';
import styles from './Button.module.css';
import { classes } from './classes.ts';

const cx = classes(styles);

type NativeButton = Omit<ComponentProps<'button'>, 'className' | 'type'>;

interface ButtonProps extends NativeButton {
  readonly kind?: 'plain' | 'primary' | 'danger' | 'ghost';
  readonly small?: boolean;
  /** Of a ghost that begins a line among lines of text: its words begin where theirs do. */
  readonly flush?: boolean;
  readonly icon?: LucideIcon;
  readonly submit?: boolean;
  /** It is being done: nothing happens by another press, but the button keeps the focus, unlike a disabled one. */
  readonly busy?: boolean;
}

/** A button with a text. */
export const Button = ({
  kind = 'plain',
  small,
  flush,
  icon: Icon,
  submit,
  busy = false,
  onClick,
  children,
  ...rest
}: ButtonProps): ReactNode => (
  <button
    {...rest}
    type={submit === true ? 'submit' : 'button'}
    className={cx('button', kind, small === true && 'small', flush === true && 'flush')}
    aria-disabled={busy ? true : undefined}
    onClick={busy ? (event) => event.preventDefault() : onClick}
  >
    {Icon !== undefined && <Icon size={16} strokeWidth={1.9} aria-hidden="true" />}
    {children}
  </button>
);

interface IconButtonProps extends Omit<NativeButton, 'children' | 'aria-label'> {
  readonly icon: LucideIcon;
  /** What it does: its name for screen readers and its tooltip. */
  readonly label: string;
  readonly large?: boolean;
  readonly active?: boolean;
  /** A small count in the corner; the label says it in words. */
  readonly count?: number;
}

/** A button of 36 pixels with an icon; the name stands in a tooltip. */
export const IconButton = ({
  icon: Icon,
  label,
  large,
  active,
  count = 0,
  ...rest
}: IconButtonProps): ReactNode => (
  <button
    {...rest}
    type="button"
    className={cx('icon', active === true && 'active')}
    aria-label={label}
    data-tip={label}
  >
    <Icon size={large === true ? 20 : 16} strokeWidth={1.9} aria-hidden="true" />
    {/* For the eye alone, so it is drawn by the style: the label has it in words, which need not hold the digits. */}
    {count > 0 && <span className={cx('count')} data-count={count > 99 ? '99+' : count} />}
  </button>
);

import type { LucideIcon } from 'lucide-react';
import type { ReactNode, RefObject } from 'react';
import { Button, Menu as AriaMenu, MenuItem, MenuTrigger, Popover } from 'react-aria-components';
import styles from './Menu.module.css';
import { classes } from './classes.ts';

const cx = classes(styles);

export interface MenuEntry {
  readonly id: string;
  readonly label: string;
  readonly icon: LucideIcon;
  readonly danger?: boolean;
  /** Its label says why. */
  readonly disabled?: boolean;
  readonly onSelect: () => void;
}

interface MenuProps {
  /** Name of the button that opens the menu. */
  readonly label: string;
  readonly icon: LucideIcon;
  readonly entries: readonly MenuEntry[];
}

/** A button that opens a list of actions. */
export const Menu = ({ label, icon: Icon, entries }: MenuProps): ReactNode => (
  <MenuTrigger>
    <Button className={cx('opener')} aria-label={label} data-tip={label}>
      <Icon size={16} strokeWidth={1.9} />
    </Button>
    <Popover className={cx('popover')} placement="bottom end">
      <AriaMenu className={cx('menu')} aria-label={label}>
        {entries.map(item)}
      </AriaMenu>
    </Popover>
  </MenuTrigger>
);

interface MenuPopoverProps {
  /** What it hangs on. */
  readonly anchor: RefObject<HTMLElement | null>;
  readonly label: string;
  readonly entries: readonly MenuEntry[];
  readonly onClose: () => void;
}

/** A list of actions that is open, for openers of which there are too many to give each a menu of its own. */
export const MenuPopover = ({ anchor, label, entries, onClose }: MenuPopoverProps): ReactNode => (
  <Popover
    isOpen
    aria-label={label}
    triggerRef={anchor}
    className={cx('popover')}
    placement="bottom end"
    onOpenChange={(open) => {
      if (!open) onClose();
    }}
  >
    <AriaMenu className={cx('menu')} aria-label={label} autoFocus="first" onClose={onClose}>
      {entries.map(item)}
    </AriaMenu>
  </Popover>
);

const item = ({ id, label, icon: Icon, danger, disabled = false, onSelect }: MenuEntry): ReactNode => (
  <MenuItem
    key={id}
    id={id}
    className={cx('item', danger === true && 'danger')}
    textValue={label}
    isDisabled={disabled}
    onAction={onSelect}
  >
    <Icon size={16} strokeWidth={1.9} />
    {label}
  </MenuItem>
);

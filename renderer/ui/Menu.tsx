import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import { Button, Menu as AriaMenu, MenuItem, MenuTrigger, Popover } from 'react-aria-components';
import styles from './Menu.module.css';
import { classes } from './classes.ts';

const cx = classes(styles);

export interface MenuEntry {
  readonly id: string;
  readonly label: string;
  readonly icon: LucideIcon;
  readonly danger?: boolean;
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
        {entries.map(({ id, label: name, icon: EntryIcon, danger, onSelect }) => (
          <MenuItem
            key={id}
            id={id}
            className={cx('item', danger === true && 'danger')}
            textValue={name}
            onAction={onSelect}
          >
            <EntryIcon size={16} strokeWidth={1.9} />
            {name}
          </MenuItem>
        ))}
      </AriaMenu>
    </Popover>
  </MenuTrigger>
);

import { Search, X } from 'lucide-react';
import type { KeyboardEvent, ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { classes } from '../../ui/classes.ts';
import styles from './SearchBox.module.css';

const cx = classes(styles);

interface SearchBoxProps {
  readonly label: string;
  readonly value: string;
  readonly onValue: (value: string) => void;
  /** Somebody has come into the box. */
  readonly onEnter?: () => void;
}

/** The box above a list. Arrow down goes into the list, Ctrl+K comes back. */
export const SearchBox = ({ label, value, onValue, onEnter }: SearchBoxProps): ReactNode => {
  const { t } = useTranslation();
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>): void => {
    if (event.key !== 'ArrowDown' && event.key !== 'Enter') return;
    const row = event.currentTarget.closest('[data-region]')?.querySelector<HTMLElement>('[data-row]');
    if (row === null || row === undefined) return;
    event.preventDefault();
    row.focus();
    if (event.key === 'Enter') row.click();
  };
  return (
    <div className={cx('search')} role="search">
      <Search size={16} strokeWidth={1.9} />
      <input
        type="text"
        // A query is in the language of what it looks for, not of the window.
        dir={value === '' ? undefined : 'auto'}
        value={value}
        aria-label={label}
        placeholder={t('chats.search')}
        spellCheck={false}
        data-search
        data-region-focus
        onFocus={onEnter}
        onChange={(event) => onValue(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      {value === '' ? (
        <kbd aria-hidden="true" dir="ltr">
          {navigator.platform.startsWith('Mac') ? '⌘ K' : 'Ctrl K'}
        </kbd>
      ) : (
        <button
          type="button"
          className={cx('clear')}
          aria-label={t('chats.clearSearch')}
          onClick={() => onValue('')}
        >
          <X size={14} strokeWidth={1.9} />
        </button>
      )}
    </div>
  );
};

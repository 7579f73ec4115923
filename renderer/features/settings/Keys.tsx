import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { TranslationKey } from '../../i18n/translate.ts';
import { classes } from '../../ui/classes.ts';
import styles from './Settings.module.css';

const cx = classes(styles);

/** The keys of features/shell/shortcuts.ts, the composer and the lists. */
const keys = (mod: string): readonly (readonly [string, TranslationKey])[] => [
  [`${mod} K`, 'keys.search'],
  [`${mod} F`, 'keys.searchChat'],
  [`${mod} Shift F`, 'keys.searchAll'],
  [`${mod} N`, 'keys.newChat'],
  ['Alt ↑', 'keys.previousChat'],
  ['Alt ↓', 'keys.nextChat'],
  ['F6', 'keys.regions'],
  ['Esc', 'keys.back'],
  ['↑ ↓', 'keys.move'],
  ['Enter', 'keys.send'],
  ['Shift Enter', 'keys.newline'],
  ['↑', 'keys.editLast'],
  ['Shift F10', 'keys.messageMenu'],
];

/** Which key does what. */
export const Keys = (): ReactNode => {
  const { t } = useTranslation();
  const mod = navigator.platform.startsWith('Mac') ? '⌘' : 'Ctrl';
  return (
    <>
      <p className={cx('intro')}>{t('keys.intro')}</p>
      <dl className={cx('keys')}>
        {keys(mod).map(([key, name]) => (
          <div key={key}>
            <dt>
              <kbd dir="ltr">{key}</kbd>
            </dt>
            <dd>{t(name)}</dd>
          </div>
        ))}
      </dl>
    </>
  );
};

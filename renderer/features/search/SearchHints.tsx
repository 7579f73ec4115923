import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useApp } from '../../app-context.tsx';
import type { LanguageTag, TranslationKey } from '../../i18n/translate.ts';
import { classes } from '../../ui/classes.ts';
import { operatorCode, operators, type Operator } from './operators.ts';
import { withOperator } from './query.ts';
import styles from './Search.module.css';

const cx = classes(styles);

const meanings: Readonly<Record<Operator, TranslationKey>> = {
  in: 'search.in',
  from: 'search.from',
  before: 'search.before',
  after: 'search.after',
  has: 'search.has',
};

/** What can be typed besides words; a press types it. */
export const SearchHints = (): ReactNode => {
  const { t, i18n } = useTranslation();
  const { ui } = useApp();
  // Only the languages of the window are ever set.
  const language = i18n.language as LanguageTag;
  return (
    <div className={cx('hints')} role="group" aria-label={t('search.hints')}>
      {operators.map((operator) => {
        const code = operatorCode(language, operator);
        const meaning = t(meanings[operator]);
        return (
          <button
            key={operator}
            type="button"
            className={cx('hint')}
            aria-label={t('search.hint', { operator: code, meaning })}
            onClick={() => {
              ui.setState(({ query }) => ({ query: withOperator(query, operator, language) }));
              focusSearchEnd();
            }}
          >
            <code dir="auto">{code}</code> {meaning}
          </button>
        );
      })}
    </div>
  );
};

/** The cursor goes behind what has just been put into the box. */
export const focusSearchEnd = (): void => {
  requestAnimationFrame(() => {
    const box = document.querySelector<HTMLInputElement>('[data-search]');
    box?.focus();
    box?.setSelectionRange(box.value.length, box.value.length);
  });
};

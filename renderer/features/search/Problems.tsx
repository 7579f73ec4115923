import { TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { isolate, type LanguageTag, type TranslationKey } from '../../i18n/translate.ts';
import { classes } from '../../ui/classes.ts';
import { operatorCode } from './operators.ts';
import type { ParsedQuery, ProblemKind } from './query.ts';
import styles from './Search.module.css';

const cx = classes(styles);

const sentences: Readonly<Record<ProblemKind, TranslationKey>> = {
  'not-a-date': 'search.notADate',
  'no-chat': 'search.noChat',
  nobody: 'search.nobody',
  several: 'search.several',
  'unknown-has': 'search.unknownHas',
  empty: 'search.emptyPart',
};

/** What is wrong with the operators of a query. What is still being typed is not called wrong yet. */
export const Problems = ({ parsed }: { parsed: ParsedQuery }): ReactNode => {
  const { t, i18n } = useTranslation();
  const known = operatorCode(i18n.language as LanguageTag, 'has');
  const { problems, typed, parts, words, input } = parsed;
  const onlyTime = problems.length === 0 && input === undefined && words === '' && parts.length > 0;
  return (
    <div aria-live="polite">
      {problems.map(({ kind, part }) => {
        const isTyped = part === typed;
        return (
          <p key={part.start} className={cx('problem', !isTyped && 'wrong')}>
            {!isTyped && <TriangleAlert size={14} strokeWidth={1.9} />}
            <span>{t(sentences[kind], { part: isolate(`${part.word}:${part.value}`), known })}</span>
          </p>
        );
      })}
      {onlyTime && <p className={cx('problem')}>{t('search.onlyTime')}</p>}
    </div>
  );
};

import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ErrorCode } from '#shared/errors.ts';
import type { MessageView, ReplyView } from '#shared/views.ts';
import { codeOf } from '../../api/client.ts';
import { useApp } from '../../app-context.tsx';
import { describeError } from '../../i18n/errors.ts';
import { isolate } from '../../i18n/translate.ts';
import { classes } from '../../ui/classes.ts';
import { Hidden } from '../../ui/Hidden.tsx';
import styles from './ReplyQuote.module.css';

const cx = classes(styles);

interface ReplyQuoteProps {
  readonly message: MessageView;
  readonly reply: ReplyView;
  /** Of the other side. */
  readonly name: string;
}

/** How far the way to the answered message is known. */
type Search = 'idle' | 'busy' | 'gone' | { readonly failed: ErrorCode };

/** What a message answers, above its text; a press jumps there, also where it has to be fetched first. */
export const ReplyQuote = ({ message, reply, name }: ReplyQuoteProps): ReactNode => {
  const { t } = useTranslation();
  const { timeline } = useApp();
  const [search, setSearch] = useState<Search>('idle');
  const { mine, quote } = reply;
  const author = mine === undefined ? t('message.answered') : mine ? t('message.you') : name;
  const text = quote === '' ? t('message.answeredGone') : quote;
  const jump = (): void => {
    if (search === 'busy') return;
    setSearch('busy');
    timeline.jumpToAnswered(message).then(
      (found) => setSearch(found ? 'idle' : 'gone'),
      (error: unknown) => setSearch({ failed: codeOf(error) }),
    );
  };
  return (
    <>
      <button type="button" className={cx('quote')} data-tip={t('message.jumpToAnswered')} onClick={jump}>
        <span className={cx('author')} aria-hidden="true">
          <bdi>{author}</bdi>
        </span>
        <span className={cx('text', quote === '' && 'gone')} dir="auto" aria-hidden="true">
          {text}
        </span>
        <Hidden>{t('message.repliesTo', { name: isolate(author), text: isolate(text) })}</Hidden>
      </button>
      <Outcome search={search} />
    </>
  );
};

const Outcome = ({ search }: { search: Search }): ReactNode => {
  const { t } = useTranslation();
  if (search === 'idle') return undefined;
  // Where it is here, nobody could read this.
  if (search === 'busy')
    return (
      <p className={cx('outcome', 'quiet')} role="status">
        {t('message.answeredSeeking')}
      </p>
    );
  const words =
    search === 'gone'
      ? t('message.answeredNowhere')
      : search.failed === 'offline'
        ? t('message.answeredOffline')
        : describeError(t, search.failed);
  return (
    <p className={cx('outcome')} role="alert">
      {words}
    </p>
  );
};

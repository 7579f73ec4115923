import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ReplyView } from '#shared/views.ts';
import { useApp } from '../../app-context.tsx';
import { isolate } from '../../i18n/translate.ts';
import { classes } from '../../ui/classes.ts';
import { Hidden } from '../../ui/Hidden.tsx';
import styles from './ReplyQuote.module.css';

const cx = classes(styles);

/** What a message answers, above its text; a press jumps there where it is here. */
export const ReplyQuote = ({ reply, name }: { reply: ReplyView; name: string }): ReactNode => {
  const { t } = useTranslation();
  const { timeline, run } = useApp();
  const { messageId, mine, quote } = reply;
  const author = mine === undefined ? t('message.answered') : mine ? t('message.you') : name;
  const text = quote === '' ? t('message.answeredGone') : quote;
  const content = (
    <>
      <span className={cx('author')} aria-hidden="true">
        <bdi>{author}</bdi>
      </span>
      <span className={cx('text', quote === '' && 'gone')} dir="auto" aria-hidden="true">
        {text}
      </span>
      <Hidden>{t('message.repliesTo', { name: isolate(author), text: isolate(text) })}</Hidden>
    </>
  );
  if (messageId === undefined) return <div className={cx('quote')}>{content}</div>;
  return (
    <button
      type="button"
      className={cx('quote')}
      data-tip={t('message.jumpToAnswered')}
      onClick={() => run(timeline.jumpTo(messageId))}
    >
      {content}
    </button>
  );
};

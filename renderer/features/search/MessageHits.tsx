import { memo, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import type { SearchHit } from '#shared/api/messages.ts';
import { useApp, useChats, useFormat } from '../../app-context.tsx';
import { describeError } from '../../i18n/errors.ts';
import type { Formatter } from '../../i18n/format.ts';
import { Button } from '../../ui/Button.tsx';
import { Alert } from '../../ui/Card.tsx';
import { classes } from '../../ui/classes.ts';
import { Hidden } from '../../ui/Hidden.tsx';
import { Line } from '../../ui/Line.tsx';
import { displayName } from '../../ui/names.ts';
import { useNow } from '../../ui/use-now.ts';
import { markedParts } from './marked-parts.ts';
import styles from './Search.module.css';

const cx = classes(styles);

interface MessageHitsProps {
  /** Index of the first row. */
  readonly from: number;
  readonly active: number;
}

/** The messages that were found, the newest first, by day or month. */
export const MessageHits = ({ from, active }: MessageHitsProps): ReactNode => {
  const { t } = useTranslation();
  const { search } = useApp();
  const format = useFormat();
  const now = useNow(60_000);
  const { input, status, error, hits, cursor } = useStore(search.store);
  if (input === undefined) return undefined;
  return (
    <section>
      <h2 className={cx('heading')}>{t('search.messages')}</h2>
      {byPeriod(hits, format, now).map(({ period, first, hits: some }) => (
        <div key={`${period} ${first}`}>
          <h3 className={cx('period')}>{period}</h3>
          <ul aria-label={period}>
            {some.map((hit, index) => (
              <li key={hit.messageId}>
                <Hit
                  hit={hit}
                  index={from + first + index}
                  now={now}
                  tabbable={from + first + index === active}
                />
              </li>
            ))}
          </ul>
        </div>
      ))}
      {error !== undefined && (
        <div className={cx('failed')}>
          <Alert>{describeError(t, error)}</Alert>
          <Button small onClick={() => (status === 'failed' ? search.refresh() : search.more())}>
            {t('common.tryAgain')}
          </Button>
        </div>
      )}
      {cursor !== undefined && <More index={from + hits.length} tabbable={from + hits.length === active} />}
      <div role="status">
        {status === 'loading' ? (
          <p className={cx('quiet')}>{t('search.searching')}</p>
        ) : (
          <Hidden>{status === 'ready' && t('search.found', { count: hits.length })}</Hidden>
        )}
      </div>
    </section>
  );
};

interface Period {
  readonly period: string;
  /** Index of its first hit. */
  readonly first: number;
  readonly hits: SearchHit[];
}

const byPeriod = (hits: readonly SearchHit[], format: Formatter, now: number): readonly Period[] => {
  const periods: Period[] = [];
  for (const [index, hit] of hits.entries()) {
    const period = format.period(hit.at, now);
    const last = periods.at(-1);
    if (last?.period === period) last.hits.push(hit);
    else periods.push({ period, first: index, hits: [hit] });
  }
  return periods;
};

const More = ({ index, tabbable }: { index: number; tabbable: boolean }): ReactNode => {
  const { t } = useTranslation();
  const { search } = useApp();
  const loading = useStore(search.store, (state) => state.loadingMore);
  return (
    <button
      type="button"
      className={cx('all')}
      data-row={index}
      tabIndex={tabbable ? 0 : -1}
      aria-disabled={loading}
      onClick={() => search.more()}
    >
      {t(loading ? 'search.searching' : 'search.more')}
    </button>
  );
};

interface HitProps {
  readonly hit: SearchHit;
  readonly index: number;
  readonly now: number;
  readonly tabbable: boolean;
}

/** One message: in which chat, when, by whom, and the words that were found. */
const Hit = memo(({ hit, index, now, tabbable }: HitProps): ReactNode => {
  const { t } = useTranslation();
  const { openChat } = useApp();
  const format = useFormat();
  const chat = useChats((state) => state.chats.get(hit.chatId));
  if (chat === undefined) return undefined;
  const name = displayName(chat.name, chat.jid);
  return (
    <button
      type="button"
      className={cx('hit')}
      data-row={index}
      tabIndex={tabbable ? 0 : -1}
      onClick={() => openChat(hit.chatId, hit.messageId)}
    >
      <span className={cx('top')}>
        <span className={cx('chat')}>
          <Line>{name}</Line>
        </span>
        <time dateTime={new Date(hit.at).toISOString()} data-tip={format.full(hit.at)}>
          {format.short(hit.at, now)}
        </time>
      </span>
      <span className={cx('said')} dir="auto">
        <bdi className={cx('author')}>{hit.mine ? t('chats.you') : `${name}:`}</bdi> {hit.cutBefore && '… '}
        {markedParts(hit).map(({ text, marked }, part) =>
          // Parts of one excerpt never move.
          marked ? <mark key={part}>{text}</mark> : text,
        )}
        {hit.cutAfter && ' …'}
      </span>
    </button>
  );
});
Hit.displayName = 'Hit';

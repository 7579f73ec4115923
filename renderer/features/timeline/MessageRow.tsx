import { memo, type ReactNode, type Ref } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../../app-context.tsx';
import { isolate } from '../../i18n/translate.ts';
import { classes } from '../../ui/classes.ts';
import { Hidden } from '../../ui/Hidden.tsx';
import { displayName } from '../../ui/names.ts';
import { Failure, Undecryptable } from './Failure.tsx';
import type { TimelineItem } from './items.ts';
import { isUndecryptable } from './kinds.ts';
import { MessageBody } from './MessageBody.tsx';
import { MessageMeta } from './MessageMeta.tsx';
import styles from './MessageRow.module.css';

const cx = classes(styles);

interface MessageRowProps {
  readonly ref: Ref<HTMLElement>;
  readonly item: TimelineItem;
  readonly index: number;
  /** How many messages there are; -1 where the window is only a part of them. */
  readonly setSize: number;
  /** The first message of the whole history. */
  readonly beginning: boolean;
  /** Of the other side. */
  readonly name: string;
  /** What the user is called where a text speaks of them (`/me waves`). */
  readonly ownName: string;
  readonly now: number;
  readonly tabbable: boolean;
  readonly onFocusRow: (index: number) => void;
}

/** One message with what stands above it: the day, the "new messages" divider. */
export const MessageRow = memo((props: MessageRowProps): ReactNode => {
  const { ref, item, index, setSize, beginning, name, ownName, now, tabbable, onFocusRow } = props;
  const { t } = useTranslation();
  const format = useFormat();
  const { message, newDay, divider, follows, followed } = item;
  const own = message.direction === 'out';
  return (
    <article
      ref={ref}
      data-index={index}
      data-row={index}
      // WAI-ARIA feed pattern: the articles themselves take the focus.
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={tabbable ? 0 : -1}
      aria-setsize={setSize}
      aria-posinset={index + 1}
      className={cx('row', own && 'own', !follows && 'first')}
      onFocus={() => onFocusRow(index)}
    >
      {beginning && <p className={cx('beginning')}>{t('timeline.beginning', { name: isolate(name) })}</p>}
      {newDay && <p className={cx('day')}>{format.day(message.sortAt, now)}</p>}
      {divider && (
        <p className={cx('divider')}>
          <span aria-hidden="true">{t('timeline.new')}</span>
          <Hidden>{t('timeline.newFull')}</Hidden>
        </p>
      )}
      {isUndecryptable(message) ? (
        <Undecryptable message={message} name={name} now={now} />
      ) : (
        <div className={cx('bubble', followed && 'followed')} data-content>
          <Hidden>{own ? t('message.you') : name}: </Hidden>
          <MessageBody body={message.body} author={own ? displayName(ownName) : name} />
          <MessageMeta message={message} now={now} />
        </div>
      )}
      {message.state === 'failed' && <Failure message={message} />}
    </article>
  );
});
MessageRow.displayName = 'MessageRow';

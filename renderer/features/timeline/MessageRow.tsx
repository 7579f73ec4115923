import { Ban } from 'lucide-react';
import { memo, type ReactNode, type Ref } from 'react';
import { useTranslation } from 'react-i18next';
import type { MessageView } from '#shared/views.ts';
import { useApp, useFormat } from '../../app-context.tsx';
import { classes } from '../../ui/classes.ts';
import { Hidden } from '../../ui/Hidden.tsx';
import { displayName } from '../../ui/names.ts';
import { DeviceNotices } from '../encryption/DeviceNotices.tsx';
import { Failure, Undecryptable } from './Failure.tsx';
import type { TimelineItem } from './items.ts';
import { isUndecryptable } from './kinds.ts';
import { MessageBody } from './MessageBody.tsx';
import { MessageMeta } from './MessageMeta.tsx';
import styles from './MessageRow.module.css';
import { MessageTools } from './MessageTools.tsx';
import { Reactions } from './Reactions.tsx';
import { ReplyQuote } from './ReplyQuote.tsx';
import { useReach } from './use-reach.ts';

const cx = classes(styles);

interface MessageRowProps {
  readonly ref: Ref<HTMLElement>;
  readonly item: TimelineItem;
  readonly index: number;
  /** How many messages there are; -1 where the window is only a part of them. */
  readonly setSize: number;
  /** Of the other side. */
  readonly name: string;
  /** What the user is called where a text speaks of them (`/me waves`). */
  readonly ownName: string;
  readonly now: number;
  readonly tabbable: boolean;
  /** A jump has led here. */
  readonly found: boolean;
  readonly onFocusRow: (index: number) => void;
}

/** One message with what stands above it: the day, the "new messages" divider. */
export const MessageRow = memo((props: MessageRowProps): ReactNode => {
  const { ref, item, index, setSize, name, ownName, now, tabbable, found, onFocusRow } = props;
  const { message, follows, followed } = item;
  const own = message.direction === 'out';
  const { reached, open, setOpen, events } = useReach(() => onFocusRow(index));
  const tools = reached && <MessageTools message={message} open={open} setOpen={setOpen} />;
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
      className={cx('row', own && 'own', !follows && 'first', found && 'found')}
      {...events}
    >
      <Above {...props} />
      {isUndecryptable(message) ? (
        <Undecryptable message={message} name={own ? displayName(ownName) : name} now={now}>
          {tools}
        </Undecryptable>
      ) : (
        <div
          className={cx('bubble', followed && 'followed', message.retracted && 'retracted')}
          data-content
          data-own={own ? true : undefined}
        >
          <Content message={message} name={name} ownName={ownName} now={now} />
          {tools}
        </div>
      )}
      {message.reactions !== undefined && <Reactions message={message} reactions={message.reactions} />}
      {message.state === 'failed' && <Failure message={message} />}
      <DeviceNotices notices={item.trailing} name={name} />
    </article>
  );
});
MessageRow.displayName = 'MessageRow';

const Above = ({ item, name, now }: MessageRowProps): ReactNode => {
  const { t } = useTranslation();
  const { openDialog } = useApp();
  const format = useFormat();
  return (
    <>
      {item.newDay && (
        <p className={cx('day')}>
          {/* With the keyboard, the menu of the chat leads to dates: one stop fewer in every row. */}
          <button
            type="button"
            tabIndex={-1}
            data-tip={t('timeline.dateTitle')}
            onClick={() => openDialog({ kind: 'jump-to-date', at: item.message.sortAt })}
          >
            {format.day(item.message.sortAt, now)}
          </button>
        </p>
      )}
      <DeviceNotices notices={item.notices} name={name} />
      {item.divider && (
        <p className={cx('divider')}>
          <span aria-hidden="true">{t('timeline.new')}</span>
          <Hidden>{t('timeline.newFull')}</Hidden>
        </p>
      )}
    </>
  );
};

type ContentProps = Pick<MessageRowProps, 'name' | 'ownName' | 'now'> & { readonly message: MessageView };

/** What the bubble holds; of a message that was taken back only that it was. */
const Content = ({ message, name, ownName, now }: ContentProps): ReactNode => {
  const { t } = useTranslation();
  const own = message.direction === 'out';
  if (message.retracted === true) {
    return (
      <>
        <Hidden>{own ? t('message.you') : name}: </Hidden>
        <p className={cx('tombstone')}>
          <Ban size={14} strokeWidth={1.9} />
          {t(own ? 'message.retractedOwn' : 'message.retracted')}
        </p>
        <MessageMeta message={message} now={now} />
      </>
    );
  }
  return (
    <>
      <Hidden>{own ? t('message.you') : name}: </Hidden>
      {message.reply !== undefined && <ReplyQuote message={message} reply={message.reply} name={name} />}
      <MessageBody body={message.body} author={own ? displayName(ownName) : name} />
      <MessageMeta message={message} now={now} />
    </>
  );
};

import { Lock, LockOpen, TriangleAlert } from 'lucide-react';
import { memo, type ReactNode, type Ref } from 'react';
import { useTranslation } from 'react-i18next';
import type { MessageView, Protection } from '#shared/views.ts';
import { useApp, useFormat } from '../../app-context.tsx';
import { describeFailure } from '../../i18n/errors.ts';
import { isolate, type TranslationKey } from '../../i18n/translate.ts';
import { Button } from '../../ui/Button.tsx';
import { classes } from '../../ui/classes.ts';
import { Hidden } from '../../ui/Hidden.tsx';
import { displayName } from '../../ui/names.ts';
import type { TimelineItem } from './items.ts';
import { MessageBody } from './MessageBody.tsx';
import styles from './MessageRow.module.css';
import { StateIcon } from './StateIcon.tsx';

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
      <div className={cx('bubble', followed && 'followed')}>
        <Hidden>{own ? t('message.you') : name}: </Hidden>
        <MessageBody body={message.body} author={own ? displayName(ownName) : name} />
        <Meta message={message} />
      </div>
      {message.state === 'failed' && <Failure message={message} />}
    </article>
  );
});
MessageRow.displayName = 'MessageRow';

const protectionWords: Readonly<Record<Protection, TranslationKey>> = {
  none: 'message.unencrypted',
  omemo: 'message.omemo',
  otr: 'message.otr',
};

const Meta = ({ message }: { message: MessageView }): ReactNode => {
  const { t } = useTranslation();
  const format = useFormat();
  const words = t(protectionWords[message.protection]);
  const Icon = message.protection === 'none' ? LockOpen : Lock;
  return (
    <div className={cx('meta')}>
      <time dateTime={new Date(message.at).toISOString()} data-tip={format.full(message.at)}>
        {format.time(message.at)}
      </time>
      <span className={cx('icon')} data-tip={words}>
        <Icon size={12} strokeWidth={1.9} />
        <Hidden>{words}</Hidden>
      </span>
      {message.direction === 'out' && <StateIcon state={message.state} size={13} />}
    </div>
  );
};

/** Why it was not sent, and what can be done, in place. */
const Failure = ({ message }: { message: MessageView }): ReactNode => {
  const { t } = useTranslation();
  const { api, timeline, run } = useApp();
  return (
    <div className={cx('failure')}>
      <TriangleAlert size={16} strokeWidth={1.9} />
      <span>{t('failure.notSent', { reason: describeFailure(t, message.failure) })}</span>
      <Button
        small
        onClick={() =>
          run(api.messages.resend({ messageId: message.id }).then((row) => timeline.upsert([row])))
        }
      >
        {t('message.sendAgain')}
      </Button>
      <Button small onClick={() => run(navigator.clipboard.writeText(message.body))}>
        {t('common.copy')}
      </Button>
    </div>
  );
};

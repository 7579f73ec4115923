import { CalendarClock, Clock, Lock, LockKeyhole, LockOpen, type LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { MessageView, Protection } from '#shared/views.ts';
import { useApp, useFormat } from '../../app-context.tsx';
import type { TranslationKey } from '../../i18n/translate.ts';
import { classes } from '../../ui/classes.ts';
import { Hidden } from '../../ui/Hidden.tsx';
import { LedgerButton } from '../encryption/Ledger.tsx';
import { waitOf } from './kinds.ts';
import styles from './MessageMeta.module.css';
import { StateIcon } from './StateIcon.tsx';

const cx = classes(styles);

const protectionWords: Readonly<Record<Protection, TranslationKey>> = {
  none: 'message.unencrypted',
  omemo: 'message.omemo',
  otr: 'message.otr',
  unsettled: 'message.unsettled',
};

const protectionIcons: Readonly<Record<Protection, LucideIcon>> = {
  none: LockOpen,
  omemo: Lock,
  otr: Lock,
  unsettled: LockKeyhole,
};

/** When it was written, how it is protected, how far it has come. */
export const MessageMeta = ({ message, now }: { message: MessageView; now: number }): ReactNode => {
  const { t } = useTranslation();
  const format = useFormat();
  const words = t(protectionWords[message.protection]);
  const Icon = protectionIcons[message.protection];
  const scheduled = waitOf(message, now) === 'scheduled' ? message.sendAt : undefined;
  return (
    <div className={cx('meta')}>
      {message.editedAt !== undefined && <Edited message={message} editedAt={message.editedAt} />}
      {scheduled === undefined ? (
        <time dateTime={new Date(message.at).toISOString()} data-tip={format.full(message.at)}>
          {format.time(message.at)}
        </time>
      ) : (
        <time dateTime={new Date(scheduled).toISOString()} data-tip={format.full(scheduled)}>
          {t('message.scheduled', { time: format.moment(scheduled, now) })}
        </time>
      )}
      <span className={cx('icon')} data-tip={words}>
        <Icon size={12} strokeWidth={1.9} />
        <Hidden>{words}</Hidden>
      </span>
      {message.direction === 'out' && <State message={message} now={now} />}
    </div>
  );
};

/** Leads to what it said before. */
const Edited = ({ message, editedAt }: { message: MessageView; editedAt: number }): ReactNode => {
  const { t } = useTranslation();
  const { openDialog } = useApp();
  const label = t('message.editedAt', { time: useFormat().full(editedAt) });
  return (
    <button
      type="button"
      className={cx('edited')}
      aria-label={label}
      data-tip={label}
      onClick={() => openDialog({ kind: 'message-history', messageId: message.id })}
    >
      {t('message.edited')}
    </button>
  );
};

/** What waits for its time says so; everything else has the icon of its state. */
const State = ({ message, now }: { message: MessageView; now: number }): ReactNode => {
  const { t } = useTranslation();
  const format = useFormat();
  const wait = waitOf(message, now);
  if (wait === undefined || message.sendAt === undefined)
    return message.protection === 'omemo' && message.retracted !== true ? (
      <LedgerButton message={message} />
    ) : (
      <StateIcon state={message.state} failure={message.failure} size={13} />
    );
  const words =
    wait === 'held'
      ? t('message.held')
      : t('message.scheduledFull', { time: format.moment(message.sendAt, now) });
  const Icon = wait === 'held' ? Clock : CalendarClock;
  return (
    <span className={cx('icon')} data-tip={words}>
      <Icon size={13} strokeWidth={2.1} />
      <Hidden>{words}</Hidden>
    </span>
  );
};

import { Check, CheckCheck, CircleDashed, Clock, TriangleAlert, type LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { MessageState } from '#shared/views.ts';
import type { TranslationKey } from '../../i18n/translate.ts';
import { classes } from '../../ui/classes.ts';
import { Hidden } from '../../ui/Hidden.tsx';
import styles from './StateIcon.module.css';

const cx = classes(styles);

/** How far a message has come, in words. */
export const stateWords: Readonly<Record<MessageState, TranslationKey>> = {
  queued: 'message.queued',
  sending: 'message.sending',
  sent: 'message.sent',
  acked: 'message.acked',
  delivered: 'message.delivered',
  read: 'message.read',
  failed: 'message.failed',
  received: 'message.received',
};

const icons: Readonly<Record<MessageState, LucideIcon>> = {
  queued: Clock,
  sending: CircleDashed,
  sent: Check,
  acked: Check,
  delivered: CheckCheck,
  read: CheckCheck,
  failed: TriangleAlert,
  received: Check,
};

interface StateIconProps {
  readonly state: MessageState;
  readonly size: number;
}

/** The state as a shape; its words are in the tooltip and for screen readers. */
export const StateIcon = ({ state, size }: StateIconProps): ReactNode => {
  const { t } = useTranslation();
  const Icon = icons[state];
  const words = t(stateWords[state]);
  return (
    <span className={cx('state', state)} data-tip={words}>
      <Icon size={size} strokeWidth={state === 'sent' ? 1.5 : 2.1} />
      <Hidden>{words}</Hidden>
    </span>
  );
};

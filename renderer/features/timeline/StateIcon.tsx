import {
  ArrowUp,
  Check,
  CheckCheck,
  CircleDashed,
  Clock,
  TriangleAlert,
  type LucideIcon,
} from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { MessageState } from '#shared/views.ts';
import type { TranslationKey } from '../../i18n/translate.ts';
import { classes } from '../../ui/classes.ts';
import { Hidden } from '../../ui/Hidden.tsx';
import styles from './StateIcon.module.css';

const cx = classes(styles);

const stateWords: Readonly<Record<MessageState, TranslationKey>> = {
  queued: 'message.queued',
  sending: 'message.sending',
  sent: 'message.sent',
  acked: 'message.acked',
  delivered: 'message.delivered',
  read: 'message.read',
  failed: 'message.failed',
  received: 'message.received',
};

interface MessageProgress {
  readonly state: MessageState;
  /** As in `MessageView`. */
  readonly failure?: string | undefined;
}

/** How far a message has come, in words. One that the other side could not decrypt was sent all the same. */
export const wordsOfState = ({ state, failure }: MessageProgress): TranslationKey =>
  failure === 'decryption-failed' ? 'message.unreadThere' : stateWords[state];

const icons: Readonly<Record<MessageState, LucideIcon>> = {
  queued: Clock,
  sending: CircleDashed,
  sent: ArrowUp,
  acked: Check,
  delivered: CheckCheck,
  read: CheckCheck,
  failed: TriangleAlert,
  received: Check,
};

interface StateIconProps extends MessageProgress {
  readonly size: number;
}

/** The state as a shape; its words are in the tooltip and for screen readers. */
export const StateIcon = ({ size, ...message }: StateIconProps): ReactNode => {
  const { t } = useTranslation();
  const { state } = message;
  const Icon = icons[state];
  const words = t(wordsOfState(message));
  return (
    <span className={cx('state', state)} data-tip={words}>
      <Icon size={size} strokeWidth={2.1} />
      <Hidden>{words}</Hidden>
    </span>
  );
};

import { Clock } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ChatId } from '#shared/ids.ts';
import type { MessageView } from '#shared/views.ts';
import { useApp, useTimeline } from '../../app-context.tsx';
import { Button } from '../../ui/Button.tsx';
import { classes } from '../../ui/classes.ts';
import { useNow } from '../../ui/use-now.ts';
import { waitOf } from '../timeline/kinds.ts';
import styles from './UndoBar.module.css';

const cx = classes(styles);

/** For a few seconds after sending: the message has not left yet, and can be had back. */
export const UndoBar = ({ chatId }: { chatId: ChatId }): ReactNode => {
  const held = useTimeline((state) =>
    state.chatId === chatId ? state.window.rows.findLast((row) => waitOf(row) === 'held') : undefined,
  );
  if (held?.sendAt === undefined) return undefined;
  return <Countdown key={held.id} message={held} sendAt={held.sendAt} />;
};

const Countdown = ({ message, sendAt }: { message: MessageView; sendAt: number }): ReactNode => {
  const { t } = useTranslation();
  const { api, run, timeline, withdraw } = useApp();
  const seconds = Math.ceil((sendAt - useNow(1000)) / 1000);
  if (seconds <= 0) return undefined;
  const sendNow = (): void =>
    run(api.messages.sendNow({ messageId: message.id }).then((row) => timeline.upsert([row])));
  return (
    <div className={cx('bar')}>
      <Clock size={16} strokeWidth={1.9} />
      <p>
        {/* Said once; the seconds only for the eye that looks. */}
        <span role="status">{t('composer.held')}</span> {t('composer.heldFor', { count: seconds })}
      </p>
      <Button small onClick={() => run(withdraw(message))}>
        {t('composer.undo')}
      </Button>
      <Button small onClick={sendNow}>
        {t('message.sendNow')}
      </Button>
    </div>
  );
};

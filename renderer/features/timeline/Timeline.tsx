import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ChatView } from '#shared/views.ts';
import { useApp, useTimeline } from '../../app-context.tsx';
import { describeError } from '../../i18n/errors.ts';
import { Button } from '../../ui/Button.tsx';
import { Alert } from '../../ui/Card.tsx';
import { classes } from '../../ui/classes.ts';
import { MessageList } from './MessageList.tsx';
import styles from './Timeline.module.css';

const cx = classes(styles);

/** The history of the open chat: loading, failed, or the messages. */
export const Timeline = ({ chat, name }: { chat: ChatView; name: string }): ReactNode => {
  const { t } = useTranslation();
  const { timeline } = useApp();
  const status = useTimeline((state) => (state.chatId === chat.id ? state.status : 'loading'));
  const error = useTimeline((state) => state.error);
  const generation = useTimeline((state) => state.generation);
  switch (status) {
    case 'loading':
      return (
        <div className={cx('area', 'waiting')} role="status">
          {t('timeline.loading')}
        </div>
      );
    case 'failed':
      return (
        <div className={cx('area', 'failed')}>
          <Alert>{describeError(t, error ?? 'internal')}</Alert>
          <Button onClick={() => timeline.reload()}>{t('common.tryAgain')}</Button>
        </div>
      );
    case 'ready':
      return <MessageList key={generation} chat={chat} name={name} />;
  }
};

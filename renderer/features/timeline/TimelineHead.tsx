import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ChatView } from '#shared/views.ts';
import { useApp, useTimeline } from '../../app-context.tsx';
import { isolate } from '../../i18n/translate.ts';
import { Button } from '../../ui/Button.tsx';
import { classes } from '../../ui/classes.ts';
import styles from './TimelineHead.module.css';

const cx = classes(styles);

/** The room above the first row. It is always there, so that nothing moves when words appear in it. */
export const HEAD_PX = 76;

interface TimelineHeadProps {
  readonly chat: ChatView;
  readonly name: string;
}

/** What is above the first row: that more is coming, why it does not come, or that this is the beginning. */
export const TimelineHead = (props: TimelineHeadProps): ReactNode => (
  <div className={cx('head')} style={{ blockSize: HEAD_PX }}>
    <Words {...props} />
  </div>
);

const Words = ({ chat, name }: TimelineHeadProps): ReactNode => {
  const { t } = useTranslation();
  const { timeline } = useApp();
  const loading = useTimeline((state) => state.loadingOlder);
  const failed = useTimeline((state) => state.failedEdge === 'older');
  const offline = useTimeline((state) => state.edgeError === 'offline');
  const hasOlder = useTimeline((state) => state.window.hasOlder);
  const noArchive = useTimeline((state) => state.noArchive);
  if (loading)
    return (
      <p className={cx('quiet')} role="status">
        {t('timeline.older')}
      </p>
    );
  if (failed)
    return (
      <div className={cx('failed')} role="alert">
        <span>{t(offline ? 'timeline.offlineOlder' : 'timeline.failedOlder')}</span>
        <Button small onClick={() => timeline.loadOlder()}>
          {t('common.tryAgain')}
        </Button>
      </div>
    );
  if (hasOlder) return undefined;
  if (chat.historyStart === 'cleared') return <p>{t('timeline.cleared')}</p>;
  return <p>{noArchive ? t('timeline.noArchive') : t('timeline.beginning', { name: isolate(name) })}</p>;
};

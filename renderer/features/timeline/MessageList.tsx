import { ArrowDown } from 'lucide-react';
import { useMemo, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ChatView } from '#shared/views.ts';
import { useApp, usePeople, useTimeline } from '../../app-context.tsx';
import { Button } from '../../ui/Button.tsx';
import { classes } from '../../ui/classes.ts';
import { useNow } from '../../ui/use-now.ts';
import { useRoving } from '../../ui/use-roving.ts';
import { timelineItems } from './items.ts';
import { MessageRow } from './MessageRow.tsx';
import styles from './Timeline.module.css';
import { useJump } from './use-jump.ts';
import { useMarkRead } from './use-mark-read.ts';
import { useMessageScroll } from './use-message-scroll.ts';

const cx = classes(styles);

/** The rows of the window, of which only those near the eye exist; pages come in from both ends. */
export const MessageList = ({ chat, name }: { chat: ChatView; name: string }): ReactNode => {
  const { t } = useTranslation();
  const now = useNow(60_000);
  const window = useTimeline((state) => state.window);
  const dividerAt = useTimeline((state) => state.dividerAt);
  const target = useTimeline((state) => state.target);
  const items = useMemo(() => timelineItems(window.rows, dividerAt), [window.rows, dividerAt]);
  const { scroller, virtual, atEnd, toEnd } = useMessageScroll(items);
  const ownName = usePeople(({ accounts }) => accounts.get(chat.accountId)?.jid.split('@')[0] ?? '');
  const rows = virtual.getVirtualItems();
  const last = items.length - 1;
  const { ref, active, setActive, onKeyDown } = useRoving<HTMLDivElement>(items.length, last, (index) =>
    virtual.scrollToIndex(index),
  );
  useMarkRead(chat, items, virtual);
  useJump(ref, items, virtual, setActive);

  return (
    <div className={cx('area')} data-region="messages">
      <EdgeNotes />
      <div ref={scroller} className={cx('scroller')}>
        <div
          ref={ref}
          className={cx('sizer')}
          role="feed"
          aria-label={t('timeline.label')}
          style={{ blockSize: virtual.getTotalSize() }}
          onKeyDown={onKeyDown}
        >
          {/* The rows stand in the flow below the first one: a row that turns out higher pushes, and never covers. */}
          <div className={cx('rows')} style={{ translate: `0 ${rows[0]?.start ?? 0}px` }}>
            {rows.map(({ key, index }) => {
              const item = items[index];
              return (
                item !== undefined && (
                  <MessageRow
                    key={key}
                    ref={virtual.measureElement}
                    item={item}
                    index={index}
                    setSize={window.hasOlder || window.hasNewer ? -1 : items.length}
                    beginning={index === 0 && !window.hasOlder}
                    name={name}
                    ownName={ownName}
                    now={now}
                    tabbable={index === active}
                    found={item.message.id === target?.id}
                    onFocusRow={setActive}
                  />
                )
              );
            })}
          </div>
        </div>
      </div>
      {!(atEnd && !window.hasNewer) && <JumpButton unread={chat.unread} onJump={toEnd} />}
    </div>
  );
};

const JumpButton = ({ unread, onJump }: { unread: number; onJump: () => void }): ReactNode => {
  const { t } = useTranslation();
  const label = unread === 0 ? t('timeline.jump') : t('timeline.jumpUnread', { count: unread });
  return (
    <button type="button" className={cx('jump')} aria-label={label} data-tip={label} onClick={onJump}>
      <ArrowDown size={18} strokeWidth={1.9} />
      {unread > 0 && (
        <span className={cx('jumpCount')} aria-hidden="true">
          {unread > 999 ? '999+' : unread}
        </span>
      )}
    </button>
  );
};

/** What happens at the ends of the window; lies above the rows, so that nothing moves. */
const EdgeNotes = (): ReactNode => {
  const { t } = useTranslation();
  const { timeline } = useApp();
  const loadingOlder = useTimeline((state) => state.loadingOlder);
  const failed = useTimeline((state) => state.failedEdge);
  return (
    <>
      {loadingOlder && <div className={cx('edge', 'quiet')}>{t('timeline.older')}</div>}
      {failed !== undefined && (
        <div className={cx('edge', failed === 'newer' && 'newer')} role="alert">
          {t(failed === 'older' ? 'timeline.failedOlder' : 'timeline.failedNewer')}
          <Button small onClick={() => (failed === 'older' ? timeline.loadOlder() : timeline.loadNewer())}>
            {t('common.tryAgain')}
          </Button>
        </div>
      )}
    </>
  );
};

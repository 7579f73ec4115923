import { ArrowDown } from 'lucide-react';
import { useEffect, useMemo, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ChatView } from '#shared/views.ts';
import { useApp, usePeople, useTimeline } from '../../app-context.tsx';
import { Button } from '../../ui/Button.tsx';
import { classes } from '../../ui/classes.ts';
import { useNow } from '../../ui/use-now.ts';
import { useRoving } from '../../ui/use-roving.ts';
import { DeviceNotices } from '../encryption/DeviceNotices.tsx';
import { useChatProtection } from '../encryption/protection-context.tsx';
import { noticesAmong, timelineItems, type TimelineItem } from './items.ts';
import { MessageRow } from './MessageRow.tsx';
import styles from './Timeline.module.css';
import { TimelineHead } from './TimelineHead.tsx';
import { useJump } from './use-jump.ts';
import { useMarkRead } from './use-mark-read.ts';
import { useMessageScroll, type MessageVirtualizer } from './use-message-scroll.ts';

const cx = classes(styles);

/** The rows of the window, of which only those near the eye exist; pages come in from both ends. */
export const MessageList = ({ chat, name }: { chat: ChatView; name: string }): ReactNode => {
  const { t } = useTranslation();
  const window = useTimeline((state) => state.window);
  const dividerAt = useTimeline((state) => state.dividerAt);
  const { rows, hasOlder, hasNewer } = window;
  const notices = useChatProtection()?.notices;
  const items = useMemo(
    () => timelineItems(rows, dividerAt, noticesAmong(rows, notices ?? [], { hasOlder, hasNewer })),
    [rows, hasOlder, hasNewer, dividerAt, notices],
  );
  const { scroller, virtual, atEnd, toEnd } = useMessageScroll(items);
  const last = items.length - 1;
  const { ref, active, setActive, onKeyDown } = useRoving<HTMLDivElement>(items.length, last, (index) =>
    virtual.scrollToIndex(index),
  );
  useMarkRead(chat, items, virtual);
  useRetryOnline(chat);
  useJump(ref, items, setActive);

  return (
    <div className={cx('area')} data-region="messages">
      <EdgeNotes />
      <div ref={scroller} className={cx('scroller')}>
        <div className={cx('content')}>
          <TimelineHead chat={chat} name={name} />
          {items.length === 0 && <DeviceNotices notices={notices ?? []} name={name} />}
          <div
            ref={ref}
            className={cx('sizer')}
            role="feed"
            aria-label={t('timeline.label')}
            style={{ blockSize: virtual.getTotalSize() }}
            onKeyDown={onKeyDown}
          >
            <Rows
              chat={chat}
              name={name}
              items={items}
              virtual={virtual}
              active={active}
              onFocusRow={setActive}
            />
          </div>
        </div>
      </div>
      {!(atEnd && !window.hasNewer) && <JumpButton unread={chat.unread} onJump={toEnd} />}
    </div>
  );
};

interface RowsProps {
  readonly chat: ChatView;
  readonly name: string;
  readonly items: readonly TimelineItem[];
  readonly virtual: MessageVirtualizer;
  readonly active: number;
  readonly onFocusRow: (index: number) => void;
}

const Rows = ({ chat, name, items, virtual, active, onFocusRow }: RowsProps): ReactNode => {
  const now = useNow(60_000);
  const isPart = useTimeline(({ window }) => window.hasOlder || window.hasNewer);
  const target = useTimeline((state) => state.target);
  const ownName = usePeople(({ accounts }) => accounts.get(chat.accountId)?.jid.split('@')[0] ?? '');
  const rows = virtual.getVirtualItems();
  return (
    // In the flow below the first one: a row that turns out higher pushes, and never covers.
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
              setSize={isPart ? -1 : items.length}
              name={name}
              ownName={ownName}
              now={now}
              tabbable={index === active}
              found={item.message.id === target?.id}
              onFocusRow={onFocusRow}
            />
          )
        );
      })}
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

/** The connection is back: what could not be had without it comes by itself. */
const useRetryOnline = ({ accountId }: ChatView): void => {
  const { timeline } = useApp();
  const online = usePeople(({ accounts }) => accounts.get(accountId)?.phase === 'online');
  useEffect(() => {
    if (online) timeline.retryOffline();
  }, [timeline, online]);
};

/** What happens at the newer end of the window; lies above the rows, so that nothing moves. */
const EdgeNotes = (): ReactNode => {
  const { t } = useTranslation();
  const { timeline } = useApp();
  // Pages that are here come too fast to be spoken of.
  const fetching = useTimeline((state) => state.loadingNewer && state.window.gapAfter === true);
  const failed = useTimeline((state) => state.failedEdge === 'newer');
  const offline = useTimeline((state) => state.edgeError === 'offline');
  if (fetching)
    return (
      <div className={cx('edge', 'quiet')} role="status">
        {t('timeline.newer')}
      </div>
    );
  if (!failed) return undefined;
  return (
    <div className={cx('edge')} role="alert">
      {t(offline ? 'timeline.offlineNewer' : 'timeline.failedNewer')}
      <Button small onClick={() => timeline.loadNewer()}>
        {t('common.tryAgain')}
      </Button>
    </div>
  );
};

import { useEffect, useRef, useState } from 'react';
import type { MessageId } from '#shared/ids.ts';
import type { ChatView, MessageView } from '#shared/views.ts';
import { useApp } from '../../app-context.tsx';
import type { TimelineItem } from './items.ts';
import type { MessageVirtualizer } from './use-message-scroll.ts';

/**
 * Marks as read what is really seen: messages in view while the window has the focus.
 * Also puts the divider before what arrives while nobody looks.
 */
export const useMarkRead = (
  chat: ChatView,
  items: readonly TimelineItem[],
  virtual: MessageVirtualizer,
): void => {
  const { api, timeline } = useApp();
  const attentive = useAttention();
  const marked = useRef<MessageView>(undefined);
  const seen = chat.unread > 0 && attentive ? lastSeen(items, virtual) : undefined;
  const isNews = seen !== undefined && isAfterOrAt(items, seen, chat.firstUnreadId);

  useEffect(() => {
    const before = marked.current;
    if (!isNews || (before !== undefined && !isLater(seen, before))) return;
    marked.current = seen;
    api.chats.markRead({ chatId: chat.id, upTo: seen.id }).catch(() => {
      // Asked again with the next message that is seen.
      marked.current = before;
    });
  }, [api, chat.id, isNews, seen]);

  const unreadBefore = useRef(chat.unread);
  useEffect(() => {
    const began = unreadBefore.current === 0 && chat.unread > 0;
    unreadBefore.current = chat.unread;
    if (began && !attentive && chat.firstUnreadId !== undefined) timeline.setDivider(chat.firstUnreadId);
  }, [timeline, attentive, chat.unread, chat.firstUnreadId]);
};

/** Order of the timeline (shared/views.ts). */
const isLater = (a: MessageView, b: MessageView): boolean =>
  a.sortAt === b.sortAt ? a.id > b.id : a.sortAt > b.sortAt;

/** Where the first unread message is outside the window, whatever is seen may be after it. */
const isAfterOrAt = (
  items: readonly TimelineItem[],
  seen: MessageView,
  first: MessageId | undefined,
): boolean => {
  const firstUnread = items.find(({ message }) => message.id === first)?.message;
  return firstUnread === undefined || !isLater(firstUnread, seen);
};

/** The newest message of the other side whose end is in view. */
const lastSeen = (items: readonly TimelineItem[], virtual: MessageVirtualizer): MessageView | undefined => {
  const bottom = (virtual.scrollOffset ?? 0) + (virtual.scrollRect?.height ?? 0);
  const rows = virtual.getVirtualItems();
  for (const { index, start, end } of rows.toReversed()) {
    const message = items[index]?.message;
    // A message higher than the window counts as seen when its beginning is.
    const visible = end <= bottom + 24 || start < bottom - 160;
    if (visible && message?.direction === 'in') return message;
  }
  return undefined;
};

const isLookedAt = (): boolean => document.visibilityState === 'visible' && document.hasFocus();

/** Whether somebody looks: the window is visible and has the focus. */
const useAttention = (): boolean => {
  const [attentive, setAttentive] = useState(isLookedAt);
  useEffect(() => {
    const update = (): void => setAttentive(isLookedAt());
    window.addEventListener('focus', update);
    window.addEventListener('blur', update);
    document.addEventListener('visibilitychange', update);
    return () => {
      window.removeEventListener('focus', update);
      window.removeEventListener('blur', update);
      document.removeEventListener('visibilitychange', update);
    };
  }, []);
  return attentive;
};

import { useSyncExternalStore } from 'react';

/** Below this width the list and the conversation are two views; the same as in MainWindow.module.css. */
const NARROW = '(width < 720px)';

/** Below this width a profile lies above the chat; the same as in ProfilePanel.module.css. */
const NO_ROOM_BESIDE = '(width < 1000px)';

/** Whether only one of list and conversation is shown. */
export const useNarrow = (): boolean => useMedia(NARROW);

/** Whether there is no room for anything beside a chat. */
export const useNoRoomBeside = (): boolean => useMedia(NO_ROOM_BESIDE);

const useMedia = (media: string): boolean =>
  useSyncExternalStore(
    (changed) => {
      const query = window.matchMedia(media);
      query.addEventListener('change', changed);
      return () => query.removeEventListener('change', changed);
    },
    () => window.matchMedia(media).matches,
  );

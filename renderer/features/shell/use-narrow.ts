import { useSyncExternalStore } from 'react';

/** Below this width the list and the conversation are two views; the same as in MainWindow.module.css. */
const NARROW = '(width < 720px)';

/** Whether only one of list and conversation is shown. */
export const useNarrow = (): boolean =>
  useSyncExternalStore(
    (changed) => {
      const query = window.matchMedia(NARROW);
      query.addEventListener('change', changed);
      return () => query.removeEventListener('change', changed);
    },
    () => window.matchMedia(NARROW).matches,
  );

import { createContext, use, useMemo, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { createFormatter, formatLocale, type Formatter } from './i18n/format.ts';
import type { App } from './state/app.ts';
import type { ChatsState } from './state/chats.ts';
import type { PeopleState } from './state/people.ts';
import type { SessionState } from './state/session.ts';
import type { TimelineState } from './state/timeline.ts';
import type { UiState } from './state/ui.ts';

const AppContext = createContext<App | undefined>(undefined);
const FormatContext = createContext<Formatter | undefined>(undefined);

/** Gives the components below the application and the formats of the chosen language. */
export const AppProvider = ({ app, children }: { app: App; children: ReactNode }): ReactNode => {
  const { i18n } = useTranslation();
  const formatter = useMemo(
    () => createFormatter(formatLocale(i18n.language, navigator.languages)),
    [i18n.language],
  );
  return (
    <AppContext value={app}>
      <FormatContext value={formatter}>{children}</FormatContext>
    </AppContext>
  );
};

const required = <T,>(value: T | undefined): T => {
  if (value === undefined) throw new Error('used outside AppProvider');
  return value;
};

export const useApp = (): App => required(use(AppContext));
export const useFormat = (): Formatter => required(use(FormatContext));

export const useSession = <T,>(pick: (state: SessionState) => T): T => useStore(useApp().session, pick);
export const usePeople = <T,>(pick: (state: PeopleState) => T): T => useStore(useApp().people, pick);
export const useChats = <T,>(pick: (state: ChatsState) => T): T => useStore(useApp().chats, pick);
export const useTimeline = <T,>(pick: (state: TimelineState) => T): T =>
  useStore(useApp().timeline.store, pick);
export const useUi = <T,>(pick: (state: UiState) => T): T => useStore(useApp().ui, pick);

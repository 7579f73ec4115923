import { Component, useEffect, useState, useSyncExternalStore, type ReactNode } from 'react';
import type { i18n } from 'i18next';
import { I18nProvider } from 'react-aria-components';
import { I18nextProvider, useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { AppProvider } from './app-context.tsx';
import styles from './App.module.css';
import { Gate } from './features/start/Gate.tsx';
import { LinkBanner, Notices } from './features/shell/Notices.tsx';
import { tellVisibility } from './features/shell/visibility.ts';
import { directionOf, resolveLanguage } from './i18n/translate.ts';
import type { App as Application } from './state/app.ts';
import { Button } from './ui/Button.tsx';
import { CardScreen } from './ui/Card.tsx';
import { classes } from './ui/classes.ts';
import { TipLayer } from './ui/TipLayer.tsx';

const cx = classes(styles);

/** The whole window. */
export const App = ({ app, translator }: { app: Application; translator: i18n }): ReactNode => {
  const settings = useStore(app.session, (session) => session.settings);
  const language = resolveLanguage(settings.language, useSystemLanguages().split(','));

  // The page itself carries theme and language: the tokens, the direction and the browser's own controls follow.
  useEffect(() => {
    const root = document.documentElement;
    if (settings.theme === 'system') delete root.dataset['theme'];
    else root.dataset['theme'] = settings.theme;
    root.lang = language;
    root.dir = directionOf(language);
    void translator.changeLanguage(language);
  }, [settings.theme, language, translator]);

  useEffect(() => flushDraftsOnLeave(app), [app]);
  useEffect(() => tellVisibility(app), [app]);

  return (
    <I18nextProvider i18n={translator}>
      <I18nProvider locale={language}>
        <Boundary>
          <AppProvider app={app}>
            <div className={cx('app')}>
              <LinkBanner />
              <div className={cx('screen')}>
                <Gate />
              </div>
            </div>
            <Notices />
            <TipLayer />
          </AppProvider>
        </Boundary>
      </I18nProvider>
    </I18nextProvider>
  );
};

/** As one text: some browsers answer another list object at every look, and React would draw without end. */
/** Joined, because the list itself may be a new one each time. */
const useSystemLanguages = (): string =>
  useSyncExternalStore(
    (changed) => {
      window.addEventListener('languagechange', changed);
      return () => window.removeEventListener('languagechange', changed);
    },
    () => navigator.languages.join(','),
  );

/** What is written is stored before the window is hidden or goes. */
const flushDraftsOnLeave = (app: Application): (() => void) => {
  const flush = (): void => app.drafts.flush();
  const hidden = (): void => {
    if (document.visibilityState === 'hidden') flush();
  };
  window.addEventListener('pagehide', flush);
  document.addEventListener('visibilitychange', hidden);
  return () => {
    window.removeEventListener('pagehide', flush);
    document.removeEventListener('visibilitychange', hidden);
  };
};

/** A fault of the window's own code: says so and offers the way on, instead of going blank. */
class Boundary extends Component<{ readonly children: ReactNode }, { readonly crashed: boolean }> {
  override state = { crashed: false };

  static getDerivedStateFromError(): { crashed: boolean } {
    return { crashed: true };
  }

  override render(): ReactNode {
    return this.state.crashed ? <Crashed /> : this.props.children;
  }
}

const Crashed = (): ReactNode => {
  const { t } = useTranslation();
  const [reloading, setReloading] = useState(false);
  const reload = (): void => {
    setReloading(true);
    location.reload();
  };
  return (
    <CardScreen title={t('app.crashed.title')}>
      <p>{t('app.crashed.text')}</p>
      <Button kind="primary" disabled={reloading} onClick={reload}>
        {t('app.crashed.reload')}
      </Button>
    </CardScreen>
  );
};

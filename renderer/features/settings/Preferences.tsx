import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Language, Theme } from '#shared/views.ts';
import { useApp, useSession } from '../../app-context.tsx';
import { languageNames } from '../../i18n/translate.ts';
import { classes } from '../../ui/classes.ts';
import { Select, Switch } from '../../ui/Field.tsx';
import styles from './Settings.module.css';

const cx = classes(styles);

/** How the window looks and speaks. */
export const Appearance = (): ReactNode => {
  const { t } = useTranslation();
  const { api, run } = useApp();
  const { theme, language } = useSession((session) => session.settings);
  const themes: readonly (readonly [Theme, string])[] = [
    ['system', t('settings.themeSystem')],
    ['light', t('settings.themeLight')],
    ['dark', t('settings.themeDark')],
  ];
  const languages: readonly (readonly [Language, string])[] = [
    ['system', t('settings.languageSystem')],
    ['en', languageNames.en],
    ['de', languageNames.de],
    ['ar', languageNames.ar],
  ];
  return (
    <>
      <Row title={t('settings.theme')} hint={t('settings.themeHint')}>
        <Select
          label={t('settings.theme')}
          labelHidden
          value={theme}
          options={themes}
          onValue={(value) => run(api.settings.update({ theme: value }))}
        />
      </Row>
      <Row title={t('settings.language')} hint={t('settings.languageHint')}>
        <Select
          label={t('settings.language')}
          labelHidden
          value={language}
          options={languages}
          onValue={(value) => run(api.settings.update({ language: value }))}
        />
      </Row>
    </>
  );
};

const Row = ({ title, hint, children }: { title: string; hint: string; children: ReactNode }): ReactNode => (
  <div className={cx('row')}>
    <div className={cx('rowText')} aria-hidden="true">
      {title}
      <span className={cx('hint')}>{hint}</span>
    </div>
    <div className={cx('choice')}>{children}</div>
  </div>
);

/** What others learn about the user. */
export const Privacy = (): ReactNode => {
  const { t } = useTranslation();
  const { api, run } = useApp();
  const sendTyping = useSession((session) => session.settings.sendTyping);
  return (
    <div className={cx('row')}>
      <Switch
        label={t('settings.sendTyping')}
        hint={t('settings.sendTypingHint')}
        checked={sendTyping}
        onChange={(value) => run(api.settings.update({ sendTyping: value }))}
      />
    </div>
  );
};

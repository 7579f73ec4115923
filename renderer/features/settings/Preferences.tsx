import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Language, Theme } from '#shared/views.ts';
import { useApp, useSession } from '../../app-context.tsx';
import { languageNames } from '../../i18n/translate.ts';
import { Button } from '../../ui/Button.tsx';
import { classes } from '../../ui/classes.ts';
import { Select, Switch } from '../../ui/Field.tsx';
import { retentionWords } from '../chat/retention.ts';
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

/** What others learn about the user, and how long a message can be taken back. */
export const Privacy = (): ReactNode => {
  const { t } = useTranslation();
  const { api, run } = useApp();
  const settings = useSession((session) => session.settings);
  const tells = [
    ['sendTyping', 'settings.sendTyping', 'settings.sendTypingHint'],
    ['sendReceipts', 'settings.sendReceipts', 'settings.sendReceiptsHint'],
    ['sendReadMarkers', 'settings.sendReadMarkers', 'settings.sendReadMarkersHint'],
  ] as const;
  // In a browser nobody learns whether the computer is in use.
  const host = useSession((session) => session.host);
  const idle = [
    ['sendIdle', 'settings.sendIdle', 'settings.sendIdleHint'],
    ['awayWhenIdle', 'settings.awayWhenIdle', 'settings.awayWhenIdleHint'],
  ] as const;
  return (
    <>
      {[...tells, ...(host === 'electron' ? idle : [])].map(([key, label, hint]) => (
        <div key={key} className={cx('row')}>
          <Switch
            label={t(label)}
            hint={t(hint)}
            checked={settings[key]}
            onChange={(value) => run(api.settings.update({ [key]: value }))}
          />
        </div>
      ))}
      <UndoTime seconds={settings.undoSeconds} />
      <KeepTime />
    </>
  );
};

/** Changed in a dialog: a shorter time deletes what is there. */
const KeepTime = (): ReactNode => {
  const { t } = useTranslation();
  const { openDialog } = useApp();
  const words = retentionWords(
    t,
    useSession((session) => session.settings.retention),
  );
  return (
    <div className={cx('row')}>
      <div className={cx('rowText')}>
        {t('history.keep')}
        <span className={cx('hint')}>{t('history.keepHint')}</span>
      </div>
      <div className={cx('choice')}>
        <Button
          aria-label={t('history.changeKeep', { retention: words })}
          onClick={() => openDialog({ kind: 'retention' })}
        >
          {words}…
        </Button>
      </div>
    </div>
  );
};

const UNDO_SECONDS = [0, 5, 10, 20, 30] as const;

const UndoTime = ({ seconds }: { seconds: number }): ReactNode => {
  const { t } = useTranslation();
  const { api, run } = useApp();
  const offered = [...new Set([...UNDO_SECONDS, seconds])].toSorted((a, b) => a - b);
  return (
    <Row title={t('settings.undo')} hint={t('settings.undoHint')}>
      <Select
        label={t('settings.undo')}
        labelHidden
        value={String(seconds)}
        options={offered.map((count) => [
          String(count),
          count === 0 ? t('settings.undoOff') : t('settings.undoSeconds', { count }),
        ])}
        onValue={(value) => run(api.settings.update({ undoSeconds: Number(value) }))}
      />
    </Row>
  );
};

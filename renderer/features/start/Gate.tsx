import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useApp, usePeople, useSession, useUi } from '../../app-context.tsx';
import { describeError } from '../../i18n/errors.ts';
import { Button } from '../../ui/Button.tsx';
import { Alert, CardScreen } from '../../ui/Card.tsx';
import { FirstStart } from '../accounts/FirstStart.tsx';
import { Login } from '../accounts/Login.tsx';
import { Locked } from '../lock/Locked.tsx';
import { MainWindow } from '../shell/MainWindow.tsx';
import styles from './Gate.module.css';
import { classes } from '../../ui/classes.ts';

const cx = classes(styles);

/** Which screen the window is: what stands between the user and the chats, or the chats. */
export const Gate = (): ReactNode => {
  const { t } = useTranslation();
  const app = useApp();
  const refused = useSession((session) => session.link === 'refused');
  const phase = useSession((session) => session.phase);
  if (refused) {
    return (
      <CardScreen title={t('app.refused.title')}>
        <p>{t('app.refused.text')}</p>
      </CardScreen>
    );
  }
  switch (phase.kind) {
    case 'starting':
      return <Starting />;
    case 'failed':
      return (
        <CardScreen title={t('app.failed.title')}>
          <Alert>{describeError(t, phase.code)}</Alert>
          <Button kind="primary" onClick={app.refresh}>
            {t('common.tryAgain')}
          </Button>
        </CardScreen>
      );
    case 'locked':
      return <Locked lock={phase.lock} />;
    case 'ready':
      return <Ready />;
  }
};

const Starting = (): ReactNode => {
  const { t } = useTranslation();
  return (
    <main className={cx('starting')} role="status">
      {t('app.starting')}
    </main>
  );
};

const Ready = (): ReactNode => {
  const { show } = useApp();
  const hasAccount = usePeople((people) => people.accounts.size > 0);
  const adding = useUi((ui) => ui.view === 'add-account');
  if (adding) return <Login onDone={() => show('chats')} onCancel={() => show('chats')} />;
  return hasAccount ? <MainWindow /> : <FirstStart />;
};

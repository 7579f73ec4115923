import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useSession } from '../../app-context.tsx';
import { classes } from '../../ui/classes.ts';
import styles from './Settings.module.css';

const cx = classes(styles);

/** What runs here, and what protects it. */
export const About = (): ReactNode => {
  const { t } = useTranslation();
  const version = useSession((session) => session.version);
  const host = useSession((session) => session.host);
  const keychain = useSession(({ phase }) => phase.kind === 'ready' && phase.keyProtection === 'keychain');
  return (
    <div className={cx('about')}>
      <b>{t('app.name')} Desktop</b>
      <p>{t('settings.version', { version })}</p>
      <p>{t('settings.aboutText')}</p>
      <p>{t(host === 'electron' ? 'settings.hostElectron' : 'settings.hostLoopback')}</p>
      <p>{t(keychain ? 'settings.keyKeychain' : 'settings.keyPassphrase')}</p>
      <p>{t('settings.license')}</p>
    </div>
  );
};

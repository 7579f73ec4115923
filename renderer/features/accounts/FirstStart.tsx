import { Plus, QrCode, UserRound, type LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useApp } from '../../app-context.tsx';
import { CardScreen } from '../../ui/Card.tsx';
import { classes } from '../../ui/classes.ts';
import styles from './FirstStart.module.css';

const cx = classes(styles);

/** Nobody has logged in yet: what the app is, and the ways in. */
export const FirstStart = (): ReactNode => {
  const { t } = useTranslation();
  const { show } = useApp();
  return (
    <CardScreen title={t('start.title')}>
      <p>{t('start.text')}</p>
      <button type="button" className={cx('way', 'open')} onClick={() => show('add-account')}>
        <Way icon={UserRound} title={t('start.login')} text={t('start.loginText')} />
      </button>
      <div className={cx('way')}>
        <Way icon={Plus} title={t('start.create')} text={t('start.createText')} />
      </div>
      <div className={cx('way')}>
        <Way icon={QrCode} title={t('start.invitation')} text={t('start.invitationText')} />
      </div>
    </CardScreen>
  );
};

const Way = ({ icon: Icon, title, text }: { icon: LucideIcon; title: string; text: string }): ReactNode => (
  <>
    <Icon size={20} strokeWidth={1.9} />
    <span>
      <b>{title}</b>
      <span className={cx('text')}>{text}</span>
    </span>
  </>
);

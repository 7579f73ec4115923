import { X } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useApp, useSession, useUi } from '../../app-context.tsx';
import { describeError } from '../../i18n/errors.ts';
import { dropNotice } from '../../state/ui.ts';
import { classes } from '../../ui/classes.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import styles from './Notices.module.css';

const cx = classes(styles);

/** What went wrong and has no place of its own; above everything, never in the way of reading. */
export const Notices = (): ReactNode => {
  const { t } = useTranslation();
  const { ui } = useApp();
  const notices = useUi((state) => state.notices);
  return (
    <section className={cx('notices')} aria-label={t('notices.label')} aria-live="assertive">
      {notices.map((notice) => (
        <div key={notice.id} className={cx('notice')}>
          <span>{describeError(t, notice.code)}</span>
          <IconButton icon={X} label={t('notices.dismiss')} onClick={() => dropNotice(ui, notice.id)} />
        </div>
      ))}
    </section>
  );
};

/** The window itself has lost the application: nothing that is shown is sure to be true any more. */
export const LinkBanner = (): ReactNode => {
  const { t } = useTranslation();
  const { link } = useApp();
  const lost = useSession((session) => session.link === 'lost');
  return (
    <div role="status">
      {lost && (
        <div className={cx('banner')}>
          {t('app.linkLost')}
          <Button small onClick={link.retryNow}>
            {t('common.tryNow')}
          </Button>
        </div>
      )}
    </div>
  );
};

import { MessageCircle } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useApp } from '../../app-context.tsx';
import { Button } from '../../ui/Button.tsx';
import { classes } from '../../ui/classes.ts';
import styles from './NoChat.module.css';

const cx = classes(styles);

/** Nothing is open yet. */
export const NoChat = (): ReactNode => {
  const { t } = useTranslation();
  const { openDialog } = useApp();
  return (
    <main id="conversation" tabIndex={-1} className={cx('none')}>
      <MessageCircle size={40} strokeWidth={1.2} />
      <p>{t('chats.pick')}</p>
      <Button onClick={() => openDialog({ kind: 'new-chat' })}>{t('chats.new')}</Button>
    </main>
  );
};

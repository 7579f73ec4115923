import { Ban, UserRoundPlus } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ChatView } from '#shared/views.ts';
import { useApp } from '../../app-context.tsx';
import { isolate } from '../../i18n/translate.ts';
import { Button } from '../../ui/Button.tsx';
import { classes } from '../../ui/classes.ts';
import { displayName } from '../../ui/names.ts';
import styles from './Standing.module.css';

const cx = classes(styles);

interface StandingProps {
  readonly chat: ChatView;
  readonly name: string;
}

/** Stands where the box would be: somebody unknown has written, and the user decides. */
export const RequestBar = ({ chat, name }: StandingProps): ReactNode => {
  const { t } = useTranslation();
  const { api, run, openDialog, ui } = useApp();
  const { id: chatId, accountId, jid } = chat;
  const accept = (): void =>
    run(api.chats.accept({ chatId }).then(() => ui.setState({ requestsOnly: false })));
  return (
    <section className={cx('bar')} aria-label={t('chats.requestsTitle')} data-region="composer">
      <UserRoundPlus size={20} strokeWidth={1.9} />
      <div className={cx('text')}>
        <b>{t('request.title', { name: isolate(name) })}</b>
        {/* A name is chosen freely; the address is what counts here. */}
        <p>{t('request.text', { jid: isolate(displayName(jid)) })}</p>
      </div>
      <div className={cx('buttons')}>
        <Button kind="primary" onClick={accept} data-region-focus>
          {t('request.accept')}
        </Button>
        <Button onClick={() => openDialog({ kind: 'block', accountId, jid, report: false })}>
          {t('request.block')}
        </Button>
        <Button kind="danger" onClick={() => openDialog({ kind: 'block', accountId, jid, report: true })}>
          {t('request.report')}
        </Button>
      </div>
    </section>
  );
};

/** Stands where the box would be, in the chat of somebody who is blocked. */
export const BlockedBar = ({ chat, name }: StandingProps): ReactNode => {
  const { t } = useTranslation();
  const { api, run } = useApp();
  const { accountId, jid } = chat;
  return (
    <section className={cx('bar')} aria-label={t('chats.blockedPreview')} data-region="composer">
      <Ban size={20} strokeWidth={1.9} />
      <p className={cx('text')}>{t('request.blocked', { name: isolate(name) })}</p>
      <div className={cx('buttons')}>
        <Button onClick={() => run(api.contacts.unblock({ accountId, jid }))} data-region-focus>
          {t('request.unblock')}
        </Button>
      </div>
    </section>
  );
};

import { MessageCircle, Plus, Settings, UserRound } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { AccountView } from '#shared/views.ts';
import { useApp, usePeople, useUi } from '../../app-context.tsx';
import { isolate } from '../../i18n/translate.ts';
import { Avatar } from '../../ui/Avatar.tsx';
import { IconButton } from '../../ui/Button.tsx';
import { classes } from '../../ui/classes.ts';
import { displayName } from '../../ui/names.ts';
import { phaseDot, phaseWords } from '../../ui/presence.ts';
import styles from './Rail.module.css';

const cx = classes(styles);

/** One avatar per account with its state, and the views of the window. */
export const Rail = (): ReactNode => {
  const { t } = useTranslation();
  const { show } = useApp();
  const view = useUi((ui) => ui.view);
  const accounts = usePeople((people) => people.accounts);
  const requests = usePeople((people) => people.requests.length);
  const contacts = requests === 0 ? t('nav.contacts') : t('nav.contactsWithRequests', { count: requests });
  const current = (
    name: typeof view,
  ): { active: boolean; 'aria-current': 'page' | undefined; onClick: () => void } => ({
    active: view === name,
    'aria-current': view === name ? 'page' : undefined,
    onClick: () => show(name),
  });
  return (
    <nav className={cx('rail')} aria-label={t('nav.label')} data-region="rail">
      <ul className={cx('accounts')} aria-label={t('nav.accounts')}>
        {[...accounts.values()].map((account) => (
          <li key={account.id}>
            <AccountButton account={account} />
          </li>
        ))}
      </ul>
      <IconButton large icon={Plus} label={t('nav.addAccount')} onClick={() => show('add-account')} />
      <div className={cx('space')} />
      <IconButton large icon={MessageCircle} label={t('nav.chats')} {...current('chats')} data-region-focus />
      <IconButton large icon={UserRound} label={contacts} count={requests} {...current('contacts')} />
      <IconButton large icon={Settings} label={t('nav.settings')} {...current('settings')} />
    </nav>
  );
};

const AccountButton = ({ account }: { account: AccountView }): ReactNode => {
  const { t } = useTranslation();
  const { ui } = useApp();
  const name = displayName(account.jid);
  const label = t('nav.accountState', { jid: isolate(name), state: t(phaseWords[account.phase]) });
  return (
    <button
      type="button"
      className={cx('account')}
      aria-label={label}
      data-tip={label}
      onClick={() => ui.setState({ view: 'settings', section: 'accounts' })}
    >
      <Avatar name={name} jid={account.jid} dot={phaseDot[account.phase]} />
    </button>
  );
};

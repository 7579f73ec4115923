import { CloudOff, LoaderCircle, TriangleAlert, type LucideIcon } from 'lucide-react';
import { useId, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { AccountId } from '#shared/ids.ts';
import type { AccountView, ConnectionErrorView } from '#shared/views.ts';
import { useApp, usePeople } from '../../app-context.tsx';
import { describeError, errorSentences, stepSentences } from '../../i18n/errors.ts';
import { isolate } from '../../i18n/translate.ts';
import { classes } from '../../ui/classes.ts';
import { displayName } from '../../ui/names.ts';
import { useNow } from '../../ui/use-now.ts';
import styles from './AccountBanner.module.css';

const cx = classes(styles);

/** Why nothing comes and goes just now, and what helps. Silent while the account is online. */
export const AccountBanner = ({ accountId }: { accountId: AccountId }): ReactNode => {
  const account = usePeople((people) => people.accounts.get(accountId));
  if (account === undefined) return undefined;
  switch (account.phase) {
    case 'online':
    case 'syncing':
      return undefined;
    case 'waiting':
      return <Waiting account={account} />;
    case 'failed':
      return <Failed account={account} />;
    case 'connecting':
      return <Plain icon={LoaderCircle} text="chat.connecting" />;
    case 'offline':
      return <Plain icon={CloudOff} text="chat.offline" />;
    case 'disabled':
      return <Disabled accountId={accountId} />;
  }
};

interface BarProps {
  readonly icon: LucideIcon;
  readonly tone?: 'warn' | 'mute' | 'bad';
  /** Announced when it changes. */
  readonly text: string;
  /** Changes every second, and is therefore not announced. */
  readonly countdown?: string | undefined;
  readonly details?: ReactNode;
  readonly children?: ReactNode;
}

const Bar = ({ icon: Icon, tone = 'warn', text, countdown, details, children }: BarProps): ReactNode => {
  const { t } = useTranslation();
  const id = useId();
  const [open, setOpen] = useState(false);
  return (
    <div className={cx('banner', tone)}>
      <div className={cx('line')}>
        <Icon size={16} strokeWidth={1.9} />
        <p>
          <span role="status">{text}</span> {countdown}
        </p>
        <div className={cx('actions')}>
          {children}
          {details !== undefined && (
            <button type="button" aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)}>
              {t(open ? 'common.hideDetails' : 'common.details')}
            </button>
          )}
        </div>
      </div>
      <div id={id}>{open && details}</div>
    </div>
  );
};

const Waiting = ({ account }: { account: AccountView }): ReactNode => {
  const { t } = useTranslation();
  const { api, run } = useApp();
  const now = useNow(1000);
  const seconds = account.retryAt === undefined ? 0 : Math.max(0, Math.ceil((account.retryAt - now) / 1000));
  const reason = account.error === undefined ? '' : t(errorSentences[account.error.code].what);
  return (
    <Bar
      icon={TriangleAlert}
      text={`${t('chat.noConnection')} ${reason}`}
      countdown={seconds === 0 ? t('chat.retryNow') : t('chat.retryIn', { count: seconds })}
      details={account.error && <Details error={account.error} />}
    >
      <button type="button" onClick={() => run(api.accounts.retryNow({ accountId: account.id }))}>
        {t('common.tryNow')}
      </button>
    </Bar>
  );
};

const Failed = ({ account }: { account: AccountView }): ReactNode => {
  const { t } = useTranslation();
  const { api, run, ui } = useApp();
  return (
    <Bar
      icon={TriangleAlert}
      tone="bad"
      text={describeError(t, account.error?.code ?? 'internal')}
      details={account.error && <Details error={account.error} />}
    >
      <button type="button" onClick={() => run(api.accounts.retryNow({ accountId: account.id }))}>
        {t('common.tryNow')}
      </button>
      <button type="button" onClick={() => ui.setState({ view: 'settings', section: 'accounts' })}>
        {t('chat.openAccount')}
      </button>
    </Bar>
  );
};

const Plain = ({ icon, text }: { icon: LucideIcon; text: 'chat.connecting' | 'chat.offline' }): ReactNode => {
  const { t } = useTranslation();
  return <Bar icon={icon} tone="mute" text={t(text)} />;
};

const Disabled = ({ accountId }: { accountId: AccountId }): ReactNode => {
  const { t } = useTranslation();
  const { api, run } = useApp();
  return (
    <Bar icon={CloudOff} tone="mute" text={t('chat.disabled')}>
      <button type="button" onClick={() => run(api.accounts.setEnabled({ accountId, enabled: true }))}>
        {t('chat.switchOn')}
      </button>
    </Bar>
  );
};

/** For whoever wants to know, or has to ask the people who run the server. */
export const Details = ({ error }: { error: ConnectionErrorView }): ReactNode => {
  const { t } = useTranslation();
  return (
    <ul className={cx('details')}>
      {/* It tells to check the password, which is not the matter there. */}
      {error.code !== 'binding-lost' && <li>{t(stepSentences[error.step])}</li>}
      {error.host !== undefined && <li>{t('chat.host', { host: isolate(displayName(error.host)) })}</li>}
      {error.condition !== undefined && (
        <li>{t('chat.condition', { condition: isolate(displayName(error.condition)) })}</li>
      )}
    </ul>
  );
};

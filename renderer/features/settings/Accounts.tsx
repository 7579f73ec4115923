import { Plus } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { AccountView } from '#shared/views.ts';
import { useApp, usePeople } from '../../app-context.tsx';
import { describeError } from '../../i18n/errors.ts';
import { isolate } from '../../i18n/translate.ts';
import { Avatar } from '../../ui/Avatar.tsx';
import { Button } from '../../ui/Button.tsx';
import { classes } from '../../ui/classes.ts';
import { PasswordField, Switch } from '../../ui/Field.tsx';
import { displayName } from '../../ui/names.ts';
import { phaseDot, phaseWords } from '../../ui/presence.ts';
import { CertificateBox } from '../accounts/CertificateBox.tsx';
import { Details } from '../chat/AccountBanner.tsx';
import { ArchivePreferences } from './ArchivePreferences.tsx';
import styles from './Settings.module.css';

const cx = classes(styles);

/** All accounts with their state, and what can be done about it. */
export const Accounts = (): ReactNode => {
  const { t } = useTranslation();
  const { show } = useApp();
  const accounts = usePeople((people) => people.accounts);
  return (
    <>
      {[...accounts.values()].map((account) => (
        <Account key={account.id} account={account} />
      ))}
      <div className={cx('more')}>
        <Button icon={Plus} onClick={() => show('add-account')}>
          {t('settings.addAccount')}
        </Button>
      </div>
    </>
  );
};

const Account = ({ account }: { account: AccountView }): ReactNode => {
  const { t } = useTranslation();
  const { api, run, openDialog } = useApp();
  const { id: accountId, jid, phase, enabled, error } = account;
  const wrongPassword = phase === 'failed' && error?.code === 'auth-failed';
  const [changing, setChanging] = useState(false);
  const asking = changing || wrongPassword;
  const name = displayName(jid);
  return (
    <section className={cx('account')} aria-label={name}>
      <div className={cx('head')}>
        <Avatar name={name} jid={jid} size="l" dot={phaseDot[phase]} />
        <div>
          <span className={cx('jid')}>
            <bdi>{name}</bdi>
          </span>
          <span className={cx('hint')}>
            {t(phaseWords[phase])} · <ServerOf account={account} />
          </span>
        </div>
      </div>
      <Problem account={account} />
      <Switch
        label={t('settings.enabled')}
        checked={enabled}
        onChange={(value) => run(api.accounts.setEnabled({ accountId, enabled: value }))}
      />
      <ArchivePreferences account={account} />
      {asking && <PasswordForm account={account} onDone={() => setChanging(false)} />}
      <div className={cx('buttons')}>
        {(phase === 'waiting' || phase === 'failed') && (
          <Button small onClick={() => run(api.accounts.retryNow({ accountId }))}>
            {t('common.tryNow')}
          </Button>
        )}
        {!asking && (
          <Button small onClick={() => setChanging(true)}>
            {t('settings.changePassword')}
          </Button>
        )}
        <Button small kind="danger" onClick={() => openDialog({ kind: 'remove-account', accountId })}>
          {t('settings.removeAccount')}
        </Button>
      </div>
    </section>
  );
};

const ServerOf = ({ account }: { account: AccountView }): ReactNode => {
  const { t } = useTranslation();
  const { host, port, directTls } = account;
  const address =
    host === undefined ? undefined : isolate(displayName(port === undefined ? host : `${host}:${port}`));
  return (
    <>
      {address === undefined ? t('settings.automatic') : t('settings.server', { host: address })}
      {directTls && ` · ${t('settings.directTls')}`}
    </>
  );
};

/** Why the account is not online; a certificate can be looked at and trusted here. */
const Problem = ({ account }: { account: AccountView }): ReactNode => {
  const { t } = useTranslation();
  const { api, run } = useApp();
  const { id: accountId, error, phase } = account;
  if (error === undefined || (phase !== 'waiting' && phase !== 'failed')) return undefined;
  const { certificate, code } = error;
  if (certificate !== undefined && code.startsWith('certificate-')) {
    const trust = (): void => run(api.accounts.trustCertificate({ accountId, spki: certificate.spki }));
    return <CertificateBox code={code} certificate={certificate} busy={false} onTrust={trust} />;
  }
  return (
    <div className={cx('problem')} role="status">
      <b>{describeError(t, code)}</b>
      <Details error={error} />
      {code === 'binding-lost' && (
        <div className={cx('buttons')}>
          <Button small kind="danger" onClick={() => run(api.accounts.acceptUnbound({ accountId }))}>
            {t('settings.acceptUnbound')}
          </Button>
        </div>
      )}
    </div>
  );
};

const PasswordForm = ({ account, onDone }: { account: AccountView; onDone: () => void }): ReactNode => {
  const { t } = useTranslation();
  const { api, run } = useApp();
  const [password, setPassword] = useState('');
  return (
    <form
      className={cx('form')}
      onSubmit={(event) => {
        event.preventDefault();
        if (password !== '') run(api.accounts.setPassword({ accountId: account.id, password }).then(onDone));
      }}
    >
      <PasswordField
        label={t('settings.newPassword')}
        value={password}
        onValue={setPassword}
        autoComplete="current-password"
        hint={t('settings.changePasswordHint')}
      />
      <Button kind="primary" submit disabled={password === ''}>
        {t('common.save')}
      </Button>
      <Button onClick={onDone}>{t('common.cancel')}</Button>
    </form>
  );
};

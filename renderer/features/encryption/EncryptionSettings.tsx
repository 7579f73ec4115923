import { HeartPulse, QrCode } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { AccountView } from '#shared/views.ts';
import { useApp, usePeople, useSession, useUi } from '../../app-context.tsx';
import { isolate } from '../../i18n/translate.ts';
import { Button } from '../../ui/Button.tsx';
import { classes } from '../../ui/classes.ts';
import { Select, Switch } from '../../ui/Field.tsx';
import { displayName } from '../../ui/names.ts';
import settingsStyles from '../settings/Settings.module.css';
import { DeviceList } from './DeviceList.tsx';
import styles from './Encryption.module.css';
import { Health } from './Health.tsx';
import { choiceWords } from './words.ts';

const cx = classes(styles);
const row = classes(settingsStyles);

/** What holds for all chats, the user's own devices, and the way to the health of an account. */
export const EncryptionSettings = (): ReactNode => {
  const accounts = usePeople((people) => people.accounts);
  const healthOf = useUi((ui) => ui.health);
  const looked = healthOf === undefined ? undefined : accounts.get(healthOf);
  if (looked !== undefined) return <Health account={looked} />;
  return (
    <>
      <Rules />
      {[...accounts.values()].map((account) => (
        <OwnDevices key={account.id} account={account} />
      ))}
    </>
  );
};

const Rules = (): ReactNode => {
  const { t } = useTranslation();
  const { api, run } = useApp();
  const { defaultProtection, trustPolicy, tellUnreadable } = useSession((session) => session.settings);
  return (
    <>
      <div className={row('row')}>
        <div className={row('rowText')} aria-hidden="true">
          {t('encryption.standard')}
          <span className={row('hint')}>{t(choiceWords[defaultProtection].means)}</span>
        </div>
        <div className={row('choice')}>
          <Select
            label={t('encryption.standard')}
            labelHidden
            value={defaultProtection}
            options={(['automatic', 'omemo'] as const).map((choice) => [
              choice,
              t(choiceWords[choice].words),
            ])}
            onValue={(value) => run(api.settings.update({ defaultProtection: value }))}
          />
        </div>
      </div>
      <div className={row('row')}>
        <div className={row('rowText')} aria-hidden="true">
          {t('encryption.trust')}
          <span className={row('hint')}>
            {t(trustPolicy === 'blind' ? 'encryption.blindMeans' : 'encryption.firstUseMeans')}
          </span>
        </div>
        <div className={row('choice')}>
          <Select
            label={t('encryption.trust')}
            labelHidden
            value={trustPolicy}
            options={[
              ['first-use', t('encryption.firstUse')],
              ['blind', t('encryption.blind')],
            ]}
            onValue={(value) => run(api.settings.update({ trustPolicy: value }))}
          />
        </div>
      </div>
      <div className={row('row')}>
        <Switch
          label={t('encryption.tell')}
          hint={t('encryption.tellHint')}
          checked={tellUnreadable}
          onChange={(value) => run(api.settings.update({ tellUnreadable: value }))}
        />
      </div>
    </>
  );
};

const OwnDevices = ({ account: { id, jid } }: { account: AccountView }): ReactNode => {
  const { t } = useTranslation();
  const { openDialog, ui } = useApp();
  const name = isolate(displayName(jid));
  return (
    <section className={cx('devices')} aria-label={t('encryption.devices', { jid: name })}>
      <h3 className={cx('heading')}>
        <span>{t('encryption.devices', { jid: name })}</span>
        <Button
          small
          icon={QrCode}
          aria-label={`${t('codes.share')}: ${name}`}
          onClick={() => openDialog({ kind: 'share-keys', accountId: id })}
        >
          {t('codes.share')}
        </Button>
        <Button
          small
          icon={HeartPulse}
          aria-label={`${t('health.open')}: ${name}`}
          onClick={() => ui.setState({ health: id })}
        >
          {t('health.open')}
        </Button>
      </h3>
      <DeviceList accountId={id} jid={jid} isOwn none={t('encryption.noDevices')} />
    </section>
  );
};

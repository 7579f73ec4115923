import { Copy, MonitorSmartphone, Pencil, ShieldCheck, Trash2 } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { DeviceView } from '#shared/encryption.ts';
import type { AccountId } from '#shared/ids.ts';
import { useApp, useFormat } from '../../app-context.tsx';
import type { Formatter } from '../../i18n/format.ts';
import type { Translate } from '../../i18n/translate.ts';
import { Button } from '../../ui/Button.tsx';
import { classes } from '../../ui/classes.ts';
import { Pill } from '../../ui/Pill.tsx';
import { Toggle } from '../../ui/Toggle.tsx';
import styles from './Device.module.css';
import { Fingerprint } from './Fingerprint.tsx';
import { deviceName, receives, sharedFingerprint, standingWords } from './words.ts';

const cx = classes(styles);

interface DeviceCardProps {
  readonly accountId: AccountId;
  /** Whose it is. */
  readonly jid: string;
  readonly device: DeviceView;
  /** One of the user's own devices. */
  readonly isOwn: boolean;
}

/** One device: what it is called, what it is to us, its key, and what can be decided. */
export const DeviceCard = ({ accountId, jid, device, isOwn }: DeviceCardProps): ReactNode => {
  const { t } = useTranslation();
  const { api, run } = useApp();
  const format = useFormat();
  const { deviceId, standing, fingerprint, isThis } = device;
  const name = deviceName(t, format, device);
  const { tone, words, means } = standingWords[standing];
  const canSwitch = fingerprint !== undefined && standing !== 'removed' && standing !== 'key-changed';
  return (
    <li className={cx('device')} aria-label={name}>
      <div className={cx('head')}>
        <MonitorSmartphone size={16} strokeWidth={1.9} />
        <bdi className={cx('name')}>{name}</bdi>
        {isThis ? (
          <Pill tone="accent">{t('device.thisPill')}</Pill>
        ) : (
          <Pill tone={tone} tip={t(means)}>
            {t(words)}
          </Pill>
        )}
        {!isThis && canSwitch && (
          <Toggle
            label={t(receives(standing) ? 'device.switchOff' : 'device.switchOn', { name })}
            checked={receives(standing)}
            onChange={(trusted) =>
              run(api.encryption.setTrust({ accountId, jid, deviceId, fingerprint, trusted }))
            }
          />
        )}
      </div>
      {fingerprint === undefined ? (
        <p className={cx('none')}>{t('device.unknownMeans')}</p>
      ) : (
        <Fingerprint value={fingerprint} />
      )}
      {device.offeredFingerprint !== undefined && (
        <KeyChange {...{ accountId, jid, device }} offered={device.offeredFingerprint} />
      )}
      {!isThis && <p className={cx('meta')}>{sightings(device, t, format)}</p>}
      <DeviceButtons {...{ accountId, jid, device, isOwn, name }} />
    </li>
  );
};

const sightings = (device: DeviceView, t: Translate, format: Formatter): string =>
  [
    t('device.firstSeen', { date: format.date(device.firstSeen) }),
    device.lastHeard === undefined
      ? t('device.neverHeard')
      : t('device.lastHeard', { time: format.moment(device.lastHeard, Date.now()) }),
    ...(device.isInactive ? [t('device.inactive')] : []),
  ].join(' · ');

const DeviceButtons = ({
  accountId,
  jid,
  device,
  isOwn,
  name,
}: DeviceCardProps & { readonly name: string }): ReactNode => {
  const { t } = useTranslation();
  const { openDialog, run } = useApp();
  const { deviceId, fingerprint, standing, isThis, label } = device;
  return (
    <div className={cx('buttons')}>
      {!isThis && fingerprint !== undefined && !['verified', 'removed', 'key-changed'].includes(standing) && (
        <Button
          small
          icon={ShieldCheck}
          aria-label={`${t('verify.open')}: ${name}`}
          onClick={() => openDialog({ kind: 'verify-device', accountId, jid, deviceId })}
        >
          {t('verify.open')}
        </Button>
      )}
      {fingerprint !== undefined && (
        <Button
          small
          icon={Copy}
          aria-label={`${t('device.share')}: ${name}`}
          onClick={() => run(navigator.clipboard.writeText(sharedFingerprint(jid, fingerprint)))}
        >
          {t('device.share')}
        </Button>
      )}
      <Button
        small
        icon={Pencil}
        aria-label={`${t('device.rename')}: ${name}`}
        onClick={() => openDialog({ kind: 'name-device', accountId, jid, deviceId, label })}
      >
        {t('device.rename')}
      </Button>
      {isOwn && !isThis && standing !== 'removed' && (
        <Button
          small
          kind="danger"
          icon={Trash2}
          aria-label={`${t('device.remove')}: ${name}`}
          onClick={() => openDialog({ kind: 'remove-device', accountId, deviceId, name })}
        >
          {t('device.remove')}
        </Button>
      )}
    </div>
  );
};

/** Nothing is sent to it before the user has said which key is the right one. */
const KeyChange = ({
  accountId,
  jid,
  device: { deviceId },
  offered,
}: Omit<DeviceCardProps, 'isOwn'> & { readonly offered: string }): ReactNode => {
  const { t } = useTranslation();
  const { api, run } = useApp();
  const decide = (accept: boolean): void =>
    run(api.encryption.decideKey({ accountId, jid, deviceId, fingerprint: offered, accept }));
  return (
    <div className={cx('alert')} role="group" aria-label={t('device.keyChanged')}>
      <p>{t('device.keyChangedMeans')}</p>
      <Fingerprint value={offered} />
      <div className={cx('buttons')}>
        <Button small onClick={() => decide(false)}>
          {t('device.keepKey')}
        </Button>
        <Button small kind="danger" onClick={() => decide(true)}>
          {t('device.takeKey')}
        </Button>
      </div>
    </div>
  );
};

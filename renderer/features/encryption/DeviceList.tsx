import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { AccountId } from '#shared/ids.ts';
import { describeError } from '../../i18n/errors.ts';
import { Alert } from '../../ui/Card.tsx';
import { classes } from '../../ui/classes.ts';
import styles from './Device.module.css';
import { DeviceCard } from './DeviceCard.tsx';
import { useDevices } from './use-asked.ts';

const cx = classes(styles);

interface DeviceListProps {
  readonly accountId: AccountId;
  readonly jid: string;
  readonly isOwn?: boolean;
  /** Said where there is none. */
  readonly none: string;
}

/** The devices of an address; those that are gone come last. */
export const DeviceList = ({ accountId, jid, isOwn = false, none }: DeviceListProps): ReactNode => {
  const { t } = useTranslation();
  const answer = useDevices(accountId, jid, true);
  switch (answer.kind) {
    case 'asking':
      return (
        <p className={cx('none')} role="status">
          {t('device.asking')}
        </p>
      );
    case 'failed':
      return <Alert>{describeError(t, answer.code)}</Alert>;
    case 'known': {
      const gone = (device: { readonly standing: string }): number => (device.standing === 'removed' ? 1 : 0);
      const devices = answer.value.toSorted((a, b) => gone(a) - gone(b));
      if (devices.length === 0) return <p className={cx('none')}>{none}</p>;
      return (
        <ul className={cx('devices')}>
          {devices.map((device) => (
            <DeviceCard key={device.deviceId} {...{ accountId, jid, device, isOwn }} />
          ))}
        </ul>
      );
    }
  }
};

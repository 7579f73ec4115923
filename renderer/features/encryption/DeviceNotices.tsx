import { MonitorSmartphone } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { DeviceNotice } from '#shared/encryption.ts';
import { useApp } from '../../app-context.tsx';
import { isolate } from '../../i18n/translate.ts';
import { classes } from '../../ui/classes.ts';
import styles from './DeviceNotices.module.css';
import { standingWords, waits } from './words.ts';

const cx = classes(styles);

/** What happened to the devices of the other side, where it happened: new ones, and keys that are not what they were. */
export const DeviceNotices = ({
  notices,
  name,
}: {
  notices: readonly DeviceNotice[];
  name: string;
}): ReactNode =>
  notices.map((notice) => <Notice key={`${notice.kind} ${notice.deviceId}`} {...{ notice, name }} />);

const Notice = ({ notice, name }: { notice: DeviceNotice; name: string }): ReactNode => {
  const { t } = useTranslation();
  const { ui } = useApp();
  const { kind, standing } = notice;
  return (
    <div className={cx('notice', kind === 'key-changed' && 'bad')} role="note">
      <MonitorSmartphone size={14} strokeWidth={1.9} />
      <span>{t(kind === 'added' ? 'notice.added' : 'notice.keyChanged', { name: isolate(name) })}</span>
      <b>{t(standingWords[standing].words)}.</b>
      {waits(standing) && (
        <button type="button" className={cx('review')} onClick={() => ui.setState({ profile: true })}>
          {t('notice.review')}
        </button>
      )}
    </div>
  );
};

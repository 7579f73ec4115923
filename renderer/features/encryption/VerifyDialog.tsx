import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { DeviceView } from '#shared/encryption.ts';
import type { AccountId, DeviceId } from '#shared/ids.ts';
import { useApp, useFormat, usePeople } from '../../app-context.tsx';
import { describeError } from '../../i18n/errors.ts';
import { isolate } from '../../i18n/translate.ts';
import { contactKey } from '../../state/people.ts';
import { Button } from '../../ui/Button.tsx';
import { Alert } from '../../ui/Card.tsx';
import { classes } from '../../ui/classes.ts';
import { Dialog, DialogButtons } from '../../ui/Dialog.tsx';
import { displayName } from '../../ui/names.ts';
import { Pill } from '../../ui/Pill.tsx';
import { useCommand } from '../shell/use-command.ts';
import styles from './Code.module.css';
import { Fingerprint } from './Fingerprint.tsx';
import { FoundKeys } from './FoundKeys.tsx';
import { MyCode } from './MyCode.tsx';
import { TheirCode } from './TheirCode.tsx';
import { useDevices, type Asked } from './use-asked.ts';
import { deviceName, standingWords } from './words.ts';

const cx = classes(styles);

interface VerifyDialogProps {
  readonly accountId: AccountId;
  readonly jid: string;
  /** The device to compare by eye, where there is one that needs it. */
  readonly deviceId?: DeviceId;
  readonly onClose: () => void;
}

/** Verifying somebody: by each other's codes, all devices at once, or by comparing one key with its owner. */
export const VerifyDialog = ({ accountId, jid, deviceId, onClose }: VerifyDialogProps): ReactNode => {
  const { t } = useTranslation();
  const [link, setLink] = useState<string>();
  const isOwn = usePeople(({ accounts }) => accounts.get(accountId)?.jid === jid);
  const contact = usePeople(({ contacts }) => contacts.get(contactKey(accountId, jid))?.name);
  const name = isolate(displayName(contact ?? jid, jid));
  const title = isOwn ? t('verify.titleOwn') : t('verify.title', { name });
  return (
    <Dialog title={title} onClose={onClose}>
      {link === undefined ? (
        <>
          <p>{isOwn ? t('verify.howOwn') : t('verify.how', { name })}</p>
          <MyCode accountId={accountId} />
          <TheirCode onLink={setLink} />
          {deviceId === undefined ? (
            <DialogButtons>
              <Button onClick={onClose}>{t('common.close')}</Button>
            </DialogButtons>
          ) : (
            <Comparison {...{ accountId, jid, deviceId, onClose }} />
          )}
        </>
      ) : (
        <FoundKeys
          {...{ accountId, link, onClose }}
          expected={jid}
          onBack={() => {
            setLink(undefined);
          }}
        />
      )}
    </Dialog>
  );
};

const Comparison = ({ accountId, jid, deviceId, onClose }: Required<VerifyDialogProps>): ReactNode => {
  const { t } = useTranslation();
  const { api } = useApp();
  const { error, busy, run } = useCommand(onClose);
  const answer = useDevices(accountId, jid);
  const device = answer.kind === 'known' ? answer.value.find((one) => one.deviceId === deviceId) : undefined;
  const fingerprint = device?.fingerprint;
  const compare = (matches: boolean): void => {
    if (fingerprint === undefined) return;
    run(api.encryption.compare({ accountId, jid, deviceId, fingerprint, matches }));
  };
  return (
    <>
      <ComparedDevice answer={answer} device={device} />
      {error !== undefined && <Alert>{describeError(t, error)}</Alert>}
      <DialogButtons>
        <Button onClick={onClose}>{t('common.cancel')}</Button>
        <Button kind="danger" busy={busy} disabled={fingerprint === undefined} onClick={() => compare(false)}>
          {t('verify.differ')}
        </Button>
        <Button busy={busy} disabled={fingerprint === undefined} onClick={() => compare(true)}>
          {t('verify.match')}
        </Button>
      </DialogButtons>
    </>
  );
};

const ComparedDevice = ({
  answer,
  device,
}: {
  answer: Asked<unknown>;
  device: DeviceView | undefined;
}): ReactNode => {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <div className={cx('key')}>
      <div className={cx('head')}>
        <span className={cx('name')}>
          {t('verify.compare')} {device !== undefined && <bdi>{deviceName(t, format, device)}</bdi>}
        </span>
        {device !== undefined && (
          <Pill tone={standingWords[device.standing].tone}>{t(standingWords[device.standing].words)}</Pill>
        )}
      </div>
      {device?.fingerprint === undefined ? (
        <p role="status">{t(answer.kind === 'asking' ? 'device.asking' : 'device.unknownMeans')}</p>
      ) : (
        <Fingerprint value={device.fingerprint} />
      )}
      <p className={cx('hint')}>
        <b>{t('verify.match')}:</b> {t('verify.matchMeans')} <b>{t('verify.differ')}:</b>{' '}
        {t('verify.differMeans')}
      </p>
    </div>
  );
};

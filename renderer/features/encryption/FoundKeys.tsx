import { useCallback, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { FoundKey, KeyFinding, KeyLinkView } from '#shared/encryption.ts';
import type { AccountId } from '#shared/ids.ts';
import { parseKeyLink } from '#shared/key-link.ts';
import { useApp, useFormat, usePeople } from '../../app-context.tsx';
import { describeError } from '../../i18n/errors.ts';
import { isolate, type TranslationKey } from '../../i18n/translate.ts';
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
import { useAsked, useEncryptionVersion } from './use-asked.ts';
import { deviceName, standingWords } from './words.ts';

const cx = classes(styles);

interface FindingWords {
  readonly tone: 'ok' | 'accent' | 'warn' | 'bad';
  readonly words: TranslationKey;
}

const findingWords: Readonly<Record<KeyFinding, FindingWords>> = {
  verified: { tone: 'ok', words: 'device.verified' },
  matches: { tone: 'accent', words: 'codes.matches' },
  differs: { tone: 'bad', words: 'codes.differs' },
  unknown: { tone: 'warn', words: 'codes.unknown' },
};

interface FoundKeysProps {
  readonly accountId: AccountId;
  readonly link: string;
  /** Whom the user was about to verify; another address in the link is said. */
  readonly expected?: string;
  readonly onBack?: () => void;
  readonly onClose: () => void;
}

/** What a link says of the devices of its address. Nothing is verified before the user says where they have it from. */
export const FoundKeys = ({ accountId, link, expected, onBack, onClose }: FoundKeysProps): ReactNode => {
  const { t } = useTranslation();
  const { api } = useApp();
  const jid = parseKeyLink(link)?.jid ?? '';
  const [verified, setVerified] = useState<number>();
  const { error, busy, run } = useCommand(() => undefined);
  const ask = useCallback(
    () => api.encryption.examineKeys({ accountId, link, fetch: true }),
    [api, accountId, link],
  );
  const answer = useAsked(ask, useEncryptionVersion(accountId, jid));
  const found = answer.kind === 'known' ? answer.value : undefined;
  const isAlarm = found?.keys.some(({ finding }) => finding === 'differs') ?? false;
  const matching = isAlarm ? 0 : (found?.keys.filter(({ finding }) => finding === 'matches').length ?? 0);
  const verify = async (): Promise<void> => {
    const result = await api.encryption.verifyKeys({ accountId, link });
    setVerified(result.verified);
  };
  return (
    <>
      <p>
        {t('codes.of')} <bdi className={cx('address')}>{displayName(jid)}</bdi>
      </p>
      {expected !== undefined && expected !== jid && <OtherAddress expected={expected} {...{ accountId }} />}
      {answer.kind === 'asking' && <p role="status">{t('device.asking')}</p>}
      {answer.kind === 'failed' && <Alert>{describeError(t, answer.code)}</Alert>}
      {isAlarm && <Alert title={t('codes.alarm')}>{t('codes.alarmMeans')}</Alert>}
      {found !== undefined && <Keys found={found} />}
      {matching > 0 && verified === undefined && <p>{t('codes.ask')}</p>}
      <div role="status">
        {verified !== undefined && <p className={cx('done')}>{t('codes.done', { count: verified })}</p>}
      </div>
      {error !== undefined && <Alert>{describeError(t, error)}</Alert>}
      <DialogButtons>
        {verified === undefined ? (
          <>
            {onBack !== undefined && <Button onClick={onBack}>{t('codes.back')}</Button>}
            <Button onClick={onClose}>{t(matching > 0 ? 'common.cancel' : 'common.close')}</Button>
            {matching > 0 && (
              <Button kind="primary" busy={busy} onClick={() => run(verify())}>
                {t('codes.verify', { count: matching })}
              </Button>
            )}
          </>
        ) : (
          // The button that had the focus is gone.
          <Button kind="primary" autoFocus onClick={onClose}>
            {t('common.close')}
          </Button>
        )}
      </DialogButtons>
    </>
  );
};

const OtherAddress = ({ accountId, expected }: { accountId: AccountId; expected: string }): ReactNode => {
  const { t } = useTranslation();
  const name = usePeople(({ contacts }) => contacts.get(contactKey(accountId, expected))?.name);
  return (
    <p className={cx('warning')} role="note">
      {t('codes.otherAddress', { name: isolate(displayName(name ?? expected, expected)) })}
    </p>
  );
};

const Keys = ({ found: { keys, unnamed } }: { found: KeyLinkView }): ReactNode => {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <>
      {keys.length === 0 ? (
        <p>{t('codes.noKeys')}</p>
      ) : (
        <ul className={cx('keys')}>
          {keys.map((key) => (
            <Key key={key.deviceId} found={key} />
          ))}
        </ul>
      )}
      {keys.length > 0 && unnamed.length > 0 && (
        <div>
          <p className={cx('title')}>{t('codes.unnamed')}</p>
          <ul>
            {unnamed.map((device) => (
              <li key={device.deviceId} className={cx('hint')}>
                <bdi>{deviceName(t, format, device)}</bdi>: {t(standingWords[device.standing].words)}
              </li>
            ))}
          </ul>
        </div>
      )}
    </>
  );
};

const Key = ({ found: { deviceId, fingerprint, finding, device } }: { found: FoundKey }): ReactNode => {
  const { t } = useTranslation();
  const format = useFormat();
  const name = device === undefined ? t('codes.device', { number: deviceId }) : deviceName(t, format, device);
  const { tone, words } = findingWords[finding];
  return (
    <li className={cx('key', finding === 'differs' && 'bad')} aria-label={name}>
      <div className={cx('head')}>
        <bdi className={cx('name')}>{name}</bdi>
        <Pill tone={tone}>{t(words)}</Pill>
      </div>
      {finding === 'differs' && <p className={cx('hint')}>{t('codes.inLink')}</p>}
      <Fingerprint value={fingerprint} />
      {finding === 'differs' && device?.fingerprint !== undefined && (
        <>
          <p className={cx('hint')}>{t('codes.knownHere')}</p>
          <Fingerprint value={device.fingerprint} />
        </>
      )}
      {finding === 'unknown' && <p className={cx('hint')}>{t('codes.unknownMeans')}</p>}
    </li>
  );
};

/** A link that the system handed over, or that stands in a message. */
export const VerifyLinkDialog = ({
  accountId,
  link,
  onClose,
}: Pick<FoundKeysProps, 'accountId' | 'link' | 'onClose'>): ReactNode => {
  const { t } = useTranslation();
  return (
    <Dialog title={t('codes.linkTitle')} onClose={onClose}>
      <FoundKeys {...{ accountId, link, onClose }} />
    </Dialog>
  );
};

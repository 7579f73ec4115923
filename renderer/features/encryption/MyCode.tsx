import { Copy, Download } from 'lucide-react';
import { useCallback, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { AccountId } from '#shared/ids.ts';
import { useApp, usePeople } from '../../app-context.tsx';
import { describeError } from '../../i18n/errors.ts';
import { isolate } from '../../i18n/translate.ts';
import { Button } from '../../ui/Button.tsx';
import { Alert } from '../../ui/Card.tsx';
import { classes } from '../../ui/classes.ts';
import { Dialog, DialogButtons } from '../../ui/Dialog.tsx';
import { displayName } from '../../ui/names.ts';
import styles from './Code.module.css';
import { QrCode, useModules } from './QrCode.tsx';
import { savePicture } from './save-picture.ts';
import { useAsked, useEncryptionVersion } from './use-asked.ts';

const cx = classes(styles);

/** The user's own address and keys, for others to scan, to copy or to save. */
export const MyCode = ({ accountId }: { accountId: AccountId }): ReactNode => {
  const { t } = useTranslation();
  const { api, run } = useApp();
  const jid = usePeople(({ accounts }) => accounts.get(accountId)?.jid) ?? '';
  const ask = useCallback(() => api.encryption.ownKeys({ accountId }), [api, accountId]);
  const answer = useAsked(ask, useEncryptionVersion(accountId, jid));
  const own = answer.kind === 'known' && answer.value.devices.length > 0 ? answer.value : undefined;
  const modules = useModules(own?.link);
  if (answer.kind === 'failed') return <Alert>{describeError(t, answer.code)}</Alert>;
  if (answer.kind === 'known' && own === undefined)
    return <p className={cx('hint')}>{t('encryption.noDevices')}</p>;
  const name = isolate(displayName(jid));
  return (
    <div className={cx('mine')}>
      {modules === undefined ? (
        <div className={cx('code')} />
      ) : (
        <QrCode modules={modules} label={t('codes.mine', { jid: name })} />
      )}
      <div className={cx('about')}>
        <p className={cx('title')}>{t('codes.share')}</p>
        <bdi className={cx('address')}>{displayName(jid)}</bdi>
        <p className={cx('hint')}>{t('codes.mineDevices', { count: own?.devices.length ?? 1 })}</p>
        <div className={cx('buttons')}>
          <Button
            small
            icon={Copy}
            disabled={own === undefined}
            onClick={() => run(navigator.clipboard.writeText(own?.link ?? ''))}
          >
            {t('codes.copy')}
          </Button>
          <Button
            small
            icon={Download}
            disabled={modules === undefined}
            onClick={() => {
              if (modules !== undefined) run(savePicture(modules, jid));
            }}
          >
            {t('codes.save')}
          </Button>
        </div>
      </div>
    </div>
  );
};

/** What somebody else needs to verify the user. */
export const ShareKeysDialog = ({
  accountId,
  onClose,
}: {
  accountId: AccountId;
  onClose: () => void;
}): ReactNode => {
  const { t } = useTranslation();
  return (
    <Dialog title={t('codes.shareTitle')} onClose={onClose}>
      <p>{t('codes.shareHow')}</p>
      <MyCode accountId={accountId} />
      <DialogButtons>
        <Button onClick={onClose}>{t('common.close')}</Button>
      </DialogButtons>
    </Dialog>
  );
};

import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ErrorCode } from '#shared/errors.ts';
import type { AccountId } from '#shared/ids.ts';
import { codeOf } from '../../api/client.ts';
import { useApp, usePeople } from '../../app-context.tsx';
import { describeError } from '../../i18n/errors.ts';
import { isolate } from '../../i18n/translate.ts';
import { Button } from '../../ui/Button.tsx';
import { Alert } from '../../ui/Card.tsx';
import { Dialog, DialogButtons } from '../../ui/Dialog.tsx';
import { displayName } from '../../ui/names.ts';

/** Deletes an account from this computer, after saying exactly what goes and what stays. */
export const RemoveAccountDialog = ({
  accountId,
  onClose,
}: {
  accountId: AccountId;
  onClose: () => void;
}): ReactNode => {
  const { t } = useTranslation();
  const { api } = useApp();
  const jid = usePeople((people) => people.accounts.get(accountId)?.jid);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ErrorCode>();
  if (jid === undefined) return undefined;
  const remove = (): void => {
    setBusy(true);
    api.accounts
      .remove({ accountId })
      .then(onClose, (failure: unknown) => setError(codeOf(failure)))
      .finally(() => setBusy(false));
  };
  return (
    <Dialog
      kind="alert"
      title={t('settings.removeTitle', { jid: isolate(displayName(jid)) })}
      onClose={onClose}
    >
      <p>{t('settings.removeText')}</p>
      {error !== undefined && <Alert>{describeError(t, error)}</Alert>}
      <DialogButtons>
        <Button autoFocus onClick={onClose}>
          {t('common.cancel')}
        </Button>
        <Button kind="danger" busy={busy} onClick={remove}>
          {t('settings.removeConfirm')}
        </Button>
      </DialogButtons>
    </Dialog>
  );
};

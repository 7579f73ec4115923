import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { AccountId } from '#shared/ids.ts';
import { useApp, usePeople } from '../../app-context.tsx';
import { isolate } from '../../i18n/translate.ts';
import { displayName } from '../../ui/names.ts';
import { ConfirmDialog } from '../shell/ConfirmDialog.tsx';

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
  if (jid === undefined) return undefined;
  return (
    <ConfirmDialog
      title={t('settings.removeTitle', { jid: isolate(displayName(jid)) })}
      acts={[[t('settings.removeConfirm'), () => api.accounts.remove({ accountId })]]}
      onClose={onClose}
    >
      <p>{t('settings.removeText')}</p>
    </ConfirmDialog>
  );
};

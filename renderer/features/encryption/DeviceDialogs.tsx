import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { AccountId, ChatId, DeviceId } from '#shared/ids.ts';
import { useApp, useChats } from '../../app-context.tsx';
import { describeError } from '../../i18n/errors.ts';
import { isolate } from '../../i18n/translate.ts';
import { Button } from '../../ui/Button.tsx';
import { Alert } from '../../ui/Card.tsx';
import { Dialog, DialogButtons, DialogForm } from '../../ui/Dialog.tsx';
import { Field } from '../../ui/Field.tsx';
import { displayName } from '../../ui/names.ts';
import { ConfirmDialog } from '../shell/ConfirmDialog.tsx';
import { useCommand } from '../shell/use-command.ts';

interface DeviceDialogProps {
  readonly accountId: AccountId;
  readonly jid: string;
  readonly deviceId: DeviceId;
  readonly onClose: () => void;
}

/** A name that only this computer knows. */
export const NameDeviceDialog = ({
  accountId,
  jid,
  deviceId,
  label: before,
  onClose,
}: DeviceDialogProps & { readonly label: string }): ReactNode => {
  const { t } = useTranslation();
  const { api } = useApp();
  const { error, busy, run } = useCommand(onClose);
  const [label, setLabel] = useState(before);
  return (
    <Dialog title={t('device.nameTitle')} onClose={onClose}>
      <DialogForm onSubmit={() => run(api.encryption.nameDevice({ accountId, jid, deviceId, label }))}>
        <Field
          label={t('device.nameLabel')}
          hint={t('device.nameHint')}
          value={label}
          onValue={setLabel}
          maxLength={60}
          dir="auto"
          autoFocus
        />
        {error !== undefined && <Alert>{describeError(t, error)}</Alert>}
        <DialogButtons>
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button kind="primary" submit busy={busy}>
            {t('common.save')}
          </Button>
        </DialogButtons>
      </DialogForm>
    </Dialog>
  );
};

interface RemoveDeviceDialogProps {
  readonly accountId: AccountId;
  readonly deviceId: DeviceId;
  readonly name: string;
  readonly onClose: () => void;
}

export const RemoveDeviceDialog = ({
  accountId,
  deviceId,
  name,
  onClose,
}: RemoveDeviceDialogProps): ReactNode => {
  const { t } = useTranslation();
  const { api } = useApp();
  return (
    <ConfirmDialog
      title={t('device.removeTitle', { name: isolate(name) })}
      acts={[[t('device.remove'), () => api.encryption.removeDevice({ accountId, deviceId })]]}
      onClose={onClose}
    >
      <p>{t('device.removeText')}</p>
    </ConfirmDialog>
  );
};

/** Before a chat goes on without encryption: what that means, and for whom. */
export const UnencryptedDialog = ({
  chatId,
  onClose,
}: {
  chatId: ChatId;
  onClose: () => void;
}): ReactNode => {
  const { t } = useTranslation();
  const { api } = useApp();
  const name = useChats(({ chats }) => {
    const chat = chats.get(chatId);
    return chat === undefined ? '' : displayName(chat.name, chat.jid);
  });
  return (
    <ConfirmDialog
      title={t('protection.offTitle', { name: isolate(name) })}
      cancel={t('protection.offNot')}
      acts={[[t('protection.offDo'), () => api.encryption.setProtection({ chatId, choice: 'none' })]]}
      onClose={onClose}
    >
      <p>{t('protection.offText')}</p>
    </ConfirmDialog>
  );
};

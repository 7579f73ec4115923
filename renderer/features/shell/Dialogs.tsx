import type { ReactNode } from 'react';
import { useApp, useUi } from '../../app-context.tsx';
import { BlockDialog } from '../chat/BlockDialog.tsx';
import { ClearChatDialog, DeleteChatDialog } from '../chat/HistoryDialogs.tsx';
import { RetentionDialog } from '../chat/RetentionDialog.tsx';
import { ScheduleDialog } from '../composer/ScheduleDialog.tsx';
import { AddContactDialog, RemoveContactDialog, RenameContactDialog } from '../contacts/ContactDialogs.tsx';
import { LinkDialog } from '../contacts/LinkDialog.tsx';
import { NewChatDialog } from '../contacts/NewChatDialog.tsx';
import { NameDeviceDialog, RemoveDeviceDialog, UnencryptedDialog } from '../encryption/DeviceDialogs.tsx';
import { VerifyLinkDialog } from '../encryption/FoundKeys.tsx';
import { ShareKeysDialog } from '../encryption/MyCode.tsx';
import { VerifyDialog } from '../encryption/VerifyDialog.tsx';
import { ForwardDialog } from '../forward/ForwardDialog.tsx';
import { RemoveAccountDialog } from '../settings/RemoveAccountDialog.tsx';
import { DeleteMessageDialog } from '../timeline/DeleteMessageDialog.tsx';
import { JumpToDateDialog } from '../timeline/JumpToDateDialog.tsx';
import { MessageHistoryDialog } from '../timeline/MessageHistoryDialog.tsx';

/** The one dialog that is open, if any. */
export const Dialogs = (): ReactNode => {
  const { openDialog } = useApp();
  const dialog = useUi((ui) => ui.dialog);
  const deepLink = useUi((ui) => ui.deepLink);
  const onClose = (): void => openDialog(undefined);
  // What the system handed over comes after what the user is doing.
  if (dialog === undefined && deepLink !== undefined) return <LinkDialog link={deepLink} />;
  switch (dialog?.kind) {
    case undefined:
      return undefined;
    case 'new-chat':
      return <NewChatDialog onClose={onClose} />;
    case 'add-contact':
      return <AddContactDialog accountId={dialog.accountId} jid={dialog.jid} onClose={onClose} />;
    case 'rename-contact':
      return <RenameContactDialog accountId={dialog.accountId} jid={dialog.jid} onClose={onClose} />;
    case 'remove-contact':
      return <RemoveContactDialog accountId={dialog.accountId} jid={dialog.jid} onClose={onClose} />;
    case 'remove-account':
      return <RemoveAccountDialog accountId={dialog.accountId} onClose={onClose} />;
    case 'verify-device':
      return <VerifyDialog {...dialog} onClose={onClose} />;
    case 'verify-link':
      return <VerifyLinkDialog accountId={dialog.accountId} link={dialog.link} onClose={onClose} />;
    case 'share-keys':
      return <ShareKeysDialog accountId={dialog.accountId} onClose={onClose} />;
    case 'name-device':
      return <NameDeviceDialog {...dialog} onClose={onClose} />;
    case 'remove-device':
      return (
        <RemoveDeviceDialog
          accountId={dialog.accountId}
          deviceId={dialog.deviceId}
          name={dialog.name}
          onClose={onClose}
        />
      );
    case 'unencrypted':
      return <UnencryptedDialog chatId={dialog.chatId} onClose={onClose} />;
    case 'block':
      return (
        <BlockDialog accountId={dialog.accountId} jid={dialog.jid} report={dialog.report} onClose={onClose} />
      );
    case 'clear-chat':
      return <ClearChatDialog chatId={dialog.chatId} onClose={onClose} />;
    case 'delete-chat':
      return <DeleteChatDialog chatId={dialog.chatId} onClose={onClose} />;
    case 'retention':
      return <RetentionDialog chatId={dialog.chatId} onClose={onClose} />;
    case 'forward':
      return <ForwardDialog message={dialog.message} onClose={onClose} />;
    case 'schedule':
      return <ScheduleDialog chatId={dialog.chatId} message={dialog.message} onClose={onClose} />;
    case 'jump-to-date':
      return <JumpToDateDialog at={dialog.at} onClose={onClose} />;
    case 'message-history':
      return <MessageHistoryDialog messageId={dialog.messageId} onClose={onClose} />;
    case 'delete-message':
      return <DeleteMessageDialog message={dialog.message} onClose={onClose} />;
  }
};

import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ChatId } from '#shared/ids.ts';
import { useApp, useChats } from '../../app-context.tsx';
import { isolate } from '../../i18n/translate.ts';
import { Consequences } from '../../ui/Consequences.tsx';
import { displayName } from '../../ui/names.ts';
import { ConfirmDialog } from '../shell/ConfirmDialog.tsx';

interface HistoryDialogProps {
  readonly chatId: ChatId;
  readonly onClose: () => void;
}

/** Deletes all messages of a chat here, after saying what that reaches and what not. */
export const ClearChatDialog = (props: HistoryDialogProps): ReactNode => {
  const { t } = useTranslation();
  const { api } = useApp();
  return (
    <DeletionDialog
      {...props}
      title={(name) => t('history.clearTitle', { name })}
      here={t('history.clearHere')}
      action={t('history.clearDo')}
      act={(chatId) => api.chats.clear({ chatId })}
    />
  );
};

/** The same, and the chat leaves the list. */
export const DeleteChatDialog = (props: HistoryDialogProps): ReactNode => {
  const { t } = useTranslation();
  const { api } = useApp();
  return (
    <DeletionDialog
      {...props}
      title={(name) => t('history.deleteTitle', { name })}
      here={t('history.deleteHere')}
      action={t('history.deleteDo')}
      act={(chatId) => api.chats.delete({ chatId })}
    />
  );
};

interface DeletionDialogProps extends HistoryDialogProps {
  readonly title: (name: string) => string;
  readonly here: string;
  readonly action: string;
  readonly act: (chatId: ChatId) => Promise<void>;
}

const DeletionDialog = ({ chatId, title, here, action, act, onClose }: DeletionDialogProps): ReactNode => {
  const { t } = useTranslation();
  const chat = useChats((state) => state.chats.get(chatId));
  if (chat === undefined) return undefined;
  const name = isolate(displayName(chat.name, chat.jid));
  return (
    <ConfirmDialog title={title(name)} acts={[[action, () => act(chatId)]]} onClose={onClose}>
      <Consequences
        rows={[
          [t('history.here'), here],
          [t('history.server'), t('history.serverKeeps')],
          [name, t('history.otherKeeps')],
        ]}
      />
    </ConfirmDialog>
  );
};

import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { MessageView } from '#shared/views.ts';
import { useApp, useChats } from '../../app-context.tsx';
import { ConfirmDialog } from '../shell/ConfirmDialog.tsx';
import { canRetract } from './actions.ts';

/** Deletes one message: here, or as far as that is possible for everyone; says what each can and cannot do. */
export const DeleteMessageDialog = ({
  message,
  onClose,
}: {
  message: MessageView;
  onClose: () => void;
}): ReactNode => {
  const { t } = useTranslation();
  const { api, timeline } = useApp();
  const standing = useChats((state) => state.chats.get(message.chatId)?.standing ?? 'open');
  const { id: messageId, chatId } = message;
  const here = async (): Promise<void> => {
    await api.messages.delete({ messageId });
    timeline.remove(chatId, [messageId]);
  };
  const everywhere = async (): Promise<void> => {
    timeline.upsert([await api.messages.retract({ messageId })]);
  };
  const retractable = canRetract(message, standing);
  return (
    <ConfirmDialog
      title={t('message.deleteTitle')}
      acts={[
        [t('message.deleteHere'), here],
        ...(retractable ? ([[t('message.deleteEverywhere'), everywhere]] as const) : []),
      ]}
      onClose={onClose}
    >
      <p>{t('message.deleteHereText')}</p>
      {retractable && <p>{t('message.deleteEverywhereText')}</p>}
    </ConfirmDialog>
  );
};

import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { MessageView } from '#shared/views.ts';
import { useApp, useChats } from '../../app-context.tsx';
import { describeError } from '../../i18n/errors.ts';
import { Button } from '../../ui/Button.tsx';
import { Alert } from '../../ui/Card.tsx';
import { Dialog, DialogButtons } from '../../ui/Dialog.tsx';
import { useCommand } from '../shell/use-command.ts';
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
  const { error, busy, run } = useCommand(onClose);
  const { id: messageId, chatId } = message;
  const everywhere = canRetract(message, standing);
  return (
    <Dialog kind="alert" title={t('message.deleteTitle')} onClose={onClose}>
      <p>{t('message.deleteHereText')}</p>
      {everywhere && <p>{t('message.deleteEverywhereText')}</p>}
      {error !== undefined && <Alert>{describeError(t, error)}</Alert>}
      <DialogButtons>
        <Button autoFocus onClick={onClose}>
          {t('common.cancel')}
        </Button>
        <Button
          kind="danger"
          busy={busy}
          onClick={() =>
            run(api.messages.delete({ messageId }).then(() => timeline.remove(chatId, [messageId])))
          }
        >
          {t('message.deleteHere')}
        </Button>
        {everywhere && (
          <Button
            kind="danger"
            busy={busy}
            onClick={() => run(api.messages.retract({ messageId }).then((row) => timeline.upsert([row])))}
          >
            {t('message.deleteEverywhere')}
          </Button>
        )}
      </DialogButtons>
    </Dialog>
  );
};

import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ChatId } from '#shared/ids.ts';
import type { MessageView } from '#shared/views.ts';
import { useApp } from '../../app-context.tsx';
import { describeError } from '../../i18n/errors.ts';
import { Button } from '../../ui/Button.tsx';
import { Alert } from '../../ui/Card.tsx';
import { Dialog, DialogButtons, DialogForm } from '../../ui/Dialog.tsx';
import { Field } from '../../ui/Field.tsx';
import { useCommand } from '../shell/use-command.ts';
import { localInput, nextHour } from './schedule.ts';

interface ScheduleDialogProps {
  readonly chatId: ChatId;
  /** A message that waits already; without it, what stands in the box. */
  readonly message: MessageView | undefined;
  readonly onClose: () => void;
}

/** Chooses when a message goes out. */
export const ScheduleDialog = ({ chatId, message, onClose }: ScheduleDialogProps): ReactNode => {
  const { t } = useTranslation();
  const { api, timeline, sendBox } = useApp();
  const { error, busy, run } = useCommand(onClose);
  const [value, setValue] = useState(() => localInput(message?.sendAt ?? nextHour(Date.now())));
  const [past, setPast] = useState(false);

  const schedule = (): void => {
    const sendAt = new Date(value).getTime();
    const wrong = Number.isNaN(sendAt) || sendAt <= Date.now();
    setPast(wrong);
    if (wrong) return;
    if (message === undefined) {
      // Where main does not take it, the box has the text again, and the reason.
      void sendBox(chatId, sendAt);
      onClose();
    } else {
      run(api.messages.reschedule({ messageId: message.id, sendAt }).then((row) => timeline.upsert([row])));
    }
  };

  return (
    <Dialog title={t('composer.laterTitle')} onClose={onClose}>
      <DialogForm onSubmit={schedule}>
        <Field
          type="datetime-local"
          label={t('composer.laterTime')}
          hint={t('composer.laterHint')}
          error={past ? t('composer.laterPast') : undefined}
          value={value}
          onValue={setValue}
          autoFocus
        />
        {error !== undefined && <Alert>{describeError(t, error)}</Alert>}
        <DialogButtons>
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button kind="primary" submit busy={busy}>
            {t('composer.laterDo')}
          </Button>
        </DialogButtons>
      </DialogForm>
    </Dialog>
  );
};

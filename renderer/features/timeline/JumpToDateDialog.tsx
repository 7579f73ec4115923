import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useApp, useFormat } from '../../app-context.tsx';
import { describeError } from '../../i18n/errors.ts';
import { Button } from '../../ui/Button.tsx';
import { Alert } from '../../ui/Card.tsx';
import { Dialog, DialogButtons, DialogForm } from '../../ui/Dialog.tsx';
import { Field } from '../../ui/Field.tsx';
import { useCommand } from '../shell/use-command.ts';
import { dayInput, startOfDay } from './day.ts';

/** Chooses the day of the open chat to go to. @param at a time of the day that is proposed */
export const JumpToDateDialog = ({ at, onClose }: { at: number; onClose: () => void }): ReactNode => {
  const { t } = useTranslation();
  const { timeline } = useApp();
  const format = useFormat();
  const { error, busy, run } = useCommand(onClose);
  const [value, setValue] = useState(() => dayInput(at));
  const [invalid, setInvalid] = useState(false);
  const [today] = useState(() => dayInput(Date.now()));
  const start = startOfDay(value);

  const jump = (): void => {
    const wrong = start === undefined || value > today;
    setInvalid(wrong);
    if (!wrong) run(timeline.jumpToDate(start));
  };

  return (
    <Dialog title={t('timeline.dateTitle')} onClose={onClose}>
      <DialogForm onSubmit={jump}>
        <Field
          type="date"
          label={t('timeline.dateLabel')}
          hint={start === undefined ? undefined : t('timeline.dateHint', { date: format.date(start) })}
          error={invalid ? t('timeline.dateInvalid') : undefined}
          max={today}
          value={value}
          onValue={setValue}
          autoFocus
        />
        <div role="status">{busy && t('timeline.dateFetching')}</div>
        {error !== undefined && (
          <Alert>{error === 'offline' ? t('timeline.dateOffline') : describeError(t, error)}</Alert>
        )}
        <DialogButtons>
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button kind="primary" submit busy={busy}>
            {t('timeline.dateDo')}
          </Button>
        </DialogButtons>
      </DialogForm>
    </Dialog>
  );
};

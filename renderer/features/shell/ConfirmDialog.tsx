import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { describeError } from '../../i18n/errors.ts';
import { Button } from '../../ui/Button.tsx';
import { Alert } from '../../ui/Card.tsx';
import { Dialog, DialogButtons } from '../../ui/Dialog.tsx';
import { useCommand } from './use-command.ts';

interface ConfirmDialogProps {
  readonly title: string;
  /** The way out, which has the focus; by default "Cancel". */
  readonly cancel?: string;
  /** What can be done, each by a button with these words. */
  readonly acts: readonly (readonly [label: string, act: () => Promise<unknown>])[];
  readonly onClose: () => void;
  /** What each act does, and what it does not. */
  readonly children: ReactNode;
}

/** Asks before something that cannot be taken back; stays open, with the reason, where it could not be done. */
export const ConfirmDialog = ({ title, cancel, acts, onClose, children }: ConfirmDialogProps): ReactNode => {
  const { t } = useTranslation();
  const { error, busy, run } = useCommand(onClose);
  return (
    <Dialog kind="alert" title={title} onClose={onClose}>
      {children}
      {error !== undefined && <Alert>{describeError(t, error)}</Alert>}
      <DialogButtons>
        <Button autoFocus onClick={onClose}>
          {cancel ?? t('common.cancel')}
        </Button>
        {acts.map(([label, act]) => (
          <Button key={label} kind="danger" busy={busy} onClick={() => run(act())}>
            {label}
          </Button>
        ))}
      </DialogButtons>
    </Dialog>
  );
};

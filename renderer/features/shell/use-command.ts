import { useState } from 'react';
import type { ErrorCode } from '#shared/errors.ts';
import { codeOf } from '../../api/client.ts';

interface Command {
  readonly error: ErrorCode | undefined;
  readonly busy: boolean;
  readonly run: (command: Promise<unknown>) => void;
  readonly fail: (code: ErrorCode | undefined) => void;
}

/** Runs a command of a dialog: closes on success, keeps the dialog with the reason on failure. */
export const useCommand = (onClose: () => void): Command => {
  const [error, setError] = useState<ErrorCode>();
  const [busy, setBusy] = useState(false);
  return {
    error,
    busy,
    fail: setError,
    run: (command) => {
      setBusy(true);
      setError(undefined);
      command.then(onClose, (failure: unknown) => setError(codeOf(failure))).finally(() => setBusy(false));
    },
  };
};

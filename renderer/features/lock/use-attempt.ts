import { useState } from 'react';
import type { Snapshot } from '#shared/api/app.ts';
import type { ErrorCode } from '#shared/errors.ts';
import { codeOf } from '../../api/client.ts';
import { useApp } from '../../app-context.tsx';

interface Attempt {
  readonly busy: boolean;
  readonly error: ErrorCode | undefined;
  readonly run: (command: Promise<Snapshot>) => void;
}

/** Runs a command that answers with a snapshot, and keeps its failure. */
export const useAttempt = (): Attempt => {
  const { adopt } = useApp();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ErrorCode>();
  const run = (command: Promise<Snapshot>): void => {
    setBusy(true);
    setError(undefined);
    command.then(adopt, (failure: unknown) => setError(codeOf(failure))).finally(() => setBusy(false));
  };
  return { busy, error, run };
};

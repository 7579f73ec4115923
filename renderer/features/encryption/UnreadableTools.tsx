import { useCallback, useId, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ErrorCode } from '#shared/errors.ts';
import type { MessageView } from '#shared/views.ts';
import { codeOf } from '../../api/client.ts';
import { useApp } from '../../app-context.tsx';
import { describeError } from '../../i18n/errors.ts';
import { isolate } from '../../i18n/translate.ts';
import { Button } from '../../ui/Button.tsx';
import { useAsked } from './use-asked.ts';
import { reasonWords } from './words.ts';

type Repair = 'none' | 'running' | 'done' | ErrorCode;

/** Why a message could not be read, and the button that repairs what can be repaired. */
export const UnreadableTools = ({
  message,
  name,
  className,
}: {
  message: MessageView;
  /** Of its author. */
  name: string;
  className: string;
}): ReactNode => {
  const { t } = useTranslation();
  const { api } = useApp();
  const id = useId();
  const { id: messageId } = message;
  const ask = useCallback(() => api.encryption.unreadable({ messageId }), [api, messageId]);
  const answer = useAsked(ask, message.rev);
  const [isOpen, setOpen] = useState(false);
  const [repair, setRepair] = useState<Repair>('none');
  const start = (): void => {
    setRepair('running');
    api.encryption.repairMessage({ messageId }).then(
      () => setRepair('done'),
      (error: unknown) => setRepair(codeOf(error)),
    );
  };
  if (answer.kind !== 'known') return undefined;
  const { reason, canRepair } = answer.value;
  const own = message.direction === 'out';
  // A new session would change nothing: the other device waits for the user.
  const isLeftOut = own && reason === 'not-for-this-device';
  const why = isLeftOut ? 'unreadable.ownNotForThis' : reasonWords[reason];
  return (
    <>
      <div className={className}>
        {canRepair && !isLeftOut && repair !== 'done' && (
          <Button small busy={repair === 'running'} onClick={start}>
            {t('unreadable.repair')}
          </Button>
        )}
        <Button
          small
          kind="ghost"
          flush
          aria-expanded={isOpen}
          aria-controls={id}
          onClick={() => setOpen(!isOpen)}
        >
          {t('unreadable.why')}
        </Button>
      </div>
      <p id={id}>{isOpen && t(why, { name: isolate(name) })}</p>
      <p role="status">
        {repair === 'done' &&
          t(own ? 'unreadable.repairedOwn' : 'unreadable.repaired', { name: isolate(name) })}
        {repair !== 'none' && repair !== 'running' && repair !== 'done' && describeError(t, repair)}
      </p>
    </>
  );
};

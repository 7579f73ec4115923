import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { AccountId, MessageId } from '#shared/ids.ts';
import { useApp, usePeople } from '../../app-context.tsx';
import { describeError } from '../../i18n/errors.ts';
import { isolate, type Translate } from '../../i18n/translate.ts';
import { contactKey } from '../../state/people.ts';
import { Button } from '../../ui/Button.tsx';
import { Alert } from '../../ui/Card.tsx';
import { Dialog, DialogButtons, DialogForm } from '../../ui/Dialog.tsx';
import { Field, Select } from '../../ui/Field.tsx';
import { displayName } from '../../ui/names.ts';
import { useCommand } from '../shell/use-command.ts';

type Reason = 'none' | 'spam' | 'abuse';

interface BlockDialogProps {
  readonly accountId: AccountId;
  readonly jid: string;
  /** Whether reporting is proposed. */
  readonly report: boolean;
  readonly onClose: () => void;
}

/** The most that a report names (shared/api/contacts.ts). */
const MAX_REPORTED = 20;

/** Blocks an address on the server, and tells whoever runs it why, where the user wants that. */
export const BlockDialog = ({ accountId, jid, report, onClose }: BlockDialogProps): ReactNode => {
  const { t } = useTranslation();
  const { api } = useApp();
  const reportable = useReportable(accountId, jid);
  const name = usePeople((people) => people.contacts.get(contactKey(accountId, jid))?.name ?? jid);
  const [reason, setReason] = useState<Reason>(report ? 'spam' : 'none');
  const [text, setText] = useState('');
  const [unreported, setUnreported] = useState(false);
  const { error, busy, run } = useCommand(() => undefined);

  const block = (): void => {
    const messageIds = reportable();
    const about =
      reason === 'none' ? {} : { report: { reason, text: text.trim(), messageIds: [...messageIds] } };
    run(
      api.contacts.block({ accountId, jid, ...about }).then(({ reported }) => {
        if (reason === 'none' || reported) onClose();
        else setUnreported(true);
      }),
    );
  };

  if (unreported) return <NotReported onClose={onClose} />;
  return (
    <Dialog
      kind="alert"
      title={t('request.blockTitle', { name: isolate(displayName(name, jid)) })}
      onClose={onClose}
    >
      <DialogForm onSubmit={block}>
        <p>{t('request.blockText', { jid: isolate(displayName(jid)) })}</p>
        <Select<Reason>
          label={t('request.reason')}
          value={reason}
          options={reasonsOf(t)}
          onValue={setReason}
        />
        {reason !== 'none' && (
          <Field
            label={t('request.note')}
            hint={t('request.noteHint')}
            value={text}
            onValue={setText}
            maxLength={2_000}
            dir="auto"
          />
        )}
        {error !== undefined && <Alert>{describeError(t, error)}</Alert>}
        <DialogButtons>
          <Button autoFocus onClick={onClose}>
            {t('common.cancel')}
          </Button>
          <Button kind="danger" submit busy={busy}>
            {t('request.doBlock')}
          </Button>
        </DialogButtons>
      </DialogForm>
    </Dialog>
  );
};

const reasonsOf = (t: Translate): readonly (readonly [Reason, string])[] => [
  ['none', t('request.reasonNone')],
  ['spam', t('request.reasonSpam')],
  ['abuse', t('request.reasonAbuse')],
];

/** The last messages of this address, where its chat is open: what the user has before their eyes. */
const useReportable = (accountId: AccountId, jid: string): (() => readonly MessageId[]) => {
  const { chats, timeline } = useApp();
  return () => {
    const { chatId, window } = timeline.store.getState();
    const chat = chatId === undefined ? undefined : chats.getState().chats.get(chatId);
    if (chat?.accountId !== accountId || chat.jid !== jid) return [];
    const received = window.rows.filter(({ direction }) => direction === 'in');
    return received.slice(-MAX_REPORTED).map(({ id }) => id);
  };
};

const NotReported = ({ onClose }: { onClose: () => void }): ReactNode => {
  const { t } = useTranslation();
  return (
    <Dialog title={t('chats.blockedPreview')} onClose={onClose}>
      <p role="status">{t('request.notReported')}</p>
      <DialogButtons>
        <Button autoFocus onClick={onClose}>
          {t('common.close')}
        </Button>
      </DialogButtons>
    </Dialog>
  );
};

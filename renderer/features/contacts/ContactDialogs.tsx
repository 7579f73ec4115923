import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { AccountId } from '#shared/ids.ts';
import { parseAccountJid } from '#shared/jid.ts';
import { useApp, usePeople } from '../../app-context.tsx';
import { describeError } from '../../i18n/errors.ts';
import { isolate } from '../../i18n/translate.ts';
import { contactKey } from '../../state/people.ts';
import { Button } from '../../ui/Button.tsx';
import { Dialog, DialogButtons, DialogForm } from '../../ui/Dialog.tsx';
import { Field } from '../../ui/Field.tsx';
import { displayName } from '../../ui/names.ts';
import { ConfirmDialog } from '../shell/ConfirmDialog.tsx';
import { useCommand } from '../shell/use-command.ts';
import { AccountSelect, useAccountChoice } from './AccountSelect.tsx';

interface AddContactProps {
  readonly accountId: AccountId | undefined;
  readonly jid: string | undefined;
  readonly onClose: () => void;
}

/** Adds somebody to the roster and asks to see their presence. */
export const AddContactDialog = ({ accountId, jid: given, onClose }: AddContactProps): ReactNode => {
  const { t } = useTranslation();
  const { api } = useApp();
  const account = useAccountChoice(accountId);
  const { error, busy, run, fail } = useCommand(onClose);
  const [jid, setJid] = useState(given ?? '');
  const [name, setName] = useState('');
  return (
    <Dialog title={t('contacts.addTitle')} onClose={onClose}>
      <p>{t('contacts.addText')}</p>
      <DialogForm
        onSubmit={() => {
          const address = parseAccountJid(jid);
          if (address === undefined || account.id === undefined) return fail('invalid-jid');
          const named = name.trim() === '' ? {} : { name: name.trim() };
          run(api.contacts.add({ accountId: account.id, jid: address, ...named }));
        }}
      >
        <AccountSelect label={t('contacts.account')} choice={account} />
        <Field
          label={t('common.address')}
          value={jid}
          onValue={(value) => {
            setJid(value);
            fail(undefined);
          }}
          autoFocus={given === undefined}
          autoCapitalize="off"
          spellCheck={false}
          dir="ltr"
          hint={t('common.addressHint')}
          error={error === undefined ? undefined : describeError(t, error)}
        />
        <Field
          label={t('contacts.name')}
          value={name}
          onValue={setName}
          maxLength={256}
          autoFocus={given !== undefined}
          dir="auto"
          hint={t('contacts.nameHint')}
        />
        <DialogButtons>
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button kind="primary" submit busy={busy} disabled={jid.trim() === ''}>
            {t('common.add')}
          </Button>
        </DialogButtons>
      </DialogForm>
    </Dialog>
  );
};

interface ContactDialogProps {
  readonly accountId: AccountId;
  readonly jid: string;
  readonly onClose: () => void;
}

const useContactName = (accountId: AccountId, jid: string): string => {
  const name = usePeople((people) => people.contacts.get(contactKey(accountId, jid))?.name);
  return displayName(name ?? jid, jid);
};

/** Gives a contact another name; an empty one brings the address back. */
export const RenameContactDialog = ({ accountId, jid, onClose }: ContactDialogProps): ReactNode => {
  const { t } = useTranslation();
  const { api } = useApp();
  const known = useContactName(accountId, jid);
  const { error, busy, run } = useCommand(onClose);
  const [name, setName] = useState(known === jid ? '' : known);
  return (
    <Dialog title={t('contacts.renameTitle', { name: isolate(known) })} onClose={onClose}>
      <DialogForm onSubmit={() => run(api.contacts.rename({ accountId, jid, name: name.trim() }))}>
        <Field
          label={t('contacts.name')}
          value={name}
          onValue={setName}
          maxLength={256}
          autoFocus
          dir="auto"
          hint={t('contacts.nameHint')}
          error={error === undefined ? undefined : describeError(t, error)}
        />
        <DialogButtons>
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button kind="primary" submit busy={busy}>
            {t('common.save')}
          </Button>
        </DialogButtons>
      </DialogForm>
    </Dialog>
  );
};

/** Takes a contact off the roster, after saying what that means. */
export const RemoveContactDialog = ({ accountId, jid, onClose }: ContactDialogProps): ReactNode => {
  const { t } = useTranslation();
  const { api } = useApp();
  const name = useContactName(accountId, jid);
  return (
    <ConfirmDialog
      title={t('contacts.removeTitle', { name: isolate(name) })}
      acts={[[t('common.remove'), () => api.contacts.remove({ accountId, jid })]]}
      onClose={onClose}
    >
      <p>{t('contacts.removeText')}</p>
    </ConfirmDialog>
  );
};

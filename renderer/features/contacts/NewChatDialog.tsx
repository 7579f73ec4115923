import { MessageCirclePlus } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ErrorCode } from '#shared/errors.ts';
import type { AccountId } from '#shared/ids.ts';
import { parseAccountJid, toBare } from '#shared/jid.ts';
import type { ContactView } from '#shared/views.ts';
import { codeOf } from '../../api/client.ts';
import { usePeople } from '../../app-context.tsx';
import { describeError } from '../../i18n/errors.ts';
import { isolate } from '../../i18n/translate.ts';
import { Avatar } from '../../ui/Avatar.tsx';
import { Button } from '../../ui/Button.tsx';
import { classes } from '../../ui/classes.ts';
import { Dialog, DialogButtons, DialogForm } from '../../ui/Dialog.tsx';
import { Field } from '../../ui/Field.tsx';
import { Line } from '../../ui/Line.tsx';
import { displayName } from '../../ui/names.ts';
import { availabilityDot, presenceWords } from '../../ui/presence.ts';
import { AccountSelect, useAccountChoice } from './AccountSelect.tsx';
import { visibleContacts } from './contact-list.ts';
import styles from './NewChatDialog.module.css';
import { useStartChat } from './use-start-chat.ts';

const cx = classes(styles);

const MAX_SHOWN = 50;

/** With whom: a contact to pick, or any address. */
export const NewChatDialog = ({ onClose }: { onClose: () => void }): ReactNode => {
  const { t } = useTranslation();
  const account = useAccountChoice();
  const contacts = usePeople((people) => people.contacts);
  const [text, setText] = useState('');
  const [error, setError] = useState<ErrorCode>();
  const startChat = useStartChat();

  const own = [...contacts.values()].filter(({ accountId }) => accountId === account.id);
  const matches = visibleContacts(own, text).slice(0, MAX_SHOWN);
  const typed = parseAccountJid(text) ?? (text.includes('.') ? toBare(text.trim()) : undefined);
  const address = typed !== undefined && own.every(({ jid }) => jid !== typed) ? typed : undefined;

  const start = (accountId: AccountId | undefined, jid: string): void => {
    if (accountId === undefined) return;
    startChat(accountId, jid).then(onClose, (failure: unknown) => setError(codeOf(failure)));
  };
  const submit = (): void => {
    const only = matches.length === 1 ? matches[0]?.jid : undefined;
    const jid = typed ?? only;
    if (jid === undefined) setError('invalid-jid');
    else start(account.id, jid);
  };

  return (
    <Dialog title={t('newChat.title')} onClose={onClose}>
      <DialogForm onSubmit={submit}>
        <AccountSelect label={t('newChat.from')} choice={account} />
        <Field
          label={t('newChat.filter')}
          value={text}
          onValue={(value) => {
            setText(value);
            setError(undefined);
          }}
          autoFocus
          autoCapitalize="off"
          spellCheck={false}
          error={error === undefined ? undefined : describeError(t, error)}
        />
        <Results address={address} matches={matches} onPick={(jid) => start(account.id, jid)} />
        <DialogButtons>
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button kind="primary" submit disabled={text.trim() === ''}>
            {t('newChat.start')}
          </Button>
        </DialogButtons>
      </DialogForm>
    </Dialog>
  );
};

interface ResultsProps {
  /** A whole address of somebody who is no contact. */
  readonly address: string | undefined;
  readonly matches: readonly ContactView[];
  readonly onPick: (jid: string) => void;
}

const Results = ({ address, matches, onPick }: ResultsProps): ReactNode => {
  const { t } = useTranslation();
  return (
    <div className={cx('results')}>
      {address !== undefined && <Stranger jid={address} onPick={() => onPick(address)} />}
      {matches.length > 0 && <h3>{t('newChat.contacts')}</h3>}
      <ul>
        {matches.map((contact) => (
          <li key={contact.jid}>
            <Match contact={contact} onPick={() => onPick(contact.jid)} />
          </li>
        ))}
      </ul>
      {matches.length === 0 && address === undefined && <p className={cx('none')}>{t('newChat.noMatch')}</p>}
    </div>
  );
};

const Match = ({ contact, onPick }: { contact: ContactView; onPick: () => void }): ReactNode => {
  const { t } = useTranslation();
  const name = displayName(contact.name, contact.jid);
  return (
    <button type="button" className={cx('match')} onClick={onPick}>
      <Avatar name={name} jid={contact.jid} dot={availabilityDot[contact.availability]} />
      <span className={cx('who')}>
        <span className={cx('name')}>
          <Line>{name}</Line>
        </span>
        <span className={cx('more')}>
          <bdi>{displayName(contact.jid)}</bdi> · {presenceWords(t, contact)}
        </span>
      </span>
    </button>
  );
};

const Stranger = ({ jid, onPick }: { jid: string; onPick: () => void }): ReactNode => {
  const { t } = useTranslation();
  return (
    <button type="button" className={cx('match')} onClick={onPick}>
      <span className={cx('plus')}>
        <MessageCirclePlus size={18} strokeWidth={1.9} />
      </span>
      <span className={cx('who', 'name')}>{t('newChat.startWith', { jid: isolate(displayName(jid)) })}</span>
    </button>
  );
};

import { ChevronLeft, MessageCircle, Pencil, Trash2, UserRound } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ContactView, Subscription } from '#shared/views.ts';
import { useApp, usePeople, useUi } from '../../app-context.tsx';
import type { TranslationKey } from '../../i18n/translate.ts';
import { Avatar } from '../../ui/Avatar.tsx';
import { Button, IconButton } from '../../ui/Button.tsx';
import { classes } from '../../ui/classes.ts';
import { displayName } from '../../ui/names.ts';
import { availabilityDot } from '../../ui/presence.ts';
import { usePresenceWords } from './use-presence-words.ts';
import styles from './ContactDetail.module.css';
import { useStartChat } from './use-start-chat.ts';

const cx = classes(styles);

/** One contact: presence in words, what each sees of the other, and what can be done. */
export const ContactDetail = (): ReactNode => {
  const { t } = useTranslation();
  const selected = useUi((ui) => ui.contact);
  const contact = usePeople((people) => (selected === undefined ? undefined : people.contacts.get(selected)));
  if (contact === undefined) {
    return (
      <main id="conversation" tabIndex={-1} className={cx('none')}>
        <UserRound size={40} strokeWidth={1.2} />
        <p>{t('contacts.pick')}</p>
      </main>
    );
  }
  return <Profile contact={contact} />;
};

const subscriptionWords: Readonly<Record<Subscription, TranslationKey>> = {
  both: 'contacts.subscription.both',
  to: 'contacts.subscription.to',
  from: 'contacts.subscription.from',
  none: 'contacts.subscription.none',
};

const Profile = ({ contact }: { contact: ContactView }): ReactNode => {
  const { t } = useTranslation();
  const { ui } = useApp();
  const presence = usePresenceWords(contact);
  const account = usePeople((people) => people.accounts.get(contact.accountId));
  const severalAccounts = usePeople((people) => people.accounts.size > 1);
  const name = displayName(contact.name, contact.jid);
  return (
    <main id="conversation" tabIndex={-1} className={cx('profile')} data-region="detail">
      <span className={cx('back')}>
        <IconButton
          icon={ChevronLeft}
          label={t('contacts.back')}
          onClick={() => ui.setState({ contact: undefined })}
        />
      </span>
      <div className={cx('head')}>
        <Avatar name={name} jid={contact.jid} size="xl" dot={availabilityDot[contact.availability]} />
        <h1>
          <bdi>{name}</bdi>
        </h1>
        <bdi className={cx('jid')}>{displayName(contact.jid)}</bdi>
        <Actions contact={contact} />
      </div>
      <dl className={cx('facts')}>
        <Fact term={t('contacts.presence')}>{presence}</Fact>
        {contact.statusText !== '' && (
          <Fact term={t('contacts.status')}>{displayName(contact.statusText)}</Fact>
        )}
        {contact.groups.length > 0 && (
          <Fact term={t('contacts.groups')}>
            {contact.groups.map((group) => displayName(group)).join(', ')}
          </Fact>
        )}
        {severalAccounts && account !== undefined && (
          <Fact term={t('contacts.account')}>{displayName(account.jid)}</Fact>
        )}
      </dl>
      <p className={cx('note')}>{t(subscriptionWords[contact.subscription])}</p>
      {contact.asked && <p className={cx('note')}>{t('contacts.asked')}</p>}
    </main>
  );
};

const Fact = ({ term, children }: { term: string; children: ReactNode }): ReactNode => (
  <div>
    <dt>{term}</dt>
    <dd dir="auto">{children}</dd>
  </div>
);

const Actions = ({ contact }: { contact: ContactView }): ReactNode => {
  const { t } = useTranslation();
  const { openDialog, run } = useApp();
  const startChat = useStartChat();
  const { accountId, jid } = contact;
  return (
    <div className={cx('actions')}>
      <Button kind="primary" icon={MessageCircle} onClick={() => run(startChat(accountId, jid))}>
        {t('contacts.write')}
      </Button>
      <Button icon={Pencil} onClick={() => openDialog({ kind: 'rename-contact', accountId, jid })}>
        {t('contacts.rename')}
      </Button>
      <Button
        kind="danger"
        icon={Trash2}
        onClick={() => openDialog({ kind: 'remove-contact', accountId, jid })}
      >
        {t('common.remove')}
      </Button>
    </div>
  );
};

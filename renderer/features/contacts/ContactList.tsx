import { UserRoundPlus } from 'lucide-react';
import { useMemo, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ContactView } from '#shared/views.ts';
import { useApp, usePeople, useUi } from '../../app-context.tsx';
import { contactKey } from '../../state/people.ts';
import { Avatar } from '../../ui/Avatar.tsx';
import { Button, IconButton } from '../../ui/Button.tsx';
import { classes } from '../../ui/classes.ts';
import { Line } from '../../ui/Line.tsx';
import { displayName } from '../../ui/names.ts';
import { availabilityDot, presenceWords } from '../../ui/presence.ts';
import { NoRows, SideList, sideRow, SideRows } from '../../ui/SideList.tsx';
import { SearchBox } from '../chats/SearchBox.tsx';
import { visibleContacts } from './contact-list.ts';
import styles from './ContactList.module.css';
import { Requests } from './Requests.tsx';

const cx = classes(styles);

/** Everybody on the rosters, and who asks to be. */
export const ContactList = (): ReactNode => {
  const { t } = useTranslation();
  const { openDialog, ui } = useApp();
  const query = useUi((state) => state.query);
  const contacts = usePeople((people) => people.contacts);
  const visible = useMemo(() => visibleContacts(contacts.values(), query), [contacts, query]);
  return (
    <SideList
      title={t('contacts.title')}
      action={
        <IconButton
          icon={UserRoundPlus}
          label={t('contacts.add')}
          onClick={() => openDialog({ kind: 'add-contact' })}
        />
      }
    >
      <SearchBox
        label={t('contacts.search')}
        value={query}
        onValue={(value) => ui.setState({ query: value })}
      />
      <Requests />
      {visible.length === 0 ? <Empty filtered={query !== ''} /> : <Rows contacts={visible} />}
    </SideList>
  );
};

const Rows = ({ contacts }: { contacts: readonly ContactView[] }): ReactNode => {
  const { t } = useTranslation();
  const selected = useUi((ui) => ui.contact);
  const keys = contacts.map(({ accountId, jid }) => contactKey(accountId, jid));
  return (
    <SideRows
      label={t('contacts.list')}
      keys={keys}
      selected={selected === undefined ? -1 : keys.indexOf(selected)}
      renderRow={(index, tabbable) => {
        const contact = contacts[index];
        return (
          contact !== undefined && (
            <ContactRow
              contact={contact}
              index={index}
              selected={keys[index] === selected}
              tabbable={tabbable}
            />
          )
        );
      }}
    />
  );
};

interface ContactRowProps {
  readonly contact: ContactView;
  readonly index: number;
  readonly selected: boolean;
  readonly tabbable: boolean;
}

const ContactRow = ({ contact, index, selected, tabbable }: ContactRowProps): ReactNode => {
  const { t } = useTranslation();
  const { ui } = useApp();
  const name = displayName(contact.name, contact.jid);
  const status = contact.statusText === '' ? '' : ` · ${displayName(contact.statusText)}`;
  return (
    <button
      type="button"
      className={sideRow(selected)}
      data-row={index}
      tabIndex={tabbable ? 0 : -1}
      aria-current={selected}
      onClick={() => ui.setState({ contact: contactKey(contact.accountId, contact.jid) })}
    >
      <Avatar name={name} jid={contact.jid} size="l" dot={availabilityDot[contact.availability]} />
      <span className={cx('body')}>
        <span className={cx('name')}>
          <Line>{name}</Line>
        </span>
        <span className={cx('presence')}>
          {presenceWords(t, contact)}
          <bdi>{status}</bdi>
        </span>
      </span>
    </button>
  );
};

const Empty = ({ filtered }: { filtered: boolean }): ReactNode => {
  const { t } = useTranslation();
  const { openDialog } = useApp();
  return (
    <NoRows>
      <b>{t(filtered ? 'contacts.noneFound' : 'contacts.emptyTitle')}</b>
      {!filtered && <p>{t('contacts.emptyText')}</p>}
      {!filtered && (
        <Button kind="primary" small onClick={() => openDialog({ kind: 'add-contact' })}>
          {t('contacts.add')}
        </Button>
      )}
    </NoRows>
  );
};

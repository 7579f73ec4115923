import { ChevronLeft, Info } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ChatId } from '#shared/ids.ts';
import type { ChatView, ContactView } from '#shared/views.ts';
import { useApp, useChats, usePeople, useUi } from '../../app-context.tsx';
import { isolate } from '../../i18n/translate.ts';
import { contactKey } from '../../state/people.ts';
import { Avatar } from '../../ui/Avatar.tsx';
import { IconButton } from '../../ui/Button.tsx';
import { classes } from '../../ui/classes.ts';
import { Line } from '../../ui/Line.tsx';
import { displayName } from '../../ui/names.ts';
import { availabilityDot } from '../../ui/presence.ts';
import { Composer } from '../composer/Composer.tsx';
import { ProtectionProvider, useChatProtection } from '../encryption/protection-context.tsx';
import { HeaderPill } from '../encryption/ProtectionPill.tsx';
import { usePresenceWords } from '../contacts/use-presence-words.ts';
import { Timeline } from '../timeline/Timeline.tsx';
import { AccountBanner } from './AccountBanner.tsx';
import styles from './Chat.module.css';
import { ChatMenu } from './ChatMenu.tsx';
import { BlockedBar, RequestBar } from './Standing.tsx';

const cx = classes(styles);

/** One conversation: with whom, whether the connection stands, what was said, and the box to answer. */
export const Chat = ({ chatId }: { chatId: ChatId }): ReactNode => {
  const { t } = useTranslation();
  const chat = useChats((state) => state.chats.get(chatId));
  const contact = usePeople((people) =>
    chat === undefined ? undefined : people.contacts.get(contactKey(chat.accountId, chat.jid)),
  );
  if (chat === undefined) return undefined;
  const name = displayName(chat.name, chat.jid);
  return (
    <main
      id="conversation"
      tabIndex={-1}
      className={cx('chat')}
      aria-label={t('chat.conversation', { name: isolate(name) })}
    >
      <ProtectionProvider chat={chat}>
        <Header chat={chat} name={name} contact={contact} />
        <AccountBanner accountId={chat.accountId} />
        <Timeline chat={chat} name={name} />
        <Below chat={chat} name={name} />
      </ProtectionProvider>
    </main>
  );
};

/** The box to write in, or what must be decided first. */
const Below = ({ chat, name }: { chat: ChatView; name: string }): ReactNode => {
  switch (chat.standing) {
    case 'open':
      return <Composer chat={chat} name={name} />;
    case 'request':
      return <RequestBar chat={chat} name={name} />;
    case 'blocked':
      return <BlockedBar chat={chat} name={name} />;
  }
};

interface HeaderProps {
  readonly chat: ChatView;
  readonly name: string;
  readonly contact: ContactView | undefined;
}

const Header = ({ chat, name, contact }: HeaderProps): ReactNode => {
  const { t } = useTranslation();
  const { closeChat } = useApp();
  const presence = usePresenceWords(contact);
  return (
    <header className={cx('header')}>
      <span className={cx('back')}>
        <IconButton icon={ChevronLeft} label={t('chat.back')} onClick={closeChat} />
      </span>
      <Avatar name={name} jid={chat.jid} size="l" dot={contact && availabilityDot[contact.availability]} />
      <div className={cx('who')}>
        <h1 className={cx('name')}>
          <Line>{name}</Line>
        </h1>
        <p
          className={cx('presence')}
          data-tip={contact?.statusText === '' ? undefined : displayName(contact?.statusText ?? chat.jid)}
        >
          {presence}
        </p>
      </div>
      <span className={cx('protection')}>
        <HeaderPill />
      </span>
      <ProfileButton />
      <ChatMenu chat={chat} known={contact !== undefined && contact.subscription !== 'none'} />
    </header>
  );
};

const ProfileButton = (): ReactNode => {
  const { t } = useTranslation();
  const { ui } = useApp();
  const open = useUi((state) => state.profile);
  const waiting = useChatProtection()?.waiting ?? 0;
  const show = waiting > 0 ? t('profile.openWaiting', { count: waiting }) : t('profile.open');
  return (
    <IconButton
      icon={Info}
      label={open ? t('profile.close') : show}
      count={open ? 0 : waiting}
      active={open}
      aria-expanded={open}
      data-opens="profile"
      onClick={() => ui.setState({ profile: !open })}
    />
  );
};

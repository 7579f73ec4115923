import { useEffect, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ChatId } from '#shared/ids.ts';
import { useApp, useChats, useUi } from '../../app-context.tsx';
import { classes } from '../../ui/classes.ts';
import { SkipLink } from '../../ui/Hidden.tsx';
import { Chat } from '../chat/Chat.tsx';
import { NoChat } from '../chat/NoChat.tsx';
import { ChatList } from '../chats/ChatList.tsx';
import { ContactDetail } from '../contacts/ContactDetail.tsx';
import { ContactList } from '../contacts/ContactList.tsx';
import { OwnDeviceBanners } from '../encryption/OwnDeviceBanner.tsx';
import { ProfilePanel } from '../encryption/ProfilePanel.tsx';
import { Settings } from '../settings/Settings.tsx';
import { Announcer } from './Announcer.tsx';
import { Dialogs } from './Dialogs.tsx';
import styles from './MainWindow.module.css';
import { Rail } from './Rail.tsx';
import { watchShortcuts } from './shortcuts.ts';
import { useNarrow, useNoRoomBeside } from './use-narrow.ts';

const cx = classes(styles);

/** The window of somebody who has logged in: rail, list, and what is open. */
export const MainWindow = (): ReactNode => {
  const { t } = useTranslation();
  const app = useApp();
  const view = useUi((ui) => ui.view);
  const chatId = useUi((ui) => ui.chatId);
  const contact = useUi((ui) => ui.contact);
  // Requests and blocked chats have no box to write in.
  const writable = useChats(({ chats }) => chatId !== undefined && chats.get(chatId)?.standing === 'open');
  useEffect(() => watchShortcuts(app), [app]);

  const narrow = useNarrow();

  const searching = useUi((ui) => ui.searching);
  const detail =
    (view === 'chats' && chatId !== undefined && !searching) ||
    (view === 'contacts' && contact !== undefined);
  return (
    <div className={cx('window', detail && 'detail')}>
      <SkipLink to="conversation">{t('app.skipToChat')}</SkipLink>
      {view === 'chats' && writable && <SkipLink to="composer">{t('app.skipToMessage')}</SkipLink>}
      <div className={cx('rail')}>
        <Rail />
      </div>
      {view === 'settings' ? (
        <div className={cx('wide')}>
          <Settings />
        </div>
      ) : (
        <>
          <div className={cx('side')} role={narrow && !detail ? 'main' : undefined}>
            {view === 'contacts' ? <ContactList /> : <ChatList />}
          </div>
          <div className={cx('main')}>
            {view === 'contacts' && <ContactDetail key={contact} />}
            {view !== 'contacts' && <OpenChat chatId={chatId} />}
          </div>
        </>
      )}
      <Dialogs />
      <Announcer />
    </div>
  );
};

/** The chat, and beside it, or where there is no room above it, the profile of whom it is with. */
const OpenChat = ({ chatId }: { chatId: ChatId | undefined }): ReactNode => {
  const hasProfile = useUi((ui) => ui.profile) && chatId !== undefined;
  const covers = useNoRoomBeside();
  return (
    <>
      <OwnDeviceBanners />
      <div className={cx('beside')}>
        <div className={cx('open', hasProfile && covers && 'covered')}>
          {chatId === undefined ? <NoChat /> : <Chat key={chatId} chatId={chatId} />}
        </div>
        {hasProfile && <ProfilePanel covers={covers} />}
      </div>
    </>
  );
};

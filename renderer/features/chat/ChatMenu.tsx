import {
  Ban,
  CalendarSearch,
  Copy,
  EllipsisVertical,
  Eraser,
  Pencil,
  Search,
  Timer,
  Trash2,
  UserRoundPlus,
} from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ChatView } from '#shared/views.ts';
import { useApp } from '../../app-context.tsx';
import type { Translate } from '../../i18n/translate.ts';
import type { App } from '../../state/app.ts';
import { Menu, type MenuEntry } from '../../ui/Menu.tsx';
import { searchChat } from '../search/enter-search.ts';

interface ChatMenuProps {
  readonly chat: ChatView;
  /** On the own roster, with a subscription. */
  readonly known: boolean;
}

/** What can be done with a chat as a whole; what deletes comes last. */
export const ChatMenu = ({ chat, known }: ChatMenuProps): ReactNode => {
  const { t } = useTranslation();
  const app = useApp();
  const { id: chatId, jid } = chat;
  const entries: readonly MenuEntry[] = [
    {
      id: 'search',
      label: t('search.inThisChat'),
      icon: Search,
      onSelect: () => searchChat(app, chatId),
    },
    {
      id: 'date',
      label: t('timeline.jumpToDate'),
      icon: CalendarSearch,
      onSelect: () => app.openDialog({ kind: 'jump-to-date', at: Date.now() }),
    },
    contactEntry(t, app, chat, known),
    {
      id: 'copy',
      label: t('chat.copyAddress'),
      icon: Copy,
      onSelect: () => app.run(navigator.clipboard.writeText(jid)),
    },
    {
      id: 'retention',
      label: t('history.retention'),
      icon: Timer,
      onSelect: () => app.openDialog({ kind: 'retention', chatId }),
    },
    blockEntry(t, app, chat),
    {
      id: 'clear',
      label: t('history.clear'),
      icon: Eraser,
      danger: true,
      onSelect: () => app.openDialog({ kind: 'clear-chat', chatId }),
    },
    {
      id: 'delete',
      label: t('history.delete'),
      icon: Trash2,
      danger: true,
      onSelect: () => app.openDialog({ kind: 'delete-chat', chatId }),
    },
  ];
  return <Menu label={t('chat.menu')} icon={EllipsisVertical} entries={entries} />;
};

const contactEntry = (
  t: Translate,
  { openDialog }: Pick<App, 'openDialog'>,
  { accountId, jid }: ChatView,
  known: boolean,
): MenuEntry =>
  known
    ? {
        id: 'rename',
        label: t('chat.renameContact'),
        icon: Pencil,
        onSelect: () => openDialog({ kind: 'rename-contact', accountId, jid }),
      }
    : {
        id: 'add',
        label: t('chat.addContact'),
        icon: UserRoundPlus,
        onSelect: () => openDialog({ kind: 'add-contact', accountId, jid }),
      };

const blockEntry = (
  t: Translate,
  { api, run, openDialog }: Pick<App, 'api' | 'run' | 'openDialog'>,
  { accountId, jid, standing }: ChatView,
): MenuEntry =>
  standing === 'blocked'
    ? {
        id: 'unblock',
        label: t('request.unblock'),
        icon: Ban,
        onSelect: () => run(api.contacts.unblock({ accountId, jid })),
      }
    : {
        id: 'block',
        label: t('request.block'),
        icon: Ban,
        danger: true,
        onSelect: () => openDialog({ kind: 'block', accountId, jid, report: false }),
      };

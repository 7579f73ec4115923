import { TriangleAlert } from 'lucide-react';
import { memo, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ChatId } from '#shared/ids.ts';
import type { ChatView } from '#shared/views.ts';
import { useStore } from 'zustand';
import { useApp, useChats, useFormat, usePeople } from '../../app-context.tsx';
import { contactKey } from '../../state/people.ts';
import { Avatar } from '../../ui/Avatar.tsx';
import { classes } from '../../ui/classes.ts';
import { Hidden } from '../../ui/Hidden.tsx';
import { Line } from '../../ui/Line.tsx';
import { displayName } from '../../ui/names.ts';
import { availabilityDot, presenceWords } from '../../ui/presence.ts';
import { sideRow } from '../../ui/SideList.tsx';
import { StateIcon } from '../timeline/StateIcon.tsx';
import styles from './ChatRow.module.css';

const cx = classes(styles);

interface ChatRowProps {
  readonly id: ChatId;
  readonly index: number;
  readonly now: number;
  readonly selected: boolean;
  readonly tabbable: boolean;
}

/** One chat of the list: who, when, the last words, and what waits to be read. */
export const ChatRow = memo(({ id, index, now, selected, tabbable }: ChatRowProps): ReactNode => {
  const { t } = useTranslation();
  const { openChat } = useApp();
  const format = useFormat();
  const chat = useChats((state) => state.chats.get(id));
  const contact = usePeople((people) =>
    chat === undefined ? undefined : people.contacts.get(contactKey(chat.accountId, chat.jid)),
  );
  if (chat === undefined) return undefined;
  const name = displayName(chat.name, chat.jid);
  return (
    <button
      type="button"
      className={sideRow(selected)}
      data-row={index}
      tabIndex={tabbable ? 0 : -1}
      aria-current={selected}
      onClick={() => {
        openChat(id);
        // Open already, nothing is drawn anew that would take the focus.
        if (selected) document.getElementById('composer')?.focus();
      }}
    >
      <Avatar name={name} jid={chat.jid} size="l" dot={contact && availabilityDot[contact.availability]} />
      <span className={cx('body')}>
        <span className={cx('top')}>
          <span className={cx('name')}>
            <Line>{name}</Line>
          </span>
          {contact !== undefined && <Hidden>, {presenceWords(t, contact)}, </Hidden>}
          {chat.last !== undefined && (
            <time data-tip={format.full(chat.activeAt)}>{format.short(chat.activeAt, now)}</time>
          )}
        </span>
        <span className={cx('bottom')}>
          <Preview chat={chat} selected={selected} />
          {chat.deviceWaits === true && chat.unread > 0 && <DeviceWaits />}
          {chat.unread > 0 && <Badge count={chat.unread} />}
        </span>
      </span>
    </button>
  );
});
ChatRow.displayName = 'ChatRow';

const Badge = ({ count }: { count: number }): ReactNode => {
  const { t } = useTranslation();
  return (
    <span className={cx('badge')}>
      <span aria-hidden="true">{count > 999 ? '999+' : count}</span>
      <Hidden>{t('chats.unreadCount', { count })}</Hidden>
    </span>
  );
};

/** Beside what is unread, which nothing may hide. */
const DeviceWaits = (): ReactNode => {
  const { t } = useTranslation();
  return (
    <span className={cx('warning')} data-tip={t('chats.deviceWaits')}>
      <TriangleAlert size={14} strokeWidth={2.1} aria-hidden="true" />
      <Hidden>{t('chats.deviceWaits')}</Hidden>
    </span>
  );
};

/** What is being written, else an own draft, else that a device waits, else the last message with its state. */
const Preview = ({ chat, selected }: { chat: ChatView; selected: boolean }): ReactNode => {
  const { t } = useTranslation();
  const { drafts } = useApp();
  const written = useStore(drafts.store, (state) => state.get(chat.id)?.text);
  const draft = (written ?? chat.draft).trim();
  if (chat.standing !== 'open')
    return <Said text={t(chat.standing === 'request' ? 'chats.requestPreview' : 'chats.blockedPreview')} />;
  if (chat.typing) return <span className={cx('preview', 'typing')}>{t('chats.typing')}</span>;
  // The draft of the open chat stands in its box already.
  if (draft !== '' && !selected) return <Said before={t('chats.draft')} text={draft.slice(0, 200)} />;
  if (chat.deviceWaits === true && chat.unread === 0) return <Warning text={t('chats.deviceWaits')} />;
  if (chat.last === undefined) return <span className={cx('preview')} />;
  const { direction, preview, state, retracted, undecryptable } = chat.last;
  const said = preview.startsWith('/me ') ? `* ${preview.slice(4)}` : preview;
  const text = retracted === true ? t('chats.retracted') : said;
  if (undecryptable === true) return <Warning text={t('message.undecryptableTitle')} />;
  if (direction === 'in') return <Said text={text} />;
  return (
    <>
      <StateIcon state={state} size={12} />
      <Said before={t('chats.you')} text={text} />
    </>
  );
};

const Warning = ({ text }: { text: string }): ReactNode => (
  <>
    <TriangleAlert size={12} strokeWidth={2.1} className={cx('warning')} />
    <Said text={text} />
  </>
);

/** The words before a text are the window's and run in its direction, whatever that of the text. */
const Said = ({ before, text }: { before?: string; text: string }): ReactNode => (
  <>
    {before !== undefined && <span>{before} </span>}
    <span className={cx('preview')}>
      <Line>{text}</Line>
    </span>
  </>
);

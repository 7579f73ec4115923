import {
  CalendarClock,
  Copy,
  Ellipsis,
  Forward,
  Pencil,
  Quote,
  Reply,
  SendHorizontal,
  SmilePlus,
  Trash2,
  Undo2,
  type LucideIcon,
} from 'lucide-react';
import { useRef, type Dispatch, type ReactNode, type RefObject, type SetStateAction } from 'react';
import { useTranslation } from 'react-i18next';
import type { MessageView } from '#shared/views.ts';
import { useApp, useChats } from '../../app-context.tsx';
import type { TranslationKey } from '../../i18n/translate.ts';
import type { App } from '../../state/app.ts';
import { classes } from '../../ui/classes.ts';
import { MenuPopover } from '../../ui/Menu.tsx';
import { actionsFor, canReact, quoted, type MessageAction } from './actions.ts';
import styles from './MessageTools.module.css';
import { ReactionPicker } from './ReactionPicker.tsx';

const cx = classes(styles);

/** Which part of the tools is open. */
export type OpenTool = 'menu' | 'react';

interface MessageToolsProps {
  readonly message: MessageView;
  readonly open: OpenTool | undefined;
  readonly setOpen: Dispatch<SetStateAction<OpenTool | undefined>>;
}

const entries: Readonly<
  Record<MessageAction, { readonly label: TranslationKey; readonly icon: LucideIcon }>
> = {
  reply: { label: 'message.reply', icon: Reply },
  react: { label: 'message.react', icon: SmilePlus },
  edit: { label: 'message.edit', icon: Pencil },
  quote: { label: 'message.quote', icon: Quote },
  copy: { label: 'message.copyText', icon: Copy },
  forward: { label: 'forward.open', icon: Forward },
  'send-now': { label: 'message.sendNow', icon: SendHorizontal },
  reschedule: { label: 'message.reschedule', icon: CalendarClock },
  withdraw: { label: 'message.withdraw', icon: Undo2 },
  delete: { label: 'message.delete', icon: Trash2 },
};

/** Shown all the same: who misses it reads why. */
const isClosed = (action: MessageAction, message: MessageView): boolean =>
  action === 'react' && !canReact(message);

/** Does what an entry of the menu says; `react` opens the choice of emoji instead. */
const perform = (app: App, action: Exclude<MessageAction, 'react'>, message: MessageView): void => {
  const { api, run, timeline } = app;
  switch (action) {
    case 'reply':
      return app.compose.reply(message);
    case 'edit':
      return app.compose.edit(message);
    case 'quote':
      return app.putIntoBox(message.chatId, quoted(message.body));
    case 'copy':
      return run(navigator.clipboard.writeText(message.body));
    case 'forward':
      return app.openDialog({ kind: 'forward', message });
    case 'send-now':
      return run(api.messages.sendNow({ messageId: message.id }).then((row) => timeline.upsert([row])));
    case 'reschedule':
      return app.openDialog({ kind: 'schedule', chatId: message.chatId, message });
    case 'withdraw':
      return run(app.withdraw(message));
    case 'delete':
      return app.openDialog({ kind: 'delete-message', message });
  }
};

/** What can be done with a message: two buttons for what is done most, and all of it in a menu. */
export const MessageTools = ({ message, open, setOpen }: MessageToolsProps): ReactNode => {
  const { t } = useTranslation();
  const app = useApp();
  const standing = useChats((state) => state.chats.get(message.chatId)?.standing ?? 'open');
  const more = useRef<HTMLButtonElement>(null);
  const actions = actionsFor(message, standing);
  const close = (part: OpenTool): void => {
    // Choosing "React" in the menu has opened the other part already.
    setOpen((now) => (now === part ? undefined : now));
    keepPlace(more.current?.closest<HTMLElement>('[data-row]'));
  };
  return (
    <div className={cx('tools')} role="group" aria-label={t('message.actions')}>
      {actions.includes('react') && canReact(message) && (
        <Tool
          icon={SmilePlus}
          label={t('message.react')}
          expanded={open === 'react'}
          onPress={() => setOpen('react')}
        />
      )}
      {actions.includes('reply') && (
        <Tool icon={Reply} label={t('message.reply')} onPress={() => perform(app, 'reply', message)} />
      )}
      <Tool
        ref={more}
        icon={Ellipsis}
        label={t('message.more')}
        expanded={open === 'menu'}
        onPress={() => setOpen('menu')}
      />
      {open === 'menu' && (
        <MenuPopover
          anchor={more}
          label={t('message.actions')}
          onClose={() => close('menu')}
          entries={actions.map((id) => ({
            id,
            label: t(isClosed(id, message) ? 'message.reactNotEncrypted' : entries[id].label),
            disabled: isClosed(id, message),
            icon: entries[id].icon,
            danger: id === 'delete',
            onSelect: () => {
              if (id === 'react') setOpen('react');
              else perform(app, id, message);
            },
          }))}
        />
      )}
      {open === 'react' && <ReactionPicker message={message} anchor={more} onClose={() => close('react')} />}
    </div>
  );
};

/** Where nothing else takes the focus after a popover has gone, the message has it again. */
const keepPlace = (row: HTMLElement | null | undefined): void => {
  const restore = (): void => {
    if (document.activeElement === document.body) row?.focus({ preventScroll: true });
  };
  // The popover itself decides in the next frame whom it gives the focus back to.
  requestAnimationFrame(() => requestAnimationFrame(restore));
};

interface ToolProps {
  readonly icon: LucideIcon;
  readonly label: string;
  readonly ref?: RefObject<HTMLButtonElement | null>;
  /** For a button that opens something: whether it is open. */
  readonly expanded?: boolean;
  readonly onPress: () => void;
}

const Tool = ({ icon: Icon, label, ref, expanded, onPress }: ToolProps): ReactNode => (
  <button
    ref={ref}
    type="button"
    className={cx('tool')}
    aria-label={label}
    aria-haspopup={expanded === undefined ? undefined : true}
    aria-expanded={expanded}
    data-tip={label}
    onClick={onPress}
  >
    <Icon size={15} strokeWidth={1.9} aria-hidden="true" />
  </button>
);

import { CalendarClock, Check, SendHorizontal, Smile, TriangleAlert } from 'lucide-react';
import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ErrorCode } from '#shared/errors.ts';
import type { ChatId } from '#shared/ids.ts';
import type { ChatView } from '#shared/views.ts';
import { useApp, useUi } from '../../app-context.tsx';
import { describeError } from '../../i18n/errors.ts';
import { isolate } from '../../i18n/translate.ts';
import type { ComposeMode } from '../../state/compose.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { classes } from '../../ui/classes.ts';
import { EmojiPopover } from '../emoji/EmojiPopover.tsx';
import { useChatProtection } from '../encryption/protection-context.tsx';
import { ComposerPill } from '../encryption/ProtectionPill.tsx';
import { outlookWords } from '../encryption/words.ts';
import styles from './Composer.module.css';
import { ModeBar } from './ModeBar.tsx';
import { UndoBar } from './UndoBar.tsx';
import { useBox, type Box } from './use-box.ts';

const cx = classes(styles);

/** From here on the characters that are left are counted out. */
const WARN_BELOW = 500;

/** The box to write in. The text lives in the stores, so that neither a switch nor a failure loses it. */
export const Composer = ({ chat, name }: { chat: ChatView; name: string }): ReactNode => {
  const { t } = useTranslation();
  const { compose } = useApp();
  const box = useBox(chat);
  const field = useFocusOnOpen(box.mode);
  const placeholder = usePlaceholder();
  const noteId = useId();
  const editing = box.mode?.kind === 'edit';
  const send = (): void => {
    box.send();
    field.current?.focus();
  };
  return (
    <div className={cx('composer')} data-region="composer">
      <div className={cx('typing')}>{chat.typing && t('chat.typing', { name: isolate(name) })}</div>
      <UndoBar chatId={chat.id} />
      {box.error !== undefined && (
        <NotSent code={box.error} editing={editing} onRetry={box.canSend ? send : undefined} />
      )}
      {box.mode !== undefined && (
        <ModeBar mode={box.mode} name={name} onCancel={() => compose.cancel(chat.id)} />
      )}
      <div className={cx('box')}>
        <textarea
          id="composer"
          ref={field}
          rows={1}
          // The placeholder is the window's, and runs in its direction.
          dir={box.text === '' ? undefined : 'auto'}
          value={box.text}
          placeholder={placeholder}
          aria-label={t(editing ? 'composer.editLabel' : 'composer.label', { name: isolate(name) })}
          aria-describedby={noteId}
          aria-invalid={box.left < 0}
          data-region-focus
          onChange={(event) => box.write(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (isComposing(event)) return;
            if (isPlainEnter(event)) send();
            // With another key held they are the window's: Alt and an arrow go to the next chat.
            else if (!isBare(event) || !box.onKey(event.key)) return;
            event.preventDefault();
          }}
        />
        <EmojiButton onPick={(emoji) => insertEmoji(emoji, field.current, box)} />
        <ComposerPill chatId={chat.id} className={cx('protection')} />
        <BoxButtons chatId={chat.id} editing={editing} canSend={box.canSend} onSend={send} />
      </div>
      <Note id={noteId} left={box.left} lossy={box.lossy} />
    </div>
  );
};

/** How the message will travel, before it is written. */
const usePlaceholder = (): string => {
  const { t } = useTranslation();
  const outlook = useChatProtection()?.outlook;
  return t(outlook === undefined ? 'composer.placeholderUnknown' : outlookWords[outlook].placeholder);
};

interface BoxButtonsProps {
  readonly chatId: ChatId;
  readonly editing: boolean;
  readonly canSend: boolean;
  readonly onSend: () => void;
}

const BoxButtons = ({ chatId, editing, canSend, onSend }: BoxButtonsProps): ReactNode => {
  const { t } = useTranslation();
  const { openDialog } = useApp();
  return (
    <>
      {!editing && (
        <IconButton
          icon={CalendarClock}
          label={t('composer.later')}
          disabled={!canSend}
          onClick={() => openDialog({ kind: 'schedule', chatId })}
        />
      )}
      <IconButton
        active
        icon={editing ? Check : SendHorizontal}
        label={t(editing ? 'composer.saveEdit' : 'composer.send')}
        disabled={!canSend}
        onClick={onSend}
      />
    </>
  );
};

const EmojiButton = ({ onPick }: { onPick: (emoji: string) => void }): ReactNode => {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const label = t('emoji.insert');
  return (
    <>
      <IconButton
        ref={button}
        icon={Smile}
        label={label}
        aria-haspopup="dialog"
        aria-expanded={open}
        onClick={() => setOpen(true)}
      />
      {open && <EmojiPopover anchor={button} label={label} onPick={onPick} onClose={() => setOpen(false)} />}
    </>
  );
};

/** In place of what is selected, with the caret behind it. */
const insertEmoji = (emoji: string, element: HTMLTextAreaElement | null, { text, write }: Box): void => {
  if (element === null) return;
  const { selectionStart: start, selectionEnd: end } = element;
  write(`${text.slice(0, start)}${emoji}${text.slice(end)}`);
  const caret = start + emoji.length;
  // The list closes first, and gives the focus back to its button.
  afterPopover(() => {
    element.focus();
    element.setSelectionRange(caret, caret);
  });
};

const afterPopover = (act: () => void): void => {
  requestAnimationFrame(() => requestAnimationFrame(act));
};

/** While an input method composes, Enter picks a candidate and Escape drops it; 229 is how some report it. */
const isComposing = (event: KeyboardEvent): boolean => event.nativeEvent.isComposing || event.keyCode === 229;

const isBare = (event: KeyboardEvent): boolean =>
  !(event.shiftKey || event.altKey || event.ctrlKey || event.metaKey);

const isPlainEnter = (event: KeyboardEvent): boolean => event.key === 'Enter' && isBare(event);

/** The text is back in the box; this says why. */
const NotSent = ({
  code,
  editing,
  onRetry,
}: {
  code: ErrorCode;
  editing: boolean;
  onRetry: (() => void) | undefined;
}): ReactNode => {
  const { t } = useTranslation();
  return (
    <div className={cx('error')} role="alert">
      <TriangleAlert size={16} strokeWidth={1.9} />
      <span>
        {t(editing ? 'composer.notEdited' : 'composer.notSent')} {describeError(t, code)}
      </span>
      <Button small disabled={onRetry === undefined} onClick={onRetry}>
        {t('common.tryAgain')}
      </Button>
    </div>
  );
};

/** What will not go out as it stands: too much, or characters that cannot travel. */
const Note = ({ id, left, lossy }: { id: string; left: number; lossy: boolean }): ReactNode => {
  const { t } = useTranslation();
  return (
    <div id={id} className={cx('note', left < 0 && 'over')} aria-live="polite">
      {lossy && <div>{t('composer.leftOut')}</div>}
      {left < 0 && t('composer.tooLong', { count: -left })}
      {left >= 0 && left < WARN_BELOW && t('composer.left', { count: left })}
    </div>
  );
};

/**
 * Opening a chat is mostly for writing, and so is answering or editing; while a dialog is open, the focus is the
 * dialog's.
 */
const useFocusOnOpen = (mode: ComposeMode | undefined): React.RefObject<HTMLTextAreaElement | null> => {
  const box = useRef<HTMLTextAreaElement>(null);
  const dialog = useUi((ui) => ui.dialog !== undefined);
  const about = mode === undefined ? undefined : `${mode.kind} ${mode.message.id}`;
  const began = useRef(about);
  useEffect(() => {
    const element = box.current;
    if (dialog || element === null) return;
    const focus = (): void => {
      element.focus({ preventScroll: true });
      element.setSelectionRange(element.value.length, element.value.length);
    };
    if (began.current === about) return focus();
    began.current = about;
    // The menu that it was chosen in closes first, and would take the focus back.
    const frame = requestAnimationFrame(focus);
    return () => cancelAnimationFrame(frame);
  }, [dialog, about]);
  return box;
};

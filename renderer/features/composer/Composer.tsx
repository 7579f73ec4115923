import { LockOpen, SendHorizontal, TriangleAlert } from 'lucide-react';
import { useEffect, useId, useRef, type KeyboardEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import type { ErrorCode } from '#shared/errors.ts';
import { MAX_BODY_LENGTH } from '#shared/limits.ts';
import type { ChatView } from '#shared/views.ts';
import { useApp, useUi } from '../../app-context.tsx';
import { describeError } from '../../i18n/errors.ts';
import { isolate } from '../../i18n/translate.ts';
import { cleanText, withPlainLines } from '../../state/drafts.ts';
import { Button, IconButton } from '../../ui/Button.tsx';
import { classes } from '../../ui/classes.ts';
import { Pill } from '../../ui/Pill.tsx';
import styles from './Composer.module.css';
import { useTyping } from './use-typing.ts';

const cx = classes(styles);

/** From here on the characters that are left are counted out. */
const WARN_BELOW = 500;

/** The box to write in. The text lives in the drafts store, so that neither a switch nor a failure loses it. */
export const Composer = ({ chat, name }: { chat: ChatView; name: string }): ReactNode => {
  const { t } = useTranslation();
  const { drafts } = useApp();
  const draft = useStore(drafts.store, (state) => state.get(chat.id));
  const text = draft?.text ?? chat.draft;
  const typing = useTyping(chat.id);
  const box = useFocusOnOpen();
  const noteId = useId();

  // What would be sent: a paste can bring in what XML has no place for.
  const clean = cleanText(text);
  const left = MAX_BODY_LENGTH - clean.length;
  const canSend = clean.trim() !== '' && left >= 0;

  const send = (): void => {
    if (!canSend) return;
    typing.stop();
    void drafts.send(chat.id, text);
    box.current?.focus();
  };

  return (
    <div className={cx('composer')} data-region="composer">
      <div className={cx('typing')}>{chat.typing && t('chat.typing', { name: isolate(name) })}</div>
      {draft?.error !== undefined && <NotSent code={draft.error} onRetry={canSend ? send : undefined} />}
      <div className={cx('box')}>
        <textarea
          id="composer"
          ref={box}
          rows={1}
          dir="auto"
          value={text}
          placeholder={t('composer.placeholder')}
          aria-label={t('composer.label', { name: isolate(name) })}
          aria-describedby={noteId}
          aria-invalid={left < 0}
          data-region-focus
          onChange={(event) => {
            drafts.write(chat.id, event.currentTarget.value);
            typing.write(event.currentTarget.value);
          }}
          onKeyDown={(event) => {
            if (!isPlainEnter(event)) return;
            event.preventDefault();
            send();
          }}
        />
        <ProtectionPill />
        <IconButton
          active
          icon={SendHorizontal}
          label={t('composer.send')}
          disabled={!canSend}
          onClick={send}
        />
      </div>
      <Note id={noteId} left={left} lossy={clean !== withPlainLines(text)} />
    </div>
  );
};

/** How the message will travel, before it is sent. */
const ProtectionPill = (): ReactNode => {
  const { t } = useTranslation();
  return (
    <span className={cx('protection')}>
      <Pill tone="mute" icon={LockOpen} tip={t('chat.notEncryptedExplained')}>
        {t('chat.notEncrypted')}
      </Pill>
    </span>
  );
};

/** While an input method composes, Enter picks a candidate; 229 is how some report it. */
const isPlainEnter = (event: KeyboardEvent): boolean =>
  event.key === 'Enter' &&
  !(event.nativeEvent.isComposing || event.keyCode === 229) &&
  !(event.shiftKey || event.altKey || event.ctrlKey || event.metaKey);

/** The text is back in the box; this says why. */
const NotSent = ({ code, onRetry }: { code: ErrorCode; onRetry: (() => void) | undefined }): ReactNode => {
  const { t } = useTranslation();
  return (
    <div className={cx('error')} role="alert">
      <TriangleAlert size={16} strokeWidth={1.9} />
      <span>
        {t('composer.notSent')} {describeError(t, code)}
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

/** Opening a chat is mostly for writing; while a dialog is open, the focus is the dialog's. */
const useFocusOnOpen = (): React.RefObject<HTMLTextAreaElement | null> => {
  const box = useRef<HTMLTextAreaElement>(null);
  const dialog = useUi((ui) => ui.dialog !== undefined);
  useEffect(() => {
    const element = box.current;
    if (dialog || element === null) return;
    element.focus({ preventScroll: true });
    element.setSelectionRange(element.value.length, element.value.length);
  }, [dialog]);
  return box;
};

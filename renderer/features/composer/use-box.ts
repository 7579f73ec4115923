import { useStore } from 'zustand';
import type { ErrorCode } from '#shared/errors.ts';
import { MAX_BODY_LENGTH } from '#shared/limits.ts';
import type { ChatView } from '#shared/views.ts';
import { useApp } from '../../app-context.tsx';
import type { ComposeMode } from '../../state/compose.ts';
import { cleanText, withPlainLines } from '../../state/drafts.ts';
import { lastEditable } from '../timeline/actions.ts';
import { useTyping } from './use-typing.ts';

/** What stands in the box of a chat, and what can be done with it. */
export interface Box {
  /** Undefined for a new message. */
  readonly mode: ComposeMode | undefined;
  readonly text: string;
  /** Why the text has come back. */
  readonly error: ErrorCode | undefined;
  /** Characters that still fit; negative when there are too many. */
  readonly left: number;
  /** Characters would be left out, because they cannot travel. */
  readonly lossy: boolean;
  readonly canSend: boolean;
  readonly write: (text: string) => void;
  readonly send: () => void;
  /** Keys with a meaning of their own here; false where this one has none. */
  readonly onKey: (key: string) => boolean;
}

/** A message that is edited has a text of its own; the draft of the chat waits until that is done. */
export const useBox = (chat: ChatView): Box => {
  const { drafts, compose, sendBox, timeline } = useApp();
  const draft = useStore(drafts.store, (state) => state.get(chat.id));
  const mode = useStore(compose.store, (state) => state.get(chat.id));
  const typing = useTyping(chat.id);
  const editing = mode?.kind === 'edit' ? mode : undefined;
  const text = editing?.text ?? draft?.text ?? chat.draft;

  // What would be sent: a paste can bring in what XML has no place for.
  const clean = cleanText(text);
  const left = MAX_BODY_LENGTH - clean.length;
  const canSend = clean.trim() !== '' && left >= 0;

  return {
    mode,
    text,
    error: editing === undefined ? draft?.error : editing.error,
    left,
    lossy: clean !== withPlainLines(text),
    canSend,
    write: (value) => {
      if (editing !== undefined) return compose.write(chat.id, value);
      drafts.write(chat.id, value);
      typing.write(value);
    },
    send: () => {
      if (!canSend) return;
      typing.stop();
      void (editing === undefined ? sendBox(chat.id) : compose.save(chat.id));
    },
    onKey: (key) => {
      if (key === 'Escape' && mode !== undefined) {
        compose.cancel(chat.id);
        return true;
      }
      if (key !== 'ArrowUp' || mode !== undefined || text !== '') return false;
      const last = lastEditable(timeline.store.getState().window.rows, chat.standing);
      if (last !== undefined) compose.edit(last);
      return last !== undefined;
    },
  };
};

import { createStore, type StoreApi } from 'zustand/vanilla';
import type { ClientApi } from '#shared/api/contract.ts';
import type { ErrorCode } from '#shared/errors.ts';
import type { ChatId } from '#shared/ids.ts';
import type { MessageView } from '#shared/views.ts';
import { codeOf } from '../api/client.ts';
import { cleanText } from './drafts.ts';

/** What the box of a chat is for, other than a new message of its own. */
export type ComposeMode =
  | { readonly kind: 'reply'; readonly message: MessageView }
  | {
      readonly kind: 'edit';
      readonly message: MessageView;
      /** What it will say; the draft of the chat waits untouched meanwhile. */
      readonly text: string;
      /** Why the last attempt to save it failed. */
      readonly error?: ErrorCode;
    };

export interface Compose {
  /** Chats without an entry write a new message. */
  readonly store: StoreApi<ReadonlyMap<ChatId, ComposeMode>>;
  readonly reply: (message: MessageView) => void;
  readonly edit: (message: MessageView) => void;
  /** Changes the text of the edit. */
  readonly write: (chatId: ChatId, text: string) => void;
  readonly cancel: (chatId: ChatId) => void;
  /** Ends the edit and stores it; a failure brings the box back with everything that was written. */
  readonly save: (chatId: ChatId) => Promise<void>;
}

/** @param changed is told of the row after an edit */
export const createCompose = (
  messages: Pick<ClientApi['messages'], 'edit'>,
  changed: (row: MessageView) => void,
): Compose => {
  const store = createStore<ReadonlyMap<ChatId, ComposeMode>>(() => new Map());
  const set = (chatId: ChatId, mode: ComposeMode | undefined): void => {
    const modes = new Map(store.getState());
    if (mode === undefined) modes.delete(chatId);
    else modes.set(chatId, mode);
    store.setState(modes, true);
  };
  return {
    store,
    reply: (message) => set(message.chatId, { kind: 'reply', message }),
    edit: (message) => set(message.chatId, { kind: 'edit', message, text: message.body }),
    write: (chatId, text) => {
      const mode = store.getState().get(chatId);
      if (mode?.kind === 'edit') set(chatId, { kind: 'edit', message: mode.message, text });
    },
    cancel: (chatId) => set(chatId, undefined),
    save: async (chatId) => {
      const mode = store.getState().get(chatId);
      if (mode?.kind !== 'edit') return;
      set(chatId, undefined);
      try {
        changed(await messages.edit({ messageId: mode.message.id, text: cleanText(mode.text) }));
      } catch (error) {
        set(chatId, { ...mode, error: codeOf(error) });
      }
    },
  };
};

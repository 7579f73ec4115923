import { createStore, type StoreApi } from 'zustand/vanilla';
import type { ClientApi } from '#shared/api/contract.ts';
import type { ErrorCode } from '#shared/errors.ts';
import type { ChatId, MessageId } from '#shared/ids.ts';
import type { MessageView } from '#shared/views.ts';
import { codeOf } from '../api/client.ts';

/** What is being written in one chat, ahead of what main has stored. */
export interface Draft {
  readonly text: string;
  /** Why the last attempt to send failed; the text is back in the box then. */
  readonly error?: ErrorCode | undefined;
}

/** What a message is besides its text. */
export interface SendOptions {
  readonly replyTo?: MessageId;
  readonly sendAt?: number;
}

export interface Drafts {
  /** Chats without an entry show the draft that main keeps. */
  readonly store: StoreApi<ReadonlyMap<ChatId, Draft>>;
  readonly write: (chatId: ChatId, text: string) => void;
  /**
   * Hands the text over to main. Until main has the message, main keeps the text as a draft.
   * @returns whether main has taken it; otherwise the text is back
   */
  readonly send: (chatId: ChatId, text: string, how?: SendOptions) => Promise<boolean>;
  /** Stores what is not stored yet, at once: before a switch, before the window goes. */
  readonly flush: () => void;
}

const SAVE_AFTER_MS = 600;

/** No text is lost: every keystroke is kept here, soon after on disk, and a text that could not be sent comes back. */
export const createDrafts = (
  api: Pick<ClientApi, 'chats' | 'messages'>,
  sent: (row: MessageView) => void,
): Drafts => {
  const store = createStore<ReadonlyMap<ChatId, Draft>>(() => new Map());
  const unsaved = new Map<ChatId, ReturnType<typeof setTimeout>>();
  /** Texts on their way to main, oldest first: a saved draft still holds them. */
  const underWay = new Map<ChatId, readonly string[]>();

  const set = (chatId: ChatId, draft: Draft): void =>
    store.setState(new Map(store.getState()).set(chatId, draft), true);
  const textOf = (chatId: ChatId): string => store.getState().get(chatId)?.text ?? '';

  const save = (chatId: ChatId): void => {
    clearTimeout(unsaved.get(chatId));
    unsaved.delete(chatId);
    const text = [...(underWay.get(chatId) ?? []), textOf(chatId)].filter((part) => part !== '').join('\n');
    // A lost connection is shown by the window itself; the text stays in this store.
    api.chats.setDraft({ chatId, text: cleanText(text) }).catch(() => undefined);
  };

  const saveSoon = (chatId: ChatId): void => {
    clearTimeout(unsaved.get(chatId));
    unsaved.set(
      chatId,
      setTimeout(() => save(chatId), SAVE_AFTER_MS),
    );
  };

  const arrived = (chatId: ChatId, text: string): void => {
    const left = [...(underWay.get(chatId) ?? [])];
    left.splice(left.indexOf(text), 1);
    underWay.set(chatId, left);
  };

  return {
    store,
    write: (chatId, text) => {
      set(chatId, { text });
      saveSoon(chatId);
    },
    send: async (chatId, text, how = {}) => {
      underWay.set(chatId, [...(underWay.get(chatId) ?? []), text]);
      set(chatId, { text: '' });
      let taken = true;
      try {
        const row = await api.messages.send({ chatId, text: cleanText(text), ...how });
        arrived(chatId, text);
        sent(row);
      } catch (error) {
        taken = false;
        arrived(chatId, text);
        const later = textOf(chatId);
        set(chatId, { text: later === '' ? text : `${text}\n${later}`, error: codeOf(error) });
      }
      save(chatId);
      return taken;
    },
    flush: () => {
      for (const chatId of [...unsaved.keys()]) save(chatId);
    },
  };
};

/** Line ends become the one that XML knows (XML 1.0 section 2.11). */
export const withPlainLines = (text: string): string => text.replaceAll(/\r\n?/g, '\n');

/** Without what XML 1.0 section 2.2 has no place for; it comes in by pasting. */
export const cleanText = (text: string): string =>
  withPlainLines(text.toWellFormed()).replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '');

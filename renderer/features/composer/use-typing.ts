import { useEffect, useMemo } from 'react';
import type { ClientApi } from '#shared/api/contract.ts';
import type { ChatId } from '#shared/ids.ts';
import { useApp, useSession } from '../../app-context.tsx';

const IDLE_MS = 5_000;

/** Tells the other side that somebody writes: once when it begins, once when it ends (XEP-0085 section 5.1). */
export interface TypingNotifier {
  /** The text has changed; an empty one ends the writing. */
  readonly write: (text: string) => void;
  /** Sent, left, or given up. */
  readonly stop: () => void;
}

export const createTypingNotifier = (
  chats: Pick<ClientApi['chats'], 'setTyping'>,
  chatId: ChatId,
): TypingNotifier => {
  let typing = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tell = (value: boolean): void => {
    if (typing === value) return;
    typing = value;
    // Nobody misses a notification that could not be sent.
    chats.setTyping({ chatId, typing: value }).catch(() => undefined);
  };
  const stop = (): void => {
    clearTimeout(timer);
    tell(false);
  };
  return {
    stop,
    write: (text) => {
      if (text.trim() === '') return stop();
      clearTimeout(timer);
      timer = setTimeout(stop, IDLE_MS);
      tell(true);
    },
  };
};

const silent: TypingNotifier = { write: () => undefined, stop: () => undefined };

/** Ends by itself when the chat is left; silent where the settings say so. */
export const useTyping = (chatId: ChatId): TypingNotifier => {
  const { api } = useApp();
  const allowed = useSession((session) => session.settings.sendTyping);
  const notifier = useMemo(
    () => (allowed ? createTypingNotifier(api.chats, chatId) : silent),
    [api, chatId, allowed],
  );
  useEffect(() => () => notifier.stop(), [notifier]);
  return notifier;
};

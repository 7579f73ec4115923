import type { AccountId } from '#shared/ids.ts';
import { useApp } from '../../app-context.tsx';
import { setChats } from '../../state/chats.ts';
import { upsertRows } from '../../state/rows.ts';

/** Opens the chat with an address, new or known; rejects with the AppError of `chats.open`. */
export const useStartChat = (): ((accountId: AccountId, jid: string) => Promise<void>) => {
  const { api, chats, openChat } = useApp();
  return async (accountId, jid) => {
    const chat = await api.chats.open({ accountId, jid });
    // The announcement of a new chat may still be on its way.
    setChats(
      chats,
      upsertRows(chats.getState().chats, [chat], (row) => row.id),
    );
    openChat(chat.id);
  };
};

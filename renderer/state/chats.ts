import { createStore, type StoreApi } from 'zustand/vanilla';
import type { ChatId } from '#shared/ids.ts';
import type { ChatView } from '#shared/views.ts';

export interface ChatsState {
  readonly chats: ReadonlyMap<ChatId, ChatView>;
  /** All chats, the one with the newest activity first. */
  readonly order: readonly ChatId[];
}

export type ChatsStore = StoreApi<ChatsState>;

export const createChatsStore = (): ChatsStore => createStore(() => ({ chats: new Map(), order: [] }));

/** Sets the rows and keeps the order's identity while nothing moved: a list of hundreds is then not drawn again. */
export const setChats = (store: ChatsStore, chats: ReadonlyMap<ChatId, ChatView>): void => {
  const { chats: before, order } = store.getState();
  if (chats === before) return;
  const sorted = [...chats.values()]
    .toSorted((a, b) => b.activeAt - a.activeAt || b.id - a.id)
    .map(({ id }) => id);
  const same = sorted.length === order.length && sorted.every((id, index) => id === order[index]);
  store.setState({ chats, order: same ? order : sorted });
};

/** Which of the chats the list shows. */
export interface ChatFilter {
  readonly query: string;
  readonly unreadOnly: boolean;
  /** Requests instead of chats; the one never holds the other. */
  readonly requestsOnly?: boolean;
  /** Stays in the list of unread chats although opening it made it read. */
  readonly keep?: ChatId | undefined;
}

/** The chats whose name or address has every word of the query, in the order of the list. */
export const visibleChats = ({ chats, order }: ChatsState, filter: ChatFilter): readonly ChatId[] => {
  const words = fold(filter.query)
    .split(/\s+/u)
    .filter((word) => word !== '');
  const requestsOnly = filter.requestsOnly === true;
  const mixed = order.some((id) => chats.get(id)?.standing === 'request');
  if (words.length === 0 && !filter.unreadOnly && !requestsOnly && !mixed) return order;
  return order.filter((id) => {
    const chat = chats.get(id);
    if (chat === undefined || (chat.standing === 'request') !== requestsOnly) return false;
    if (filter.unreadOnly && !requestsOnly && chat.unread === 0 && id !== filter.keep) return false;
    const text = fold(`${chat.name} ${chat.jid}`);
    return words.every((word) => text.includes(word));
  });
};

/** Case and accents do not matter to somebody who searches. */
export const fold = (text: string): string =>
  text.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLocaleLowerCase();

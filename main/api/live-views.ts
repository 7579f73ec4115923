import type { AccountId, ChatId, MessageId } from '#shared/ids.ts';
import type {
  AccountView,
  ChatView,
  ContactRequestView,
  ContactView,
  MessageView,
  SettingsView,
} from '#shared/views.ts';
import type { AccountManager } from '#main/accounts/manager.ts';
import type { PresenceBook } from '#main/accounts/presence-book.ts';
import type { TypingBook } from '#main/messaging/typing-book.ts';
import type { ListedChat } from '#main/store/chats.ts';
import type { StoredMessage } from '#main/store/messages.ts';
import type { Store } from '#main/store/store.ts';
import type { Settings } from '#main/settings.ts';
import { createMessageViews } from './message-views.ts';
import { accountView, chatView, contactView, requestView } from './views.ts';

export interface LiveViewDependencies {
  readonly store: Store;
  readonly manager: AccountManager;
  readonly presence: PresenceBook;
  readonly typing: TypingBook;
  readonly settings: Settings;
}

/** Views of rows as they are now, with what the store does not keep: connections, presence, typing. */
export const createViews = (deps: LiveViewDependencies) => {
  const { store, manager, presence, typing } = deps;
  const messages = createMessageViews(store);
  /** A chat's view also shows its contact's name, devices and typing, which have no `rev` in the row of the chat. */
  const chatRevs = new Map<ChatId, number>();

  const chat = (row: ListedChat, name: string | undefined, deviceWaits: boolean): ChatView =>
    chatView(row, { name, deviceWaits, typing: typing.isTyping(row.id), rev: chatRevs.get(row.id) ?? 0 });

  return {
    account: (id: AccountId): AccountView | undefined => {
      const account = store.accounts.get(id);
      if (account === undefined) return undefined;
      const { state, rev } = manager.connection(id);
      return accountView(account, state, rev);
    },
    accounts: (): readonly AccountView[] =>
      store.accounts.list().map((account) => {
        const { state, rev } = manager.connection(account.id);
        return accountView(account, state, rev);
      }),
    contact: (accountId: AccountId, jid: string): ContactView | undefined => {
      const contact = store.contacts.get(accountId, jid);
      return contact && contactView(contact, presence.summary(accountId, jid));
    },
    contacts: (): readonly ContactView[] =>
      store.contacts
        .list()
        .map((contact) => contactView(contact, presence.summary(contact.accountId, contact.jid))),
    requests: (accountId?: AccountId): readonly ContactRequestView[] =>
      store.contacts.listRequests(accountId).map(requestView),
    /** @returns undefined where the chat is gone */
    chat: (id: ChatId): ChatView | undefined => {
      const row = store.chats.get(id);
      if (row === undefined) return undefined;
      const { accountId, jid } = row;
      // Asked for one by one, a chat has changed somehow: in its row, its contact's name or devices, or its typing.
      chatRevs.set(id, store.revisions.next());
      return chat(
        row,
        store.contacts.get(accountId, jid)?.name,
        store.omemo.devices.isWaiting(accountId, jid),
      );
    },
    chats: (): readonly ChatView[] => {
      const names = new Map(store.contacts.list().map((one) => [`${one.accountId} ${one.jid}`, one.name]));
      const waiting = store.omemo.devices.waiting();
      return store.chats.list().map((row) => {
        const key = `${row.accountId} ${row.jid}`;
        return chat(row, names.get(key), waiting.has(key));
      });
    },
    chatsWith: (accountId: AccountId, jid: string): readonly ChatId[] => {
      const row = store.chats.find(accountId, jid);
      return row === undefined ? [] : [row.id];
    },
    /** Of rows as they were read. */
    messagesOf: (rows: readonly StoredMessage[]): readonly MessageView[] => messages.of(rows),
    /** Those that are still there. */
    messages: (ids: readonly MessageId[]): readonly MessageView[] =>
      messages.of(ids.flatMap((id) => store.messages.get(id) ?? [])),
    blocked: (accountId: AccountId): readonly string[] => store.blocked.list(accountId),
    settings: (): SettingsView => deps.settings.view(),
  };
};

export type Views = ReturnType<typeof createViews>;

import type { Handlers } from '#shared/api/contract.ts';
import { AppError } from '#shared/errors.ts';
import type { AccountManager } from '#main/accounts/manager.ts';
import type { ContactService } from '#main/accounts/contacts.ts';
import type { MessageService } from '#main/messaging/messages.ts';
import type { TypingService } from '#main/messaging/typing.ts';
import type { Settings } from '#main/settings.ts';
import type { Store } from '#main/store/store.ts';
import type { Changes } from '#main/util/changes.ts';
import type { Clock } from '#main/util/clock.ts';
import type { Views } from './live-views.ts';
import { messageView } from './views.ts';

/** What the handlers of an open profile call. */
export interface Services {
  readonly store: Store;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly manager: AccountManager;
  readonly contacts: ContactService;
  readonly messages: MessageService;
  readonly typing: TypingService;
  readonly settings: Settings;
  readonly views: Views;
}

type ProfileHandlers = Omit<Handlers, 'app'>;

const accountHandlers = ({ manager, views }: Services): ProfileHandlers['accounts'] => ({
  add: async (login) => {
    const { id } = await manager.add(login);
    const view = views.account(id);
    if (view === undefined) throw new AppError('not-found', 'the account was removed meanwhile');
    return view;
  },
  remove: ({ accountId }) => manager.remove(accountId),
  setEnabled: ({ accountId, enabled }) => manager.setEnabled(accountId, enabled),
  setPassword: ({ accountId, password }) => manager.setPassword(accountId, password),
  trustCertificate: ({ accountId, spki }) => manager.trustCertificate(accountId, spki),
  retryNow: ({ accountId }) => manager.retryNow(accountId),
});

const chatHandlers = ({ store, changes, clock, typing, views }: Services): ProfileHandlers['chats'] => ({
  open: ({ accountId, jid }) => {
    const { id } = store.chats.findOrCreate(accountId, jid, clock.now());
    changes.announce({ kind: 'chat', chatId: id });
    const view = views.chat(id);
    if (view === undefined) throw new AppError('not-found', 'the chat was removed meanwhile');
    return view;
  },
  markRead: ({ chatId, upTo }) => {
    if (store.chats.setReadUpTo(chatId, upTo)) changes.announce({ kind: 'chat', chatId });
  },
  setDraft: ({ chatId, text }) => {
    store.chats.setDraft(chatId, text);
    changes.announce({ kind: 'chat', chatId });
  },
  setTyping: ({ chatId, typing: writing }) => typing.set(chatId, writing),
});

const contactHandlers = ({ manager, contacts }: Services): ProfileHandlers['contacts'] => ({
  add: ({ accountId, jid, name }) =>
    contacts.add(accountId, manager.requireOnline(accountId), jid, name ?? ''),
  rename: ({ accountId, jid, name }) =>
    contacts.rename(accountId, manager.requireOnline(accountId), jid, name),
  remove: ({ accountId, jid }) => contacts.remove(accountId, manager.requireOnline(accountId), jid),
  answerRequest: ({ accountId, jid, accept }) =>
    contacts.answerRequest(accountId, manager.requireOnline(accountId), jid, accept),
});

const messageHandlers = ({ store, messages, typing }: Services): ProfileHandlers['messages'] => ({
  page: (request) => {
    const { rows, hasOlder, hasNewer } = store.messages.page(request);
    return { rows: rows.map(messageView), hasOlder, hasNewer };
  },
  send: ({ chatId, text }) => {
    const message = messages.send(chatId, text);
    typing.sent(chatId);
    return messageView(message);
  },
  resend: ({ messageId }) => messageView(messages.resend(messageId)),
});

/** Thin: check, call the service, map to views. */
export const createHandlers = (services: Services): ProfileHandlers => ({
  accounts: accountHandlers(services),
  chats: chatHandlers(services),
  contacts: contactHandlers(services),
  messages: messageHandlers(services),
  settings: { update: (patch) => services.settings.update(patch) },
});

import type { Handlers } from '#shared/api/contract.ts';
import { AppError } from '#shared/errors.ts';
import type { AccountId, ChatId } from '#shared/ids.ts';
import type { ChatView, MessageView } from '#shared/views.ts';
import { getArchivePreferences, setArchivePreferences } from '#main/accounts/archive-preferences.ts';
import type { BlockingService } from '#main/accounts/blocking.ts';
import type { AccountManager } from '#main/accounts/manager.ts';
import type { ContactService } from '#main/accounts/contacts.ts';
import { findAnswered } from '#main/messaging/archive/history-answered.ts';
import { gaplessPage } from '#main/messaging/archive/page-gaps.ts';
import type { HistoryControl } from '#main/messaging/history-control.ts';
import type { MessageChanges } from '#main/messaging/message-changes.ts';
import type { History } from '#main/messaging/archive/history.ts';
import type { MessageService } from '#main/messaging/messages.ts';
import type { ReadService } from '#main/messaging/read-state.ts';
import type { TypingService } from '#main/messaging/typing.ts';
import type { Settings } from '#main/settings.ts';
import type { StoredMessage } from '#main/store/messages.ts';
import type { Store } from '#main/store/store.ts';
import type { Changes } from '#main/util/changes.ts';
import type { Clock } from '#main/util/clock.ts';
import { encryptionHandlers, type EncryptionServices } from './encryption.ts';
import type { Views } from './live-views.ts';
import { searchPageView } from './search-views.ts';

/** What the handlers of an open profile call. */
export interface Services extends EncryptionServices {
  readonly store: Store;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly manager: AccountManager;
  readonly contacts: ContactService;
  readonly messages: MessageService;
  readonly edits: MessageChanges;
  readonly reads: ReadService;
  readonly history: HistoryControl;
  /** The server's archive of an account. */
  readonly historyOf: (accountId: AccountId) => History;
  readonly blocking: BlockingService;
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
  acceptUnbound: ({ accountId }) => manager.acceptUnbound(accountId),
  retryNow: ({ accountId }) => manager.retryNow(accountId),
  archivePreferences: ({ accountId }) => getArchivePreferences(manager.requireOnline(accountId)),
  setArchivePreferences: ({ accountId, preferences }) =>
    setArchivePreferences(manager.requireOnline(accountId), preferences),
});

const chatHandlers = (services: Services): ProfileHandlers['chats'] => {
  const { store, changes, clock, typing, reads, history, historyOf, views } = services;
  const viewOf = (chatId: ChatId): ChatView => {
    const view = views.chat(chatId);
    if (view === undefined) throw new AppError('not-found', 'the chat was removed meanwhile');
    return view;
  };
  return {
    open: ({ accountId, jid }) => {
      const { id } = store.chats.findOrCreate(accountId, jid, clock.now());
      changes.announce({ kind: 'chat', chatId: id });
      return viewOf(id);
    },
    loadOlder: ({ chatId, before }) => {
      const { accountId, jid } = store.chats.properties(chatId);
      const place = before === undefined ? {} : { place: store.messages.require(before).sortAt };
      return historyOf(accountId).older(chatId, jid, place);
    },
    loadNewer: ({ chatId, after }) => {
      const { accountId, jid } = store.chats.properties(chatId);
      return historyOf(accountId).newer(chatId, jid, store.messages.require(after).sortAt);
    },
    loadDate: ({ chatId, at }) => {
      const { accountId, jid } = store.chats.properties(chatId);
      return historyOf(accountId).from(chatId, jid, at);
    },
    markRead: ({ chatId, upTo }) => reads.markRead(chatId, upTo),
    setDraft: ({ chatId, text }) => {
      store.chats.setDraft(chatId, text);
      changes.announce({ kind: 'chat', chatId });
    },
    setTyping: ({ chatId, typing: writing }) => typing.set(chatId, writing),
    accept: ({ chatId }) => {
      if (store.chats.properties(chatId).standing === 'request') store.chats.setStanding(chatId, 'open');
      changes.announce({ kind: 'chat', chatId });
      return viewOf(chatId);
    },
    clear: ({ chatId }) => history.clear(chatId),
    delete: ({ chatId }) => history.deleteChat(chatId),
    setRetention: ({ chatId, retention }) => {
      history.setRetention(chatId, retention);
      return viewOf(chatId);
    },
  };
};

const contactHandlers = ({ manager, contacts, blocking }: Services): ProfileHandlers['contacts'] => ({
  add: ({ accountId, jid, name }) =>
    contacts.add(accountId, manager.requireOnline(accountId), jid, name ?? ''),
  rename: ({ accountId, jid, name }) =>
    contacts.rename(accountId, manager.requireOnline(accountId), jid, name),
  remove: ({ accountId, jid }) => contacts.remove(accountId, manager.requireOnline(accountId), jid),
  answerRequest: ({ accountId, jid, accept }) =>
    contacts.answerRequest(accountId, manager.requireOnline(accountId), jid, accept),
  block: async ({ accountId, jid, report }) => ({
    reported: await blocking.block(accountId, manager.requireOnline(accountId), jid, report),
  }),
  unblock: ({ accountId, jid }) => blocking.unblock(accountId, manager.requireOnline(accountId), jid),
  blocked: ({ accountId }) => ({ jids: blocking.list(accountId) }),
});

const messageHandlers = (services: Services): ProfileHandlers['messages'] => {
  const { store, messages, edits, typing, history, views } = services;
  const viewOf = (row: StoredMessage): MessageView => {
    const [view] = views.messagesOf([row]);
    if (view === undefined) throw new AppError('not-found', 'the message was removed meanwhile');
    return view;
  };
  return {
    page: (request) => {
      const { rows, hasOlder, hasNewer, gapBefore, gapAfter } = gaplessPage(store, request);
      return {
        rows: views.messagesOf(rows),
        ...{ hasOlder, hasNewer },
        ...(gapBefore ? { gapBefore } : {}),
        ...(gapAfter ? { gapAfter } : {}),
      };
    },
    findAnswered: async ({ messageId }) => {
      const answeredId = await findAnswered(store, services.historyOf, messageId);
      return answeredId === undefined ? {} : { answeredId };
    },
    send: ({ chatId, text, replyTo, sendAt }) => {
      const message = messages.send(chatId, text, { replyTo, sendAt });
      typing.sent(chatId);
      return viewOf(message);
    },
    forward: async ({ messageId, to }) => {
      // Nobody has opened these chats on this stream: who had no devices the last time may have some now.
      const { network } = services.encryption;
      await Promise.all(to.map(({ accountId, jid }) => network.acquaint(accountId, jid)));
      return { rows: messages.forward(messageId, to).map(viewOf) };
    },
    resend: ({ messageId }) => viewOf(messages.resend(messageId)),
    edit: ({ messageId, text }) => viewOf(edits.edit(messageId, text)),
    history: ({ messageId }) => ({ versions: edits.history(messageId) }),
    retract: ({ messageId }) => viewOf(edits.retract(messageId)),
    react: ({ messageId, emoji, on }) => viewOf(edits.react(messageId, emoji, on)),
    cancel: ({ messageId }) => {
      const was = messages.cancel(messageId);
      if (was === undefined) return { withdrawn: false };
      return {
        withdrawn: true,
        text: was.text,
        ...(was.replyTo === undefined ? {} : { replyTo: was.replyTo }),
      };
    },
    sendNow: ({ messageId }) => viewOf(messages.sendNow(messageId)),
    reschedule: ({ messageId, sendAt }) => viewOf(messages.reschedule(messageId, sendAt)),
    delete: ({ messageId }) => history.deleteMessage(messageId),
    search: (request) => searchPageView(store.search.search(request)),
  };
};

/** Thin: check, call the service, map to views. */
export const createHandlers = (services: Services): ProfileHandlers => ({
  accounts: accountHandlers(services),
  chats: chatHandlers(services),
  contacts: contactHandlers(services),
  encryption: encryptionHandlers(services),
  messages: messageHandlers(services),
  settings: {
    update: (patch) => {
      const view = services.settings.update(patch);
      if (patch.retention !== undefined) services.history.retentionChanged();
      return view;
    },
  },
});

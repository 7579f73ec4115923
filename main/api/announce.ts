import type { AccountId, ChatId, MessageId } from '#shared/ids.ts';
import type { EventName, Events } from '#shared/api/events.ts';
import type { Change } from '#main/util/changes.ts';
import type { Disposable } from '#main/util/disposables.ts';
import type { Views } from './live-views.ts';

type Emit = <K extends EventName>(name: K, payload: Events[K]) => void;

/**
 * Turns announced changes into events with views. Changes of one turn of the event loop are gathered,
 * so that a hundred changes of one row are one view, made from what is stored then.
 */
export const createAnnouncer = (views: Views, emit: Emit): Disposable & { note(change: Change): void } => {
  const accounts = new Set<AccountId>();
  const contacts = new Map<string, { accountId: AccountId; jid: string }>();
  const requests = new Set<AccountId>();
  const chats = new Set<ChatId>();
  const messages = new Set<MessageId>();
  let settings = false;
  let scheduled: NodeJS.Immediate | undefined;

  const flush = (): void => {
    clearImmediate(scheduled);
    scheduled = undefined;
    const rows = <T>(all: Iterable<T | undefined>): T[] => [...all].filter((row) => row !== undefined);
    const accountRows = rows([...accounts].map((id) => views.account(id)));
    const contactRows = rows(
      [...contacts.values()].map(({ accountId, jid }) => views.contact(accountId, jid)),
    );
    const chatRows = rows([...chats].map((id) => views.chat(id)));
    const messageRows = rows([...messages].map((id) => views.message(id)));
    if (accountRows.length > 0) emit('accounts.upserted', { rows: accountRows });
    if (contactRows.length > 0) emit('contacts.upserted', { rows: contactRows });
    // Messages before chats: a window that shows the chat's new last message has it already.
    if (messageRows.length > 0) emit('messages.upserted', { rows: messageRows });
    if (chatRows.length > 0) emit('chats.upserted', { rows: chatRows });
    for (const accountId of requests)
      emit('requests.changed', { accountId, rows: views.requests(accountId) });
    if (settings) emit('settings.changed', { settings: views.settings() });
    for (const set of [accounts, contacts, requests, chats, messages]) set.clear();
    settings = false;
  };

  const note = (change: Change): void => {
    switch (change.kind) {
      case 'account':
        accounts.add(change.accountId);
        break;
      case 'account-removed':
        flush();
        emit('accounts.removed', { accountId: change.accountId });
        break;
      case 'contact':
        contacts.set(`${change.accountId} ${change.jid}`, change);
        // The name of a chat is that of its contact.
        for (const chatId of views.chatsWith(change.accountId, change.jid)) chats.add(chatId);
        break;
      case 'contact-removed':
        contacts.delete(`${change.accountId} ${change.jid}`);
        emit('contacts.removed', { accountId: change.accountId, jid: change.jid });
        for (const chatId of views.chatsWith(change.accountId, change.jid)) chats.add(chatId);
        break;
      case 'requests':
        requests.add(change.accountId);
        break;
      case 'chat':
        chats.add(change.chatId);
        break;
      case 'message':
        messages.add(change.messageId);
        break;
      case 'settings':
        settings = true;
        break;
    }
    scheduled ??= setImmediate(flush);
  };

  return { note, dispose: () => clearImmediate(scheduled) };
};

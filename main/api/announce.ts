import type { AccountId, ChatId, MessageId } from '#shared/ids.ts';
import type { EventName, Events } from '#shared/api/events.ts';
import type { Change } from '#main/util/changes.ts';
import type { Disposable } from '#main/util/disposables.ts';
import type { Views } from './live-views.ts';

type Emit = <K extends EventName>(name: K, payload: Events[K]) => void;

/** What has changed since the last flush. */
class Gathered {
  readonly accounts = new Set<AccountId>();
  readonly contacts = new Map<string, { accountId: AccountId; jid: string }>();
  readonly requests = new Set<AccountId>();
  readonly blocked = new Set<AccountId>();
  readonly encryption = new Map<string, { accountId: AccountId; jid: string }>();
  readonly chats = new Set<ChatId>();
  readonly timelines = new Set<ChatId>();
  readonly messages = new Set<MessageId>();
  settings = false;
}

const rows = <T>(all: Iterable<T | undefined>): T[] => [...all].filter((row) => row !== undefined);

/**
 * Turns announced changes into events with views. Changes of one turn of the event loop are gathered,
 * so that a hundred changes of one row are one view, made from what is stored then.
 */
export const createAnnouncer = (views: Views, emit: Emit): Disposable & { note(change: Change): void } => {
  let gathered = new Gathered();
  let scheduled: NodeJS.Immediate | undefined;

  const flush = (): void => {
    clearImmediate(scheduled);
    scheduled = undefined;
    const changed = gathered;
    gathered = new Gathered();
    emitAll(changed, views, emit);
  };

  return {
    note: (change) => {
      // What was announced of a row before must not come after it has gone.
      if (gather(gathered, change, views)) flush();
      const gone = removal(change);
      if (gone !== undefined) gone(emit);
      scheduled ??= setImmediate(flush);
    },
    dispose: () => clearImmediate(scheduled),
  };
};

const emitAll = (changed: Gathered, views: Views, emit: Emit): void => {
  const accounts = rows([...changed.accounts].map((id) => views.account(id)));
  const contacts = rows(
    [...changed.contacts.values()].map(({ accountId, jid }) => views.contact(accountId, jid)),
  );
  const chats = rows([...changed.chats].map((id) => views.chat(id)));
  const messages = views.messages([...changed.messages]);
  if (accounts.length > 0) emit('accounts.upserted', { rows: accounts });
  if (contacts.length > 0) emit('contacts.upserted', { rows: contacts });
  // Messages before chats: a window that shows the chat's new last message has it already.
  if (messages.length > 0) emit('messages.upserted', { rows: messages });
  if (chats.length > 0) emit('chats.upserted', { rows: chats });
  for (const chatId of changed.timelines) emit('timelines.changed', { chatId });
  for (const accountId of changed.blocked)
    emit('blocked.changed', { accountId, jids: views.blocked(accountId) });
  for (const accountId of changed.requests)
    emit('requests.changed', { accountId, rows: views.requests(accountId) });
  for (const { accountId, jid } of changed.encryption.values())
    emit('encryption.changed', { accountId, jid });
  if (changed.settings) emit('settings.changed', { settings: views.settings() });
};

/** The event of something that is gone, which waits for nothing. */
const removal = (change: Change): ((emit: Emit) => void) | undefined => {
  switch (change.kind) {
    case 'account-removed':
      return (emit) => emit('accounts.removed', { accountId: change.accountId });
    case 'contact-removed':
      return (emit) => emit('contacts.removed', { accountId: change.accountId, jid: change.jid });
    case 'chat-removed':
      return (emit) => emit('chats.removed', { chatId: change.chatId });
    case 'messages-removed':
      return (emit) => emit('messages.removed', { chatId: change.chatId, messageIds: change.messageIds });
    default:
      return undefined;
  }
};

/** Notes a change. @returns whether what was gathered before must be told first */
const gather = (gathered: Gathered, change: Change, views: Views): boolean => {
  switch (change.kind) {
    case 'account':
      gathered.accounts.add(change.accountId);
      return false;
    case 'contact':
      gathered.contacts.set(`${change.accountId} ${change.jid}`, change);
      // The name of a chat is that of its contact.
      for (const chatId of views.chatsWith(change.accountId, change.jid)) gathered.chats.add(chatId);
      return false;
    case 'contact-removed':
      gathered.contacts.delete(`${change.accountId} ${change.jid}`);
      for (const chatId of views.chatsWith(change.accountId, change.jid)) gathered.chats.add(chatId);
      return false;
    case 'requests':
      gathered.requests.add(change.accountId);
      return false;
    case 'blocked':
      gathered.blocked.add(change.accountId);
      return false;
    case 'encryption':
      gathered.encryption.set(`${change.accountId} ${change.jid}`, change);
      // A device of the other side may wait for the user now.
      for (const chatId of views.chatsWith(change.accountId, change.jid)) gathered.chats.add(chatId);
      return false;
    case 'chat':
      gathered.chats.add(change.chatId);
      return false;
    case 'timeline':
      gathered.timelines.add(change.chatId);
      return false;
    case 'message':
      gathered.messages.add(change.messageId);
      return false;
    case 'settings':
      gathered.settings = true;
      return false;
    case 'account-removed':
    case 'chat-removed':
    case 'messages-removed':
      return true;
  }
};

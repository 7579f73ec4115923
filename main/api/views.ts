import { oneLine } from '#shared/text.ts';
import type {
  AccountView,
  ChatView,
  ContactRequestView,
  ContactView,
  LastMessageView,
} from '#shared/views.ts';
import type { AccountState } from '#main/accounts/machine.ts';
import type { PresenceSummary } from '#main/accounts/presence-book.ts';
import type { Account } from '#main/store/accounts.ts';
import type { LastMessage, ListedChat } from '#main/store/chats.ts';
import type { Contact, ContactRequest } from '#main/store/contacts.ts';

/** Rows become views here and nowhere else: named fields only, texts of others made harmless. */

export const accountView = (account: Account, state: AccountState, stateRev: number): AccountView => ({
  id: account.id,
  jid: account.jid,
  enabled: account.enabled,
  phase: state.phase,
  ...('error' in state ? { error: state.error } : {}),
  ...(state.phase === 'waiting' ? { retryAt: state.until } : {}),
  ...(account.host === undefined ? {} : { host: account.host }),
  ...(account.port === undefined ? {} : { port: account.port }),
  directTls: account.directTls,
  rev: Math.max(account.rev, stateRev),
});

/** The local part says more about a person than the whole address; a server has only its domain. */
export const nameOf = (jid: string, given: string | undefined): string =>
  oneLine(given ?? '') || oneLine(jid, 256);

export const contactView = (contact: Contact, presence: PresenceSummary): ContactView => ({
  accountId: contact.accountId,
  jid: contact.jid,
  name: nameOf(contact.jid, contact.name),
  groups: contact.groups.map((group) => oneLine(group)),
  subscription: contact.subscription,
  asked: contact.asked,
  availability: presence.availability,
  devices: presence.devices,
  statusText: oneLine(presence.statusText, 256),
  ...(presence.idleSince === undefined ? {} : { lastSeen: presence.idleSince }),
  rev: Math.max(contact.rev, presence.rev),
});

export const requestView = (request: ContactRequest): ContactRequestView => ({
  accountId: request.accountId,
  jid: request.jid,
  name: nameOf(request.jid, request.name),
  text: oneLine(request.text, 512),
  at: request.at,
});

const PREVIEW_LENGTH = 200;

/** @param open of strangers nothing is shown before the user has decided to look */
const lastView = (last: LastMessage, open: boolean): LastMessageView => {
  const undecryptable = last.failure === 'not-decryptable';
  return {
    preview: open && !undecryptable ? oneLine(last.start, PREVIEW_LENGTH) : '',
    direction: last.direction,
    state: last.state,
    ...(last.retracted ? { retracted: true } : {}),
    ...(undecryptable ? { undecryptable: true } : {}),
  };
};

/** @param live what the row of the chat does not have: the contact's name and devices, typing, and the `rev` of these */
export const chatView = (
  chat: ListedChat,
  live: {
    readonly name: string | undefined;
    readonly typing: boolean;
    readonly deviceWaits?: boolean;
    readonly rev: number;
  },
): ChatView => ({
  id: chat.id,
  accountId: chat.accountId,
  jid: chat.jid,
  name: nameOf(chat.jid, live.name),
  ...(chat.last === undefined
    ? {}
    : {
        last: lastView(chat.last, chat.standing === 'open'),
      }),
  unread: chat.unread,
  ...(chat.firstUnreadId === undefined ? {} : { firstUnreadId: chat.firstUnreadId }),
  draft: chat.draft,
  typing: live.typing,
  standing: chat.standing,
  ...(live.deviceWaits === true && chat.standing === 'open' ? { deviceWaits: true } : {}),
  retention: chat.retention,
  ...(chat.historyStart ? { historyStart: chat.historyCleared ? 'cleared' : 'archive' } : {}),
  activeAt: chat.activeAt,
  rev: Math.max(chat.rev, live.rev),
});

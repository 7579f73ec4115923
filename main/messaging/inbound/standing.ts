import type { Chat, ChatStanding } from '#main/store/chats.ts';
import type { Store } from '#main/store/store.ts';
import type { Clock } from '#main/util/clock.ts';
import type { AccountId } from '#shared/ids.ts';
import { bareJid, parseJid, type Jid } from '#shared/jid.ts';
import { isBlocked } from '#main/xmpp/features/blocking.ts';
import type { Envelope } from './unwrap.ts';

/** Whether an address is on the roster of an account; the account itself and its server are known too. */
export const isKnown = (
  store: Pick<Store, 'contacts'>,
  accountId: AccountId,
  own: Jid,
  peer: string,
): boolean =>
  peer === bareJid(own) || peer === own.domain || store.contacts.get(accountId, peer) !== undefined;

export interface ChatDependencies {
  readonly store: Pick<Store, 'chats' | 'contacts' | 'blocked'>;
  readonly clock: Clock;
  /** Up to which archive id a chat was read on other devices, before it was here (XEP-0490). */
  readonly readAhead: (accountId: AccountId, jid: string) => string | undefined;
}

const newStanding = (store: Pick<Store, 'contacts' | 'blocked'>, envelope: Envelope): ChatStanding => {
  const { accountId, own, peer, direction } = envelope;
  // Only a server that cannot block lets these through, or its archive.
  const jid = parseJid(peer);
  if (jid !== undefined && isBlocked(new Set(store.blocked.list(accountId)), jid)) return 'blocked';
  return direction === 'out' || isKnown(store, accountId, own, peer) ? 'open' : 'request';
};

/**
 * The chat of a message, made where there is none: of strangers it is a request, until the user has answered,
 * here or on another device.
 */
export const chatOf = ({ store, clock, readAhead }: ChatDependencies, envelope: Envelope): Chat => {
  const { accountId, peer, direction } = envelope;
  const known = store.chats.find(accountId, peer);
  if (known === undefined) {
    const chat = store.chats.findOrCreate(accountId, peer, clock.now(), newStanding(store, envelope));
    const read = readAhead(accountId, peer);
    if (read !== undefined) store.chats.setReadUpToArchiveId(chat.id, read);
    return chat;
  }
  if (known.standing !== 'request' || direction !== 'out') return known;
  store.chats.setStanding(known.id, 'open');
  return store.chats.properties(known.id);
};

import type { AccountId } from '#shared/ids.ts';
import { AppError } from '#shared/errors.ts';
import { bareJid } from '#shared/jid.ts';
import type { Contact, ContactStore, RosterItem as StoredItem } from '#main/store/contacts.ts';
import type { AccountStore } from '#main/store/accounts.ts';
import type { ChatStore } from '#main/store/chats.ts';
import type { Changes } from '#main/util/changes.ts';
import type { Clock } from '#main/util/clock.ts';
import type { Disposable } from '#main/util/disposables.ts';
import { subscriptionPresence, type Presence } from '#main/xmpp/features/presence.ts';
import {
  readRosterPush,
  readRosterResult,
  rosterRemove,
  rosterRequest,
  rosterSet,
  type RosterItem,
} from '#main/xmpp/features/roster.ts';
import { StanzaError } from '#main/xmpp/port.ts';
import type { XmppSession } from '#main/xmpp/session.ts';
import { NS } from '#main/xmpp/stanza.ts';

export interface ContactServiceDependencies {
  readonly store: {
    readonly accounts: AccountStore;
    readonly contacts: ContactStore;
    readonly chats: ChatStore;
  };
  readonly changes: Changes;
  readonly clock: Clock;
}

/** Someone whom strangers drown in requests still has a usable list. */
const MAX_REQUESTS = 200;

/** A full roster that is fetched at login; large ones take their time on slow links. */
const ROSTER_TIMEOUT_MS = 60_000;

const stored = (item: RosterItem): StoredItem => ({
  jid: item.jid,
  name: item.name === '' ? undefined : item.name,
  subscription: item.subscription === 'remove' ? 'none' : item.subscription,
  asked: item.asked,
  groups: item.groups,
});

/** The roster of each account and the subscriptions in both directions (RFC 6121 sections 2 and 3). */
export class ContactService {
  readonly #deps: ContactServiceDependencies;
  /** Whom the user has asked in this run: their own request may be here before the roster says so. */
  readonly #asking = new Set<string>();

  constructor(deps: ContactServiceDependencies) {
    this.#deps = deps;
  }

  /** Listens for roster pushes on a stream. */
  attach(accountId: AccountId, xmpp: XmppSession): Disposable {
    return xmpp.onIq('set', 'query', NS.roster, (iq) => {
      const push = readRosterPush(iq, xmpp.jid);
      // Section 2.1.6: a push from anybody else is refused as if we did not know the namespace.
      if (push === undefined) throw new StanzaError('service-unavailable', 'cancel');
      for (const item of push.items) this.#apply(accountId, item);
      if (push.version !== undefined) this.#deps.store.accounts.setRosterVersion(accountId, push.version);
      return undefined;
    });
  }

  /** Brings the stored roster up to date (section 2.2, with versioning 2.6.2). */
  async fetch(accountId: AccountId, xmpp: XmppSession): Promise<void> {
    const { accounts, contacts } = this.#deps.store;
    const version = xmpp.stream.rosterVersioning
      ? (accounts.require(accountId).rosterVersion ?? '')
      : undefined;
    const result = await xmpp.stream.request(rosterRequest(version), ROSTER_TIMEOUT_MS);
    const roster = readRosterResult(result);
    if (roster === undefined) return;
    const items = roster.items.flatMap((item) => (item.subscription === 'remove' ? [] : [stored(item)]));
    const { upserted, removed } = contacts.replaceRoster(accountId, items);
    accounts.setRosterVersion(accountId, roster.version);
    this.#deps.changes.announce(
      ...upserted.map(({ jid }) => ({ kind: 'contact', accountId, jid }) as const),
      ...removed.map((jid) => ({ kind: 'contact-removed', accountId, jid }) as const),
    );
    for (const contact of upserted) {
      this.#openChat(accountId, contact.jid);
      if (contact.subscription === 'from' || contact.subscription === 'both') {
        this.#requestIsSettled(accountId, contact.jid);
      }
    }
  }

  isContact(accountId: AccountId, bare: string): boolean {
    return this.#deps.store.contacts.get(accountId, bare) !== undefined;
  }

  /** Whether our presence goes to this address, so that it may know of us anyway. */
  seesUs(accountId: AccountId, bare: string): boolean {
    const subscription = this.#deps.store.contacts.get(accountId, bare)?.subscription;
    return subscription === 'from' || subscription === 'both';
  }

  /** A subscription stanza from somebody (section 3). */
  subscription(
    accountId: AccountId,
    xmpp: XmppSession,
    presence: Extract<Presence, { kind: 'subscribe' | 'subscribed' | 'unsubscribe' | 'unsubscribed' }>,
  ): void {
    const jid = bareJid(presence.from);
    const { contacts } = this.#deps.store;
    if (presence.kind === 'unsubscribe') {
      if (contacts.removeRequest(accountId, jid))
        this.#deps.changes.announce({ kind: 'requests', accountId });
      return;
    }
    // 'subscribed' and 'unsubscribed' come with a roster push, which says the same and more.
    if (presence.kind !== 'subscribe') return;
    const contact = contacts.get(accountId, jid);
    const isWanted = contact?.asked === true || (contact?.subscription ?? 'none') !== 'none';
    if (isWanted || this.#asking.has(`${accountId} ${jid}`)) {
      // Whom the user has added, the user has let in.
      this.#tell(xmpp, 'subscribed', jid);
      return;
    }
    if (contacts.listRequests(accountId).length >= MAX_REQUESTS) return;
    contacts.addRequest({
      accountId,
      jid,
      name: presence.nick,
      text: presence.text,
      at: this.#deps.clock.now(),
    });
    this.#deps.changes.announce({ kind: 'requests', accountId });
  }

  /** Adds to the roster, asks to see their presence and shows ours (section 3.1, with 3.4 in advance). */
  async add(accountId: AccountId, xmpp: XmppSession, jid: string, name: string): Promise<void> {
    if (jid === bareJid(xmpp.jid)) throw new AppError('invalid-jid', 'this is the own address');
    const known = this.#deps.store.contacts.get(accountId, jid);
    await xmpp.stream.request(rosterSet({ jid, name, groups: known?.groups ?? [] }));
    this.#asking.add(`${accountId} ${jid}`);
    this.#tell(xmpp, 'subscribe', jid);
    if (this.#requestIsSettled(accountId, jid)) this.#tell(xmpp, 'subscribed', jid);
  }

  async rename(accountId: AccountId, xmpp: XmppSession, jid: string, name: string): Promise<void> {
    const { groups } = this.#require(accountId, jid);
    await xmpp.stream.request(rosterSet({ jid, name, groups }));
  }

  /** Removes from the roster; the server cancels both subscriptions (section 2.5.2). */
  async remove(accountId: AccountId, xmpp: XmppSession, jid: string): Promise<void> {
    this.#require(accountId, jid);
    await xmpp.stream.request(rosterRemove(jid));
  }

  /** Lets somebody see our presence, and asks back; or refuses. */
  async answerRequest(accountId: AccountId, xmpp: XmppSession, jid: string, accept: boolean): Promise<void> {
    const request = this.#deps.store.contacts.listRequests(accountId).find((one) => one.jid === jid);
    if (request === undefined) throw new AppError('not-found', 'there is no such request');
    this.#tell(xmpp, accept ? 'subscribed' : 'unsubscribed', jid);
    const contact = this.#deps.store.contacts.get(accountId, jid);
    if (accept && contact?.subscription !== 'to' && contact?.subscription !== 'both') {
      await xmpp.stream.request(
        rosterSet({ jid, name: contact?.name ?? request.name, groups: contact?.groups ?? [] }),
      );
      this.#tell(xmpp, 'subscribe', jid);
    }
    this.#requestIsSettled(accountId, jid);
  }

  #apply(accountId: AccountId, item: RosterItem): void {
    const { contacts } = this.#deps.store;
    if (item.subscription === 'remove') {
      contacts.remove(accountId, item.jid);
      this.#deps.changes.announce({ kind: 'contact-removed', accountId, jid: item.jid });
      return;
    }
    contacts.upsert(accountId, stored(item));
    this.#deps.changes.announce({ kind: 'contact', accountId, jid: item.jid });
    this.#openChat(accountId, item.jid);
    if (item.subscription === 'from' || item.subscription === 'both')
      this.#requestIsSettled(accountId, item.jid);
  }

  /** Whom the user has added is no stranger. */
  #openChat(accountId: AccountId, jid: string): void {
    const { chats } = this.#deps.store;
    const chat = chats.find(accountId, jid);
    if (chat?.standing !== 'request') return;
    chats.setStanding(chat.id, 'open');
    this.#deps.changes.announce({ kind: 'chat', chatId: chat.id });
  }

  #requestIsSettled(accountId: AccountId, jid: string): boolean {
    const was = this.#deps.store.contacts.removeRequest(accountId, jid);
    if (was) this.#deps.changes.announce({ kind: 'requests', accountId });
    return was;
  }

  #require(accountId: AccountId, jid: string): Contact {
    const contact = this.#deps.store.contacts.get(accountId, jid);
    if (contact === undefined) throw new AppError('not-found', 'there is no such contact');
    return contact;
  }

  #tell(xmpp: XmppSession, type: 'subscribe' | 'subscribed' | 'unsubscribed', jid: string): void {
    // A subscription is state on the server; should the stream end now, the server asks again at login.
    xmpp.stream.send(subscriptionPresence(type, jid)).catch(() => undefined);
  }
}

import type { AccountId } from '#shared/ids.ts';
import { bareJid } from '#shared/jid.ts';
import type { Inbound } from '#main/messaging/inbound/pipeline.ts';
import type { Outbox } from '#main/messaging/outbound/outbox.ts';
import type { Logger } from '#main/log/logger.ts';
import type { History } from '#main/messaging/archive/history.ts';
import { enableCarbons } from '#main/xmpp/features/carbons.ts';
import type { Changes } from '#main/util/changes.ts';
import type { OwnDisco } from '#main/xmpp/features/disco.ts';
import { availablePresence, readPresence, type Presence } from '#main/xmpp/features/presence.ts';
import type { XmppSession } from '#main/xmpp/session.ts';
import { parseStanza } from '#main/xmpp/stanza.ts';
import type { CapsService } from './caps.ts';
import type { ContactService } from './contacts.ts';
import type { PresenceBook } from './presence-book.ts';
import type { SessionWork } from './session.ts';

export interface WorkDependencies {
  readonly contacts: ContactService;
  readonly presence: PresenceBook;
  readonly caps: CapsService;
  readonly inbound: Inbound;
  readonly changes: Changes;
  readonly disco: OwnDisco;
  readonly log: Logger;
  /** Whether somebody looks at a window (XEP-0352). */
  readonly isActive: () => boolean;
}

/** What happens on the streams of one account, by the services that own each part. */
export const createWork = (
  accountId: AccountId,
  { outbox, history }: { readonly outbox: Outbox; readonly history: History },
  deps: WorkDependencies,
): SessionWork => {
  const { contacts, presence: book, caps, inbound, changes } = deps;

  const noteAvailability = (
    xmpp: XmppSession,
    presence: Extract<Presence, { kind: 'available' | 'unavailable' }>,
  ): void => {
    const bare = bareJid(presence.from);
    // Anybody may send a presence; only that of contacts is worth the memory.
    if (!contacts.isContact(accountId, bare)) return;
    if (book.note(accountId, presence)) changes.announce({ kind: 'contact', accountId, jid: bare });
    if (presence.kind === 'available' && presence.caps !== undefined) {
      caps.note(xmpp.stream, presence.from, presence.caps);
    }
  };

  return {
    sync: async (xmpp, full) => {
      contacts.attach(accountId, xmpp);
      xmpp.stream.setActive(deps.isActive());
      if (full) {
        // Before the catch-up begins: what other devices send meanwhile comes one way or the other.
        void requestCarbons(xmpp, deps.log);
        history.attach(xmpp, false);
        await contacts.fetch(accountId, xmpp);
        // RFC 6121 section 4.2.1: after the roster, so that nobody appears before we know who they are.
        xmpp.stream.send(availablePresence(deps.disco.caps())).catch(() => undefined);
        return;
      }
      history.attach(xmpp, true);
      // Messages are the outbox's; answers to requests that nobody waits for any more are dropped.
      for (const text of xmpp.stream.unhandled) {
        const stanza = parseStanza(text);
        if (stanza.getName() === 'presence') xmpp.stream.send(stanza).catch(() => undefined);
      }
    },
    message: (xmpp, message) => {
      if (!history.take(message)) inbound.handle(accountId, xmpp.jid, message, history.isComplete);
    },
    presence: (xmpp, stanza) => {
      const presence = readPresence(stanza);
      switch (presence?.kind) {
        case 'available':
        case 'unavailable':
          noteAvailability(xmpp, presence);
          break;
        case 'subscribe':
        case 'subscribed':
        case 'unsubscribe':
        case 'unsubscribed':
          contacts.subscription(accountId, xmpp, presence);
          break;
        case 'error':
        case undefined:
          break;
      }
    },
    seesUs: (bare) => contacts.seesUs(accountId, bare),
    runOutbox: (stream, acknowledged) => outbox.run(stream, acknowledged),
    holdOutbox: () => outbox.hold(),
    ended: () => {
      history.detach();
      changes.announce(...book.clear(accountId).map((jid) => ({ kind: 'contact', accountId, jid }) as const));
    },
  };
};

/** XEP-0280 section 4. A server without carbons refuses; its archive still has what other devices sent. */
const requestCarbons = async (xmpp: XmppSession, log: Logger): Promise<void> => {
  try {
    await xmpp.stream.request(enableCarbons());
  } catch (error) {
    log.warn('no carbons', {}, error);
  }
};

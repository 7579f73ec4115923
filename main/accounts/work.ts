import type { AccountId } from '#shared/ids.ts';
import { bareJid, formatJid } from '#shared/jid.ts';
import type { Inbound } from '#main/messaging/inbound/pipeline.ts';
import type { Outbox } from '#main/messaging/outbound/outbox.ts';
import type { Logger } from '#main/log/logger.ts';
import type { History } from '#main/messaging/archive/history.ts';
import { enableCarbons } from '#main/xmpp/features/carbons.ts';
import type { Changes } from '#main/util/changes.ts';
import type { Clock } from '#main/util/clock.ts';
import { readIdleSince } from '#main/xmpp/features/last-activity.ts';
import { readPresence, type Presence } from '#main/xmpp/features/presence.ts';
import type { XmppSession } from '#main/xmpp/session.ts';
import { parseStanza, type Element } from '#main/xmpp/stanza.ts';
import type { CapsService } from './caps.ts';
import type { ContactService } from './contacts.ts';
import type { OwnPresence } from './own-presence.ts';
import type { PresenceBook } from './presence-book.ts';
import type { SessionWork } from './session.ts';
import type { ResumeMemory } from './stream-memory.ts';

/** A service that lives along the streams of every account. */
export interface StreamService {
  /** A stream has begun. @param full false where it was resumed: then nothing was missed */
  attach(accountId: AccountId, xmpp: XmppSession, full: boolean): void;
  /** The stream is gone. */
  ended?(accountId: AccountId): void;
  /** @returns whether a message was for this service alone */
  take?(accountId: AccountId, message: Element): boolean;
}

export interface WorkDependencies {
  readonly clock: Clock;
  readonly contacts: ContactService;
  readonly presence: PresenceBook;
  readonly caps: CapsService;
  readonly inbound: Inbound;
  readonly changes: Changes;
  readonly ownPresence: OwnPresence;
  readonly log: Logger;
  /** Whether somebody looks at a window (XEP-0352). */
  readonly isActive: () => boolean;
  readonly along: readonly StreamService[];
}

/** What happens on the streams of one account, by the services that own each part. */
export const createWork = (
  accountId: AccountId,
  own: {
    readonly outbox: Outbox;
    readonly history: History;
    readonly memory: Pick<ResumeMemory, 'heard'>;
  },
  deps: WorkDependencies,
): SessionWork => {
  const { contacts, presence: book, inbound, changes } = deps;
  const { outbox, history, memory } = own;

  return {
    sync: async (xmpp, full) => {
      contacts.attach(accountId, xmpp);
      xmpp.stream.setActive(deps.isActive());
      for (const service of deps.along) service.attach(accountId, xmpp, full);
      if (full) {
        if (!xmpp.stream.carbons) void requestCarbons(xmpp, deps.log);
        await contacts.fetch(accountId, xmpp);
        // RFC 6121 section 4.2.1: after the roster, so that nobody appears before we know who they are.
        deps.ownPresence.introduce(accountId, xmpp);
        // Only now, behind carbons and presence on the wire: what the archive gets after its answer comes by
        // the stream, and nothing falls in between.
        history.attach(xmpp, false);
        return;
      }
      history.attach(xmpp, true);
      // Messages are the outbox's; answers to requests that nobody waits for any more are dropped.
      const lost = xmpp.stream.unhandled.map(parseStanza).filter((stanza) => stanza.is('presence'));
      const isOwn = ({ attrs }: Element): boolean => attrs['to'] === undefined && attrs['type'] === undefined;
      for (const stanza of lost) if (!isOwn(stanza)) xmpp.stream.send(stanza).catch(() => undefined);
      deps.ownPresence.resume(accountId, xmpp, lost.some(isOwn));
    },
    message: (xmpp, message) => {
      if (history.take(message) || deps.along.some((service) => service.take?.(accountId, message))) return;
      const heard = inbound.handle(accountId, xmpp.jid, message, history.isComplete);
      if (heard?.archiveId !== undefined) history.arrived(heard.peer, formatJid(heard.from));
    },
    presence: (xmpp, stanza) => notePresence(accountId, xmpp, stanza, { ...deps, memory }),
    seesUs: (bare) => contacts.seesUs(accountId, bare),
    runOutbox: (stream) => outbox.run(history.over(stream)),
    holdOutbox: () => outbox.hold(),
    ended: () => {
      history.detach();
      deps.ownPresence.ended(accountId);
      for (const service of deps.along) service.ended?.(accountId);
      changes.announce(...book.clear(accountId).map((jid) => ({ kind: 'contact', accountId, jid }) as const));
    },
  };
};

const notePresence = (
  accountId: AccountId,
  xmpp: XmppSession,
  stanza: Element,
  deps: WorkDependencies & { readonly memory: Pick<ResumeMemory, 'heard'> },
): void => {
  const presence = readPresence(stanza);
  switch (presence?.kind) {
    case 'available':
    case 'unavailable':
      noteAvailability(
        accountId,
        xmpp,
        { presence, idleSince: readIdleSince(stanza, deps.clock.now()) },
        deps,
      );
      break;
    case 'subscribe':
    case 'subscribed':
    case 'unsubscribe':
    case 'unsubscribed':
      deps.contacts.subscription(accountId, xmpp, presence);
      break;
    case 'error':
    case undefined:
      break;
  }
};

const noteAvailability = (
  accountId: AccountId,
  xmpp: XmppSession,
  heard: {
    readonly presence: Extract<Presence, { kind: 'available' | 'unavailable' }>;
    readonly idleSince: number | undefined;
  },
  deps: WorkDependencies & { readonly memory: Pick<ResumeMemory, 'heard'> },
): void => {
  const { contacts, presence: book, caps, changes } = deps;
  const { presence, idleSince } = heard;
  const bare = bareJid(presence.from);
  // Anybody may send a presence; only that of contacts is worth the memory.
  if (!contacts.isContact(accountId, bare)) return;
  deps.memory.heard(bare);
  if (book.note(accountId, presence, idleSince)) changes.announce({ kind: 'contact', accountId, jid: bare });
  if (presence.kind === 'available' && presence.caps !== undefined) {
    caps.note(xmpp.stream, presence.from, presence.caps);
  }
};

/** XEP-0280 section 4. A server without carbons refuses; its archive still has what other devices sent. */
const requestCarbons = async (xmpp: XmppSession, log: Logger): Promise<void> => {
  try {
    await xmpp.stream.request(enableCarbons());
  } catch (error) {
    log.warn('no carbons', {}, error);
  }
};

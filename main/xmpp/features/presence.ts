/** RFC 6121 sections 3 (subscriptions) and 4 (presence), with the nickname of XEP-0172 in requests. */
import type { Jid } from '#shared/jid.ts';
import type { Availability } from '#shared/views.ts';
import { addressOf, child, childrenOf, childText, NS, xml, type Element } from '../stanza.ts';

const NICK = 'http://jabber.org/protocol/nick';
const MAX_STATUS_LENGTH = 1024;

/** XEP-0115 in somebody's presence. */
export interface CapsHash {
  readonly node: string;
  readonly ver: string;
  readonly hash: string;
}

export type Presence =
  | {
      readonly kind: 'available';
      readonly from: Jid;
      readonly availability: Exclude<Availability, 'offline'>;
      readonly status: string;
      readonly priority: number;
      readonly caps: CapsHash | undefined;
    }
  | { readonly kind: 'unavailable'; readonly from: Jid; readonly status: string }
  | {
      readonly kind: 'subscribe' | 'subscribed' | 'unsubscribe' | 'unsubscribed';
      readonly from: Jid;
      /** XEP-0172, only in requests. */
      readonly nick: string;
      readonly text: string;
    }
  | { readonly kind: 'error'; readonly from: Jid };

const availabilityOf = (show: string | undefined): Exclude<Availability, 'offline'> =>
  show === 'chat' || show === 'away' || show === 'xa' || show === 'dnd' ? show : 'online';

const readCaps = (presence: Element): CapsHash | undefined => {
  const caps = child(presence, 'c', NS.caps);
  const { node, ver, hash } = caps?.attrs ?? {};
  // Without `hash` it is the form of before version 1.4, which nobody can verify.
  return node === undefined || ver === undefined || hash === undefined ? undefined : { node, ver, hash };
};

/** A presence stanza as a value; undefined where the sender's address is missing or not valid. */
export const readPresence = (presence: Element): Presence | undefined => {
  const from = addressOf(presence, 'from');
  if (from === undefined) return undefined;
  const status = (childText(presence, 'status') ?? '').slice(0, MAX_STATUS_LENGTH);
  const type = presence.attrs['type'];
  switch (type) {
    case undefined: {
      const priority = Number(childText(presence, 'priority') ?? 0);
      return {
        kind: 'available',
        from,
        availability: availabilityOf(childText(presence, 'show')?.trim()),
        status,
        // Section 4.7.2.3: -128 to 127
        priority: Number.isInteger(priority) && priority >= -128 && priority <= 127 ? priority : 0,
        caps: readCaps(presence),
      };
    }
    case 'unavailable':
      return { kind: 'unavailable', from, status };
    case 'subscribe':
    case 'subscribed':
    case 'unsubscribe':
    case 'unsubscribed':
      return {
        kind: type,
        from,
        nick: childrenOf(presence, 'nick', NICK)[0]?.text().slice(0, 256) ?? '',
        text: status,
      };
    case 'error':
      return { kind: 'error', from };
    default:
      return undefined;
  }
};

/**
 * Our own presence.
 * @param caps the element of XEP-0115 (section 4: in every presence)
 * @param idle that of XEP-0319
 */
export const availablePresence = (caps: Element, show?: 'away', idle?: Element): Element =>
  xml('presence', {}, show && xml('show', {}, show), caps, idle);

/** Requests, grants, cancels or refuses a subscription (section 3); `jid` is a bare JID. */
export const subscriptionPresence = (
  type: 'subscribe' | 'subscribed' | 'unsubscribe' | 'unsubscribed',
  jid: string,
): Element => xml('presence', { type, to: jid });

/** XEP-0280: Message Carbons, version 1.0.1 — https://xmpp.org/extensions/xep-0280.html */
import { bareJid, type Jid } from '#shared/jid.ts';
import { addressOf, xml, type Element } from '../stanza.ts';
import { CARBONS, readForwarded, wrappersOf, type WrapperRefusal } from './forwarding.ts';

/** What a server announces that can send carbons (section 3). */
export const CARBONS_FEATURE = CARBONS;

/** Section 4; repeated requests do no harm (section 10.1). */
export const enableCarbons = (): Element => xml('iq', { type: 'set' }, xml('enable', { xmlns: CARBONS }));

/** Section 5 */
export const disableCarbons = (): Element => xml('iq', { type: 'set' }, xml('disable', { xmlns: CARBONS }));

/** Keeps one message from the other devices of both sides (section 9), together with the hint `no-copy`. */
export const privateMessage = (): Element => xml('private', { xmlns: CARBONS });

export type CarbonReading =
  /** An ordinary message. */
  | { readonly kind: 'none' }
  | { readonly kind: 'refused'; readonly reason: WrapperRefusal }
  | {
      readonly kind: 'carbon';
      /** `sent`: written on another device of ours. */
      readonly direction: 'received' | 'sent';
      /** The message itself; carbons and archive results within it are no longer possible. */
      readonly message: Element;
    };

const refused = (reason: WrapperRefusal): CarbonReading => ({ kind: 'refused', reason });

/**
 * Looks for a carbon in a message stanza. Section 11: only the own bare JID may send one, anything else is
 * a forgery; and it must forward a message that this account can have sent or received.
 * Errors that were copied come as type error (section 7): look for carbons before looking for errors.
 * @param own an address of this account
 */
export const readCarbon = (stanza: Element, own: Jid): CarbonReading => {
  const wrappers = wrappersOf(stanza).filter((element) => element.getNS() === CARBONS);
  const [wrapper] = wrappers;
  if (wrapper === undefined) return { kind: 'none' };
  const from = addressOf(stanza, 'from');
  if (from === undefined || from.resource !== '' || bareJid(from) !== bareJid(own)) return refused('sender');
  const message = wrappers.length === 1 ? readForwarded(wrapper)?.message : undefined;
  if (message === undefined) return refused('malformed');
  if (wrappersOf(message).length > 0) return refused('nested');
  const direction = wrapper.getName() === 'sent' ? 'sent' : 'received';
  return isPlausible(message, direction, own) ? { kind: 'carbon', direction, message } : refused('foreign');
};

/** The server copies what we sent, or what was sent to us; without `to` a message is for its own account. */
const isPlausible = (message: Element, direction: 'received' | 'sent', own: Jid): boolean => {
  const from = addressOf(message, 'from');
  const to = addressOf(message, 'to');
  if (from === undefined) return false;
  if (direction === 'sent') return bareJid(from) === bareJid(own);
  return message.attrs['to'] === undefined || (to !== undefined && bareJid(to) === bareJid(own));
};

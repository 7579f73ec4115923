/** XEP-0184: Message Delivery Receipts, version 1.4.0 — https://xmpp.org/extensions/xep-0184.html */
import type { Feature } from '../feature.ts';
import { child, xml, type Element } from '../stanza.ts';
import { usableId } from './attribute-values.ts';
import { hint } from './hints.ts';
import { isBounced, stanzaIdAttribute } from './message.ts';

const RECEIPTS = 'urn:xmpp:receipts';

/** Asks for a receipt; the message needs an `id` (section 7). */
export const receiptRequest = (): Element => xml('request', { xmlns: RECEIPTS });

/** Receipts make no sense in rooms (section 5.3), and some clients send them to the whole room nevertheless. */
const mayCarry = (message: Element): boolean => !isBounced(message) && message.attrs['type'] !== 'groupchat';

/**
 * The id to acknowledge, if the message asks for it. Section 8: answer only those who may see our presence;
 * section 5.5: only when the message is received, not when it is read from an archive later.
 */
export const readReceiptRequest = (message: Element): string | undefined => {
  if (!mayCarry(message) || child(message, 'request', RECEIPTS) === undefined) return undefined;
  // Section 5.4: a receipt that asks for a receipt would loop.
  return child(message, 'received', RECEIPTS) === undefined ? stanzaIdAttribute(message) : undefined;
};

/**
 * The `id` attribute of the message of ours that has arrived. Only whom that message was sent to can say so:
 * the caller compares the sender's bare JID with the recipient of the message. May come several times, from
 * several devices (section 4).
 */
export const readReceipt = (message: Element): string | undefined =>
  mayCarry(message) ? usableId(child(message, 'received', RECEIPTS)?.attrs['id']) : undefined;

/**
 * A receipt (section 7). It carries the hint to store it: otherwise a sender who is offline now would never
 * learn that the message has arrived.
 * @param receipt `received` is the id that `readReceiptRequest` gave, `type` the type of that message
 */
export const receiptMessage = (receipt: {
  readonly to: string;
  readonly id: string;
  readonly type: 'chat' | 'normal';
  readonly received: string;
}): Element =>
  xml(
    'message',
    { type: receipt.type, to: receipt.to, id: receipt.id },
    xml('received', { xmlns: RECEIPTS, id: receipt.received }),
    hint('store'),
  );

export const deliveryReceipts: Feature = { id: 'XEP-0184', discoVars: [RECEIPTS] };

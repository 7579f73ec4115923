/**
 * XEP-0333: Displayed Markers, version 1.0.0 — https://xmpp.org/extensions/xep-0333.html
 * and, for reading, `received` and `acknowledged` of the versions before it (section 11).
 */
import type { Feature } from '../feature.ts';
import { child, xml, type Element } from '../stanza.ts';
import { usableId } from './attribute-values.ts';
import { hint } from './hints.ts';
import { isBounced, stanzaIdAttribute } from './message.ts';

const MARKERS = 'urn:xmpp:chat-markers:0';

/** Asks to be told when the message is displayed; the message needs an `id` (section 4.1). */
export const markable = (): Element => xml('markable', { xmlns: MARKERS });

/**
 * The id to put into the marker, if the message asks for one. In a room it is the room's stanza-id instead
 * (section 4.3). Never answered for messages of our own devices (section 5), nor to those who may not see our
 * presence (section 7).
 */
export const readMarkable = (message: Element): string | undefined => {
  if (isBounced(message) || child(message, 'markable', MARKERS) === undefined) return undefined;
  // Section 4.2: a marker for a marker would loop.
  return readMarker(message) === undefined ? stanzaIdAttribute(message) : undefined;
};

/** The further a marker goes, the earlier it stands. */
const kinds = ['acknowledged', 'displayed', 'received'] as const;

export interface Marker {
  /** `acknowledged` means displayed and more, `received` the same as a receipt. */
  readonly kind: (typeof kinds)[number];
  /** Id of the last message it stands for: all messages up to this one. */
  readonly id: string;
}

/**
 * The marker in a message. The caller checks the sender: in a direct chat it is the other side, or our own
 * account by carbon; ids that are not found in that chat and markers that go back are ignored (section 5).
 */
export const readMarker = (message: Element): Marker | undefined => {
  if (isBounced(message)) return undefined;
  for (const kind of kinds) {
    const id = usableId(child(message, kind, MARKERS)?.attrs['id']);
    if (id !== undefined) return { kind, id };
  }
  return undefined;
};

/**
 * Tells that everything up to this message was displayed (section 4.2), stored for senders who are offline now.
 * @param marker `displayed` is the id that `readMarkable` gave; `assist` is the element of XEP-0490 section 4.5,
 *   and then `to` must be a bare JID
 */
export const displayedMessage = (marker: {
  readonly to: string;
  readonly id: string;
  readonly type: 'chat' | 'normal' | 'groupchat';
  readonly displayed: string;
  readonly assist?: Element | undefined;
}): Element =>
  xml(
    'message',
    { type: marker.type, to: marker.to, id: marker.id },
    xml('displayed', { xmlns: MARKERS, id: marker.displayed }),
    marker.assist,
    hint('store'),
  );

export const displayedMarkers: Feature = { id: 'XEP-0333', discoVars: [MARKERS] };

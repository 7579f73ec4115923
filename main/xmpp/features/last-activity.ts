/** XEP-0319: Last User Interaction in Presence, version 1.0.2 — https://xmpp.org/extensions/xep-0319.html */
import { child, xml, type Element } from '../stanza.ts';
import { formatDateTime, parseDateTime } from './delay.ts';

const IDLE = 'urn:xmpp:idle:1';

/** Tells since when nobody has touched this device (section 2.1); milliseconds since 1970. */
export const idleSince = (time: number): Element => xml('idle', { xmlns: IDLE, since: formatDateTime(time) });

/**
 * Since when nobody has touched the device of a contact, in milliseconds since 1970; undefined where it is in
 * use or says nothing.
 * @param now nobody is idle since tomorrow: a clock that is ahead counts as now
 */
export const readIdleSince = (presence: Element, now: number): number | undefined => {
  if (presence.attrs['type'] !== undefined) return undefined;
  const since = parseDateTime(child(presence, 'idle', IDLE)?.attrs['since'] ?? '');
  return since === undefined || since < 0 ? undefined : Math.min(since, now);
};

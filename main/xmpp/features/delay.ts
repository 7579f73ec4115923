/**
 * XEP-0203: Delayed Delivery, version 2.0 — https://xmpp.org/extensions/xep-0203.html
 * with timestamps of XEP-0082.
 */
import { child, NS, type Element } from '../stanza.ts';
import { toBare } from '#shared/jid.ts';

/** XEP-0082 section 3.2: CCYY-MM-DDThh:mm:ss[.sss]TZD */
const DATE_TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/**
 * Milliseconds since 1970 of an XEP-0082 date and time, or undefined where it is none.
 * Fractions beyond milliseconds are cut.
 */
export const parseDateTime = (text: string): number | undefined => {
  const match = DATE_TIME.exec(text.trim());
  if (match === null) return undefined;
  const time = Date.parse(`${match[1]}${(match[2] ?? '').slice(0, 4)}${match[3]}`);
  return Number.isNaN(time) ? undefined : time;
};

/** XEP-0082 date and time in UTC. */
export const formatDateTime = (time: number): string => new Date(time).toISOString();

/**
 * When the stanza was sent, according to an entity that may say so: the delay must name one of
 * `trusted` (bare JIDs or domains), because anybody can put a delay into a stanza (section 4).
 */
export const readDelay = (stanza: Element, trusted: readonly string[]): number | undefined => {
  const delay = child(stanza, 'delay', NS.delay);
  const by = delay?.attrs['from'] === undefined ? undefined : toBare(delay.attrs['from']);
  if (delay === undefined || by === undefined || !trusted.includes(by)) return undefined;
  return parseDateTime(delay.attrs['stamp'] ?? '');
};

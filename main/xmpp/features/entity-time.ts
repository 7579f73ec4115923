/** XEP-0202: Entity Time, version 2.0 — https://xmpp.org/extensions/xep-0202.html */
import { child, xml, type Element } from '../stanza.ts';
import { parseDateTime } from './delay.ts';

const TIME = 'urn:xmpp:time';

/** Asks what time it is there. @param to a server, or another entity */
export const timeRequest = (to: string): Element =>
  xml('iq', { type: 'get', to }, xml('time', { xmlns: TIME }));

/** Milliseconds since 1970; undefined where the answer has no time. */
export const readTime = (answer: Element): number | undefined => {
  const time = child(answer, 'time', TIME);
  const utc = time && child(time, 'utc', TIME)?.text();
  return utc === undefined ? undefined : parseDateTime(utc);
};

/** XEP-0334: Message Processing Hints, version 1.0.0 — https://xmpp.org/extensions/xep-0334.html */
import { xml, type Element } from '../stanza.ts';
import { isBounced } from './message.ts';

const HINTS = 'urn:xmpp:hints';

const hints = [
  /** Not in archives; delivery to somebody who is offline is fine (section 4.1). */
  'no-permanent-store',
  /** Neither in archives nor for later delivery (section 4.2). */
  'no-store',
  /** Only to the address it names; allowed only with a full JID (section 4.3). */
  'no-copy',
  /** Worth storing although it has no body (section 4.4). */
  'store',
] as const;

export type Hint = (typeof hints)[number];

/** A wish, not an order: nothing may depend on it (section 5). */
export const hint = (name: Hint): Element => xml(name, { xmlns: HINTS });

/** The hints of a message, each once; none in error stanzas (section 5). */
export const readHints = (message: Element): readonly Hint[] => {
  if (isBounced(message)) return [];
  const names = message
    .getChildElements()
    .flatMap((element) => (element.getNS() === HINTS ? [element.getName()] : []));
  return hints.filter((one) => names.includes(one));
};

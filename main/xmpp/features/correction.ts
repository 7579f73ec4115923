/** XEP-0308: Last Message Correction, version 1.2.1 — https://xmpp.org/extensions/xep-0308.html */
import type { Feature } from '../feature.ts';
import { childrenOf, xml, type Element } from '../stanza.ts';
import { usableId } from './attribute-values.ts';
import { isBounced, stanzaIdAttribute } from './message.ts';

const CORRECTION = 'urn:xmpp:message-correct:0';

/**
 * Marks a message as the replacement of an earlier one, whole and with a new id.
 * @param id `id` attribute of the first version, also for the second correction (section 4)
 */
export const replace = (id: string): Element => xml('replace', { xmlns: CORRECTION, id });

/**
 * The `id` attribute of the message that this one replaces. The caller looks it up among the messages of the
 * same chat and lets it happen only where `isSameAuthor` (section 4); otherwise, and where the id is unknown,
 * the text is a message of its own: nothing vanishes.
 */
export const readCorrection = (message: Element): string | undefined => {
  if (isBounced(message)) return undefined;
  const all = childrenOf(message, 'replace', CORRECTION);
  const id = all.length === 1 ? usableId(all[0]?.attrs['id']) : undefined;
  return id === stanzaIdAttribute(message) ? undefined : id;
};

export const messageCorrection: Feature = { id: 'XEP-0308', discoVars: [CORRECTION] };

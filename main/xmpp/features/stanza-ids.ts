/** XEP-0359: Unique and Stable Stanza IDs, version 0.7.0 — https://xmpp.org/extensions/xep-0359.html */
import { toBare } from '#shared/jid.ts';
import type { Feature } from '../feature.ts';
import { child, childrenOf, NS, xml, type Element } from '../stanza.ts';

const MAX_ID_LENGTH = 1024;
const usable = (id: string | undefined): string | undefined =>
  id === undefined || id === '' || id.length > MAX_ID_LENGTH ? undefined : id;

/** The id that the sending client gave; like everything a client says, only as true as the sender. */
export const readOriginId = (message: Element): string | undefined =>
  usable(child(message, 'origin-id', NS.stanzaId)?.attrs['id']);

export const originId = (id: string): Element => xml('origin-id', { xmlns: NS.stanzaId, id });

/**
 * The id that an archive gave to the message. Section 6, rule 7: only from an entity that is trusted to
 * remove forged ones, so the caller names it (the own bare JID, or a room) after checking its features.
 */
export const readStanzaId = (message: Element, trustedBy: string): string | undefined =>
  usable(
    childrenOf(message, 'stanza-id', NS.stanzaId).find(
      (element) => toBare(element.attrs['by'] ?? '') === trustedBy,
    )?.attrs['id'],
  );

export const stanzaIds: Feature = { id: 'XEP-0359', discoVars: [NS.stanzaId] };

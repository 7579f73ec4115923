/** XEP-0352: Client State Indication, version 1.0.0 — https://xmpp.org/extensions/xep-0352.html */
import { child, xml, type Element } from '../stanza.ts';

const CSI = 'urn:xmpp:csi:0';

/** Whether the features of a stream, after authentication, offer it (section 4.1). */
export const offersClientState = (features: Element): boolean => child(features, 'csi', CSI) !== undefined;

/**
 * Tells whether somebody looks at the window (section 4.2). Not a stanza: it has no answer and is not counted by
 * stream management (XEP-0198 section 4). Every stream begins active, a resumed one as well (section 5.2).
 */
export const clientState = (state: 'active' | 'inactive'): Element => xml(state, { xmlns: CSI });

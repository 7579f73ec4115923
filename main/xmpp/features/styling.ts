/**
 * XEP-0393: Message Styling, version 1.1.1 — https://xmpp.org/extensions/xep-0393.html
 * Only what travels beside the body; the body itself is read by `shared/styling.ts`.
 */
import type { Feature } from '../feature.ts';
import { child, xml, type Element } from '../stanza.ts';

const STYLING = 'urn:xmpp:styling:0';

/** Whether the sender wants the body shown as it is (section 7). */
export const isUnstyled = (message: Element): boolean => child(message, 'unstyled', STYLING) !== undefined;

/** Asks to show the body as it is. */
export const unstyled = (): Element => xml('unstyled', { xmlns: STYLING });

export const messageStyling: Feature = { id: 'XEP-0393', discoVars: [STYLING] };

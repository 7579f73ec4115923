/** XEP-0380: Explicit Message Encryption, version 0.4.0 — https://xmpp.org/extensions/xep-0380.html */
import { oneLine } from '#shared/text.ts';
import type { Feature } from '../feature.ts';
import { child, xml, type Element } from '../stanza.ts';
import { usableId } from './attribute-values.ts';
import { isBounced } from './message.ts';

const EME = 'urn:xmpp:eme:0';

/** Section 3.2 */
const names: ReadonlyMap<string, string> = new Map([
  ['urn:xmpp:otr:0', 'OTR'],
  ['jabber:x:encrypted', 'Legacy OpenPGP'],
  ['urn:xmpp:openpgp:0', 'OpenPGP for XMPP'],
  ['eu.siacs.conversations.axolotl', 'OMEMO'],
  ['urn:xmpp:omemo:1', 'OMEMO 1'],
  ['urn:xmpp:omemo:2', 'OMEMO 2'],
]);

export interface EncryptionHint {
  /** Namespace of the mechanism. */
  readonly namespace: string;
  /** What to call it: our own word for what we know (section 4), else the sender's, else the namespace. One line. */
  readonly name: string;
}

/** How the sender says that the message is encrypted. It only explains what could not be read; it proves nothing. */
export const readEncryptionHint = (message: Element): EncryptionHint | undefined => {
  if (isBounced(message)) return undefined;
  const element = child(message, 'encryption', EME);
  const namespace = usableId(element?.attrs['namespace']);
  if (namespace === undefined) return undefined;
  const given = oneLine(element?.attrs['name'] ?? '', 60);
  return { namespace, name: names.get(namespace) ?? (given === '' ? oneLine(namespace) : given) };
};

/** Says by which mechanism a message is encrypted, for clients that cannot read it. */
export const encryptionHint = (namespace: string): Element => xml('encryption', { xmlns: EME, namespace });

export const explicitEncryption: Feature = { id: 'XEP-0380', discoVars: [EME] };

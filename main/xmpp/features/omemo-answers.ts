/**
 * XEP-0384: OMEMO Encryption, version 0.3.0 — https://xmpp.org/extensions/attic/xep-0384-0.3.0.html
 * What one device answers another without its user: that a session stands, and that a message could not be read.
 */
import { child, NS, xml, type Element } from '../stanza.ts';
import { privateMessage } from './carbons.ts';
import { hint } from './hints.ts';
import { stanzaIdAttribute } from './message.ts';

/** A message that only carries keys (section 4.6), for somebody who may be away. @param to bare JID */
export const emptyMessage = (to: string, id: string, encrypted: Element): Element =>
  xml('message', { type: 'chat', to, id }, encrypted, hint('store'));

/**
 * The same for one resource alone, and nobody's archive: with a payload, so that whoever else gets it would show a
 * message that they cannot read. @param to full JID
 */
export const messageForOne = (to: string, id: string, encrypted: Element): Element =>
  xml(
    'message',
    { type: 'chat', to, id },
    encrypted,
    privateMessage(),
    hint('no-copy'),
    hint('no-permanent-store'),
  );

const E2E = 'urn:ietf:params:xml:ns:xmpp-e2e';

/** For people whose client shows what an error says; ours has its own words. */
const TEXT = 'This message could not be decrypted. Please send it again.';

/** What a sender needs to be told about a message of theirs: the address that it came from, and its id. */
export interface Complaint {
  readonly to: string;
  readonly id: string;
}

/** Undefined where nobody could be told, or must not be: an error never answers an error (section 8.3.1). */
export const complaintAbout = (message: Element): Complaint | undefined => {
  const { from: to, type = 'normal' } = message.attrs;
  const id = stanzaIdAttribute(message);
  if (to === undefined || id === undefined || (type !== 'chat' && type !== 'normal')) return undefined;
  return { to, id };
};

/**
 * A message comes back with an error (RFC 6120 section 8.3) and a condition of the application (section 8.3.4), that
 * of RFC 3923 section 7: XEP-0384 has no words of its own for it. The same for every reason: whoever sends us
 * damaged messages learns nothing about keys by it.
 */
export const decryptionError = ({ to, id }: Complaint): Element =>
  xml(
    'message',
    { type: 'error', to, id },
    xml(
      'error',
      { type: 'modify' },
      xml('not-acceptable', { xmlns: NS.stanzas }),
      xml('text', { xmlns: NS.stanzas, 'xml:lang': 'en' }, TEXT),
      xml('decryption-failed', { xmlns: E2E }),
    ),
  );

/** Whether a message of ours came back because somebody could not decrypt it. */
export const isDecryptionError = (message: Element): boolean => {
  const error = message.attrs['type'] === 'error' ? child(message, 'error', NS.client) : undefined;
  return error !== undefined && child(error, 'decryption-failed', E2E) !== undefined;
};

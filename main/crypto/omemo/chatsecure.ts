/**
 * ChatSecure for iOS, and Zom, which is made of it. It drops a message without a payload before it looks at the
 * session in it, so that an empty message neither answers nor repairs anything there.
 */
import { OMEMO } from '#main/xmpp/features/omemo.ts';
import { addressOf, child, childText, type Element } from '#main/xmpp/stanza.ts';

/** What it calls itself unless the user has another idea: the name of the app and a number below 100,000. */
const RESOURCE = /^(?:chatsecure|zom)\d{1,5}$/i;

/**
 * The resource of a message that has the marks of ChatSecure for iOS, all of them: others could not read what it
 * needs. It writes no body beside the encrypted element, and no hint of XEP-0380. Undefined for other clients.
 */
export const chatSecureResource = (message: Element): string | undefined => {
  const resource = addressOf(message, 'from')?.resource ?? '';
  const isBare =
    childText(message, 'body') === undefined && child(message, 'encryption', 'urn:xmpp:eme:0') === undefined;
  const encrypted = child(message, 'encrypted', OMEMO);
  const hasPayload = encrypted !== undefined && child(encrypted, 'payload', OMEMO) !== undefined;
  return isBare && hasPayload && RESOURCE.test(resource) ? resource : undefined;
};

/** XEP-0066: Out of Band Data, version 1.5 (section 3, jabber:x:oob) — https://xmpp.org/extensions/xep-0066.html */
import type { Feature } from '../feature.ts';
import { child, childrenOf, childText, xml, type Element } from '../stanza.ts';
import { isBounced } from './message.ts';

const OOB = 'jabber:x:oob';
const MAX_URL_LENGTH = 4096;
const MAX_DESCRIPTION_LENGTH = 1024;
const MAX_ELEMENTS = 10;
/** What we fetch: nothing in the clear. `aesgcm` is an encrypted file on an https server (XEP-0454). */
const schemes: readonly string[] = ['https:', 'aesgcm:'];

export interface OutOfBandUrl {
  /** As it was sent: an `aesgcm` URL carries a key behind the `#`. */
  readonly url: string;
  /** Empty where there is none. */
  readonly description: string;
  /** The body is nothing but this URL: it is a file, and the body needs not be shown. */
  readonly isWholeBody: boolean;
}

/** Without whitespace and controls, which URL parsers silently remove; and without names and passwords. */
const isFetchable = (text: string): boolean => {
  if (text.length > MAX_URL_LENGTH || /[\s\p{Cc}\p{Cf}\p{Cs}\\]/u.test(text)) return false;
  const url = URL.parse(text);
  if (url === null || !schemes.includes(url.protocol)) return false;
  return url.hostname !== '' && url.username === '' && url.password === '';
};

/** The first URL that may be fetched, if the message has one. Nothing is ever fetched by reading it. */
export const readOutOfBandUrl = (message: Element): OutOfBandUrl | undefined => {
  if (isBounced(message)) return undefined;
  for (const element of childrenOf(message, 'x', OOB).slice(0, MAX_ELEMENTS)) {
    const url = child(element, 'url', OOB)?.text().trim() ?? '';
    const description =
      child(element, 'desc', OOB)?.text().slice(0, MAX_DESCRIPTION_LENGTH).toWellFormed() ?? '';
    if (isFetchable(url))
      return { url, description, isWholeBody: childText(message, 'body')?.trim() === url };
  }
  return undefined;
};

/** Marks the URL of a file; most clients take it for a file only where the body is the same URL. */
export const outOfBandUrl = (url: string): Element => xml('x', { xmlns: OOB }, xml('url', {}, url));

export const outOfBandData: Feature = { id: 'XEP-0066', discoVars: [OOB] };

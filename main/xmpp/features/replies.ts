/** XEP-0461: Message Replies, version 0.2.1 — https://xmpp.org/extensions/xep-0461.html */
import { parseJid, type Jid } from '#shared/jid.ts';
import type { Feature } from '../feature.ts';
import { childrenOf, toXmlText, xml, type Element } from '../stanza.ts';
import { usableId } from './attribute-values.ts';
import { codePointLength, fallback, stripFallback, type Fallback } from './fallback.ts';
import { isBounced } from './message.ts';

const REPLY = 'urn:xmpp:reply:0';

export interface Reply {
  /**
   * The message that is answered: in a direct chat its origin-id, or its `id` attribute; in a room the room's
   * stanza-id (section 4.1).
   */
  readonly id: string;
  /** Who wrote it, as the sender says: for finding it, never for showing a name beside a quotation. */
  readonly author: Jid | undefined;
}

/** What a message answers. Looked up in the same chat only; an unknown id leaves an ordinary message. */
export const readReply = (message: Element): Reply | undefined => {
  if (isBounced(message)) return undefined;
  const all = childrenOf(message, 'reply', REPLY);
  const [reply] = all;
  const id = all.length === 1 ? usableId(reply?.attrs['id']) : undefined;
  return id === undefined ? undefined : { id, author: parseJid(reply?.attrs['to'] ?? '') };
};

/**
 * The text of a reply without its quotation, for where the answered message is shown beside it (section 3.1).
 * A reply that would have nothing left keeps all of it: no text may vanish because of a range.
 */
export const replyText = (body: string, fallbacks: readonly Fallback[]): string => {
  const text = stripFallback(body, fallbacks, [REPLY]);
  return text.trim() === '' ? body : text;
};

/** A quotation is a reminder, not a copy. */
const MAX_QUOTED = 1000;

/**
 * Quotes a text in the form of XEP-0393 section 6.1.3, ending with a line break. Empty for an empty text.
 * @param text at most the first 1000 code points of it are used
 */
export const quote = (text: string): string => {
  // XML parsers turn CR into LF (XML 1.0 section 2.11): offsets must be counted after that.
  const clean = toXmlText(text).replace(/\r\n?/g, '\n').trimEnd();
  if (clean === '') return '';
  const points = Array.from(clean.slice(0, MAX_QUOTED * 2 + 2));
  const shown = points.length > MAX_QUOTED ? `${points.slice(0, MAX_QUOTED).join('')}…` : clean;
  return shown
    .split('\n')
    .map((line) => (line.startsWith('>') ? `>${line}\n` : `> ${line}\n`))
    .join('');
};

/**
 * The body and the elements of a reply: the quotation in front is for clients that do not know replies.
 * @param reply `id` as in `Reply.id`, `author` the full or bare JID of who wrote it, `quoted` its text
 */
export const replyContent = (reply: {
  readonly id: string;
  readonly author: string;
  readonly quoted: string;
  readonly body: string;
}): { readonly body: string; readonly extensions: readonly Element[] } => {
  const quotation = quote(reply.quoted);
  const reference = xml('reply', { xmlns: REPLY, to: reply.author, id: reply.id });
  const range = { start: 0, end: codePointLength(quotation) };
  return {
    body: quotation + reply.body,
    extensions: quotation === '' ? [reference] : [reference, fallback(REPLY, range)],
  };
};

export const messageReplies: Feature = { id: 'XEP-0461', discoVars: [REPLY] };

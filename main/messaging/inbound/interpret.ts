import { child, type Element } from '#main/xmpp/stanza.ts';
import { readMessageContent } from '#main/xmpp/features/message.ts';
import type { ChatState } from '#main/xmpp/features/chat-states.ts';
import type { StanzaError } from '#main/xmpp/port.ts';
import type { Protection } from '#shared/views.ts';

/** What a message means to us. Closed: a new meaning does not compile until everybody handles it. */
export type Meaning =
  | { readonly kind: 'text'; readonly text: string }
  /** Encrypted, and nobody here has the key. `fallback` is what the sender's client says to such as us. */
  | { readonly kind: 'unreadable'; readonly fallback: string; readonly protection: Protection }
  | { readonly kind: 'chat-state'; readonly state: ChatState }
  | { readonly kind: 'error'; readonly error: StanzaError };

/** Texts beyond this are cut for the screen and the index; the stanza limit is far above. */
const MAX_TEXT_LENGTH = 200_000;

/** Both generations of XEP-0384. */
const OMEMO = ['eu.siacs.conversations.axolotl', 'urn:xmpp:omemo:2'] as const;

/** An element without a payload only carries keys (XEP-0384 section 5.5.3): there is nothing to show. */
const hasOmemoPayload = (message: Element): boolean =>
  OMEMO.some((xmlns) => {
    const encrypted = child(message, 'encrypted', xmlns);
    return encrypted !== undefined && child(encrypted, 'payload', xmlns) !== undefined;
  });

/**
 * Reads the meanings of a message in the order in which they take effect.
 * A body beside an encrypted payload is only what the sender's client says to clients without the key:
 * a message that cannot be read becomes a visible row, never silence.
 */
export const interpret = (message: Element): readonly Meaning[] => {
  const content = readMessageContent(message);
  if (content.error !== undefined) return [{ kind: 'error', error: content.error }];
  const meanings: Meaning[] = [];
  const text = (content.text ?? '').slice(0, MAX_TEXT_LENGTH).toWellFormed();
  if (hasOmemoPayload(message)) meanings.push({ kind: 'unreadable', fallback: text, protection: 'omemo' });
  else if (text.trim() !== '') meanings.push({ kind: 'text', text });
  if (content.chatState !== undefined) meanings.push({ kind: 'chat-state', state: content.chatState });
  return meanings;
};

/** RFC 6121 section 5: one-to-one messages. */
import type { Jid } from '#shared/jid.ts';
import { addressOf, childText, NS, readStanzaError, toXmlText, xml, type Element } from '../stanza.ts';
import type { StanzaError } from '../port.ts';
import { usableId } from './attribute-values.ts';
import { readChatState, chatState, type ChatState } from './chat-states.ts';
import { originId } from './stanza-ids.ts';

/** What a message carries; one stanza can carry a text and a chat state together. */
export interface MessageContent {
  readonly text: string | undefined;
  readonly chatState: ChatState | undefined;
  readonly error: StanzaError | undefined;
}

/** The `id` attribute, or undefined where it is missing or unreasonable. */
export const stanzaIdAttribute = (stanza: Element): string | undefined => usableId(stanza.attrs['id']);

/**
 * Whether a message came back as an error. It may bring along what it carried when it left (RFC 6120 section
 * 8.3.1): nothing in it is said anew, so readers of extensions find nothing in it.
 */
export const isBounced = (message: Element): boolean => message.attrs['type'] === 'error';

/** The content of a message; types other than chat, normal and error have none for us (RFC 6121 section 5.2.2). */
export const readMessageContent = (message: Element): MessageContent => {
  const type = message.attrs['type'] ?? 'normal';
  const isError = type === 'error';
  const ours = isError || type === 'chat' || type === 'normal';
  return {
    text: ours && !isError ? childText(message, 'body') : undefined,
    chatState: ours && !isError ? readChatState(message) : undefined,
    error: isError ? readStanzaError(message) : undefined,
  };
};

/** A chat message. Its `id` is its origin-id too, so that every echo can be recognised (XEP-0359). */
export const textMessage = (message: {
  readonly to: string;
  readonly id: string;
  readonly body: string;
  readonly chatState: boolean;
  /** Elements of other extensions, such as a receipt request or the reference of a reply. */
  readonly extensions?: readonly Element[];
}): Element =>
  xml(
    'message',
    { type: 'chat', to: message.to, id: message.id },
    xml('body', {}, message.body),
    message.chatState ? chatState('active') : undefined,
    originId(message.id),
    message.extensions,
  );

/**
 * A message as if its text had come in the clear: without what stood in for it, and without the encrypted element.
 * @param text undefined where there is none
 * @param namespace of the encrypted element
 */
export const withText = (message: Element, text: string | undefined, namespace: string): Element => {
  const kept = message
    .getChildElements()
    .filter(
      (element) =>
        !(element.getName() === 'body' && element.getNS() === NS.client) &&
        !(element.getName() === 'encrypted' && element.getNS() === namespace),
    );
  const body = text === undefined ? undefined : xml('body', { xmlns: NS.client }, toXmlText(text));
  return xml('message', message.attrs, body, ...kept);
};

/** A chat state alone; servers need not keep it (no body, no store). */
export const chatStateMessage = (to: string, id: string, state: ChatState): Element =>
  xml('message', { type: 'chat', to, id }, chatState(state));

/** Sender of a message; without `from` it is our own account (RFC 6120 section 8.1.2.1). */
export const senderOf = (message: Element, own: Jid): Jid | undefined =>
  message.attrs['from'] === undefined ? { ...own, resource: '' } : addressOf(message, 'from');

import { randomUUID } from 'node:crypto';
import type { Chat } from '#main/store/chats.ts';
import type { StoredMessage } from '#main/store/messages.ts';
import type { OutboxEntry } from '#main/store/outbox.ts';
import { replace } from '#main/xmpp/features/correction.ts';
import { displayedMessage, markable } from '#main/xmpp/features/markers.ts';
import { textMessage } from '#main/xmpp/features/message.ts';
import { reactionsMessage } from '#main/xmpp/features/reactions.ts';
import { receiptMessage, receiptRequest } from '#main/xmpp/features/receipts.ts';
import { replyContent } from '#main/xmpp/features/replies.ts';
import { retractionMessage } from '#main/xmpp/features/retraction.ts';
import type { Element } from '#main/xmpp/stanza.ts';
import type {
  EditPayload,
  MarkerPayload,
  ReactionPayload,
  ReceiptPayload,
  RetractionPayload,
} from './payloads.ts';

/** What becomes of a message that is about to leave. */
export type Sealed =
  | { readonly kind: 'sealed'; readonly stanza: Element }
  /** It cannot be protected as it was meant to be; it stays here. */
  | { readonly kind: 'refused'; readonly condition: string };

export interface SealOptions {
  readonly sendTyping: boolean;
  /** The message that this one answers, where it is here. */
  readonly answered?: Pick<StoredMessage, 'body'> | undefined;
}

const sealed = (stanza: Element): Sealed => ({ kind: 'sealed', stanza });

/**
 * What is said about a message is protected as the message itself was. The protection was chosen when it was
 * queued and is never lowered here: what cannot be protected as promised is refused.
 */
const protect = ({ protection }: Pick<StoredMessage, 'protection'>, plain: () => Element): Sealed => {
  switch (protection) {
    case 'none':
      return sealed(plain());
    case 'omemo':
    case 'otr':
      return { kind: 'refused', condition: 'encryption-unavailable' };
  }
};

/** The body with the quotation of a reply in front, and the elements that say so (XEP-0461). */
const withReply = (
  { reply }: StoredMessage,
  body: string,
  { answered }: SealOptions,
): ReturnType<typeof replyContent> =>
  reply?.jid === undefined
    ? { body, extensions: [] }
    : replyContent({ id: reply.id, author: reply.jid, quoted: answered?.body ?? '', body });

/** Turns a stored message into the stanza that travels. */
export const seal = (message: StoredMessage, chat: Pick<Chat, 'jid'>, options: SealOptions): Sealed =>
  protect(message, () => {
    const { body, extensions } = withReply(message, message.body, options);
    return textMessage({
      to: chat.jid,
      id: message.originId ?? message.stanzaId ?? String(message.id),
      body,
      chatState: options.sendTyping,
      extensions: [
        ...extensions,
        ...(message.receiptWanted ? [receiptRequest()] : []),
        ...(message.markable ? [markable()] : []),
      ],
    });
  });

/**
 * Turns what is said about a message into the stanza that travels.
 * @param about the message; receipts and markers need none
 */
export const sealSignal = (
  { kind, payload }: Pick<OutboxEntry, 'kind' | 'payload'>,
  about: StoredMessage | undefined,
  chat: Pick<Chat, 'jid'>,
  options: SealOptions,
): Sealed => {
  const to = chat.jid;
  const gone: Sealed = { kind: 'refused', condition: 'item-not-found' };
  switch (kind) {
    case 'receipt': {
      const { received, type } = payload as ReceiptPayload;
      return sealed(receiptMessage({ to, id: randomUUID(), type, received }));
    }
    case 'marker': {
      const { displayed } = payload as MarkerPayload;
      return sealed(displayedMessage({ to, id: randomUUID(), type: 'chat', displayed }));
    }
    case 'edit': {
      const { stanzaId: id, replaces, body: text } = payload as EditPayload;
      return about === undefined
        ? gone
        : protect(about, () => {
            const { body, extensions } = withReply(about, text, options);
            const content = { to, id, body, chatState: options.sendTyping };
            return textMessage({ ...content, extensions: [replace(replaces), ...extensions] });
          });
    }
    case 'retraction': {
      const { stanzaId: id, retracts } = payload as RetractionPayload;
      return about === undefined
        ? gone
        : protect(about, () => retractionMessage({ to, id, type: 'chat', retracts }));
    }
    case 'reaction': {
      const { stanzaId: id, about: target, emojis } = payload as ReactionPayload;
      const change = { to, id, type: 'chat', about: target, emojis } as const;
      return about === undefined ? gone : protect(about, () => reactionsMessage(change));
    }
    case 'message':
      return gone;
  }
};

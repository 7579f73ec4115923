import { randomUUID } from 'node:crypto';
import type { MessageId } from '#shared/ids.ts';
import type { AskOutcome, SealOutcome } from '#main/crypto/scheme.ts';
import type { Chat } from '#main/store/chats.ts';
import type { StoredMessage } from '#main/store/messages.ts';
import type { OutboxEntry } from '#main/store/outbox.ts';
import { replace } from '#main/xmpp/features/correction.ts';
import { encryptionHint } from '#main/xmpp/features/encryption-hint.ts';
import { hint } from '#main/xmpp/features/hints.ts';
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
  /** Keys are being fetched. `ready` settles when to seal again, and never rejects. */
  | { readonly kind: 'preparing'; readonly ready: Promise<void> }
  /** The other side is being asked how it can be protected. Never rejects. */
  | { readonly kind: 'asking'; readonly answer: Promise<AskOutcome> }
  /** It cannot be protected as it was meant to be; it stays here. */
  | { readonly kind: 'refused'; readonly condition: string };

export interface SealOptions {
  readonly sendTyping: boolean;
  /** The message that this one answers, where it is here. */
  readonly answered?: Pick<StoredMessage, 'body'> | undefined;
  /** Encrypts for the other side of the chat; undefined where nothing can. */
  readonly encrypt?: ((text: string, messageId: MessageId | undefined) => SealOutcome) | undefined;
}

/** What others show who cannot read it. */
export const OMEMO_FALLBACK =
  'This message is encrypted with OMEMO. Your client does not seem to support that.';

const sealed = (stanza: Element): Sealed => ({ kind: 'sealed', stanza });
const refused = (condition: string): Sealed => ({ kind: 'refused', condition });
const unavailable = refused('encryption-unavailable');

/** A text in the form in which it may leave. */
interface ProtectedText {
  readonly body: string;
  readonly extensions: readonly Element[];
}

/**
 * What is said about a message is protected as the message itself was. The protection was chosen when it was
 * queued and is never lowered here: what cannot be protected as promised is refused.
 * @param messageId of the message whose own text it is
 */
const protectText = (
  { protection }: Pick<StoredMessage, 'protection'>,
  text: string,
  { encrypt }: SealOptions,
  messageId: MessageId | undefined,
  build: (content: ProtectedText) => Element,
): Sealed => {
  switch (protection) {
    case 'none':
      return sealed(build({ body: text, extensions: [] }));
    case 'otr':
    case 'unsettled':
      return unavailable;
    case 'omemo': {
      const outcome = encrypt?.(text, messageId);
      if (outcome === undefined) return unavailable;
      if (outcome.kind !== 'sealed') return outcome;
      // XEP-0384 section 4.5, XEP-0380: archives keep it, and other clients know what it is.
      const { element, namespace } = outcome;
      const extensions = [element, encryptionHint(namespace), hint('store')];
      return sealed(build({ body: OMEMO_FALLBACK, extensions }));
    }
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
export const seal = (message: StoredMessage, chat: Pick<Chat, 'jid'>, options: SealOptions): Sealed => {
  const { body, extensions } = withReply(message, message.body, options);
  return protectText(message, body, options, message.id, (content) =>
    textMessage({
      to: chat.jid,
      id: message.originId ?? message.stanzaId ?? String(message.id),
      body: content.body,
      chatState: options.sendTyping,
      extensions: [
        ...content.extensions,
        ...extensions,
        ...(message.receiptWanted ? [receiptRequest()] : []),
        ...(message.markable ? [markable()] : []),
      ],
    }),
  );
};

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
  const gone = refused('item-not-found');
  switch (kind) {
    case 'receipt': {
      const { received, type } = payload as ReceiptPayload;
      return sealed(receiptMessage({ to, id: randomUUID(), type, received }));
    }
    case 'marker': {
      const { displayed } = payload as MarkerPayload;
      return sealed(displayedMessage({ to, id: randomUUID(), type: 'chat', displayed }));
    }
    case 'edit':
      return about === undefined ? gone : sealEdit(payload as EditPayload, about, to, options);
    case 'retraction': {
      // It names a message and tells nothing of it; this generation of OMEMO could only encrypt a text.
      const { stanzaId: id, retracts } = payload as RetractionPayload;
      if (about?.protection === 'otr') return unavailable;
      return about === undefined ? gone : sealed(retractionMessage({ to, id, type: 'chat', retracts }));
    }
    case 'reaction': {
      const { stanzaId: id, about: target, emojis } = payload as ReactionPayload;
      if (about === undefined) return gone;
      // An emoji says something, and here it could only be said in the clear.
      if (about.protection !== 'none') return unavailable;
      return sealed(reactionsMessage({ to, id, type: 'chat', about: target, emojis }));
    }
    case 'message':
      return gone;
  }
};

const sealEdit = (
  { stanzaId: id, replaces, body: text }: EditPayload,
  about: StoredMessage,
  to: string,
  options: SealOptions,
): Sealed => {
  const { body, extensions } = withReply(about, text, options);
  // Who reads the new text is asked of the device lists of now; the ledger keeps those of the message.
  return protectText(about, body, options, undefined, (content) =>
    textMessage({
      to,
      id,
      body: content.body,
      chatState: options.sendTyping,
      extensions: [...content.extensions, replace(replaces), ...extensions],
    }),
  );
};

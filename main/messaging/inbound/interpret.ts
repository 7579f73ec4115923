import type { Jid } from '#shared/jid.ts';
import type { Protection } from '#shared/views.ts';
import type { ChatState } from '#main/xmpp/features/chat-states.ts';
import { readCorrection } from '#main/xmpp/features/correction.ts';
import { readDisplayedEvent, type DisplayedState } from '#main/xmpp/features/displayed-sync.ts';
import { readFallbacks, stripFallback } from '#main/xmpp/features/fallback.ts';
import { readMarkable, readMarker, type Marker } from '#main/xmpp/features/markers.ts';
import { readMessageContent } from '#main/xmpp/features/message.ts';
import { REACTIONS, readReactions, type Reactions } from '#main/xmpp/features/reactions.ts';
import { readReceipt, readReceiptRequest } from '#main/xmpp/features/receipts.ts';
import { readReply, replyText } from '#main/xmpp/features/replies.ts';
import { readRetraction } from '#main/xmpp/features/retraction.ts';
import type { StanzaError } from '#main/xmpp/port.ts';
import { child, type Element } from '#main/xmpp/stanza.ts';

/** What a text answers, as its sender says (XEP-0461). */
export interface ReplyMeaning {
  readonly id: string;
  readonly author: Jid | undefined;
  /** What the sender quoted, for where the answered message is not here. */
  readonly quote: string;
}

export interface TextMeaning {
  readonly kind: 'text';
  /** Without what only stands in for the quotation of a reply. */
  readonly text: string;
  /** The message whose text this one replaces (XEP-0308). */
  readonly replaces: string | undefined;
  readonly reply: ReplyMeaning | undefined;
  /** The id to give back, where the sender wants to know that it arrived (XEP-0184). */
  readonly receiptWanted: string | undefined;
  /** Whether the sender wants to know that it was displayed (XEP-0333). */
  readonly markable: boolean;
}

/** What a message means to us. Closed: a new meaning does not compile until everybody handles it. */
export type Meaning =
  | TextMeaning
  /** Encrypted, and nobody here has the key. `fallback` is what the sender's client says to such as us. */
  | { readonly kind: 'unreadable'; readonly fallback: string; readonly protection: Protection }
  | { readonly kind: 'retraction'; readonly id: string }
  | { readonly kind: 'reactions'; readonly reactions: Reactions }
  | { readonly kind: 'receipt'; readonly id: string }
  | { readonly kind: 'marker'; readonly marker: Marker }
  /** What other devices of ours have displayed (XEP-0490). */
  | { readonly kind: 'displayed'; readonly states: readonly DisplayedState[] }
  | { readonly kind: 'chat-state'; readonly state: ChatState }
  | { readonly kind: 'error'; readonly error: StanzaError };

/** Texts beyond this are cut for the screen and the index; the stanza limit is far above. */
const MAX_TEXT_LENGTH = 200_000;
/** The typographer's sign for what was left out: nobody shall take a part for the whole. */
const CUT_SIGN = ' […]';

const cut = (text: string): string =>
  text.length <= MAX_TEXT_LENGTH ? text : text.slice(0, MAX_TEXT_LENGTH) + CUT_SIGN;

/** Both generations of XEP-0384. */
const OMEMO = ['eu.siacs.conversations.axolotl', 'urn:xmpp:omemo:2'] as const;

/** An element without a payload only carries keys (XEP-0384 section 5.5.3): there is nothing to show. */
const hasOmemoPayload = (message: Element): boolean =>
  OMEMO.some((xmlns) => {
    const encrypted = child(message, 'encrypted', xmlns);
    return encrypted !== undefined && child(encrypted, 'payload', xmlns) !== undefined;
  });

/** The quotation is in the form of XEP-0393 section 6.1.3; its marks are drawn, not read. */
const withoutMarks = (quotation: string): string => quotation.replace(/^> ?/gm, '').trim();

const readText = (message: Element, body: string): TextMeaning => {
  const reference = readReply(message);
  const text = reference === undefined ? body : replyText(body, readFallbacks(message));
  const quotation = text !== body && body.endsWith(text) ? body.slice(0, body.length - text.length) : '';
  return {
    kind: 'text',
    text,
    replaces: readCorrection(message),
    reply: reference && { ...reference, quote: withoutMarks(quotation) },
    receiptWanted: readReceiptRequest(message),
    markable: readMarkable(message) !== undefined,
  };
};

/** What a message says besides, or instead of, a text. */
const readSignals = (message: Element, own: Jid): readonly Meaning[] => {
  const [reactions, receipt, marker] = [readReactions(message), readReceipt(message), readMarker(message)];
  const states = readDisplayedEvent(message, own);
  return [
    ...(reactions === undefined ? [] : [{ kind: 'reactions', reactions } as const]),
    ...(receipt === undefined ? [] : [{ kind: 'receipt', id: receipt } as const]),
    ...(marker === undefined ? [] : [{ kind: 'marker', marker } as const]),
    ...(states === undefined ? [] : [{ kind: 'displayed', states } as const]),
  ];
};

/**
 * Reads the meanings of a message in the order in which they take effect.
 * A body beside an encrypted payload is only what the sender's client says to clients without the key:
 * a message that cannot be read becomes a visible row, never silence.
 * @param own an address of this account
 */
export const interpret = (message: Element, own: Jid): readonly Meaning[] => {
  const content = readMessageContent(message);
  if (content.error !== undefined) return [{ kind: 'error', error: content.error }];
  // XEP-0424 section 5: the body of a retraction is never shown.
  const retraction = readRetraction(message);
  if (retraction !== undefined) return [{ kind: 'retraction', id: retraction.id }];
  const signals = readSignals(message, own);
  const whole = cut(content.text ?? '').toWellFormed();
  const reacts = signals.some(({ kind }) => kind === 'reactions');
  const text = reacts ? stripFallback(whole, readFallbacks(message), [REACTIONS]) : whole;
  const texts: Meaning[] = [];
  if (hasOmemoPayload(message)) texts.push({ kind: 'unreadable', fallback: text, protection: 'omemo' });
  else if (text.trim() !== '') texts.push(readText(message, text));
  const { chatState: state } = content;
  return [...texts, ...signals, ...(state === undefined ? [] : [{ kind: 'chat-state', state } as const])];
};

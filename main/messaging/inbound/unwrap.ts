import type { AccountId, MessageId } from '#shared/ids.ts';
import { bareJid, type Jid } from '#shared/jid.ts';
import type { MessageDirection, Protection } from '#shared/views.ts';
import type { OpenOutcome, Writer } from '#main/crypto/scheme.ts';
import { readCarbon } from '#main/xmpp/features/carbons.ts';
import { readDelay } from '#main/xmpp/features/delay.ts';
import type { WrapperRefusal } from '#main/xmpp/features/forwarding.ts';
import { senderOf } from '#main/xmpp/features/message.ts';
import { readStanzaId } from '#main/xmpp/features/stanza-ids.ts';
import { addressOf, type Element } from '#main/xmpp/stanza.ts';
import type { ArchivedMessage } from '../archive/archive-reader.ts';

/** How a message reached us. */
export type Source = 'live' | 'carbon' | 'archive';

/** A message stanza together with what is known, and believed, about its way to us. */
export interface Envelope {
  readonly accountId: AccountId;
  /** Full JID of our stream. */
  readonly own: Jid;
  readonly source: Source;
  /** `out`: written by this account, on another device or earlier on this one. */
  readonly direction: MessageDirection;
  /** Bare JID of the other side: whose chat it belongs to. */
  readonly peer: string;
  /** The message itself, without wrappers. */
  readonly message: Element;
  readonly from: Jid;
  /** Id given by our own archive (XEP-0359). */
  readonly archiveId: string | undefined;
  /** When our server received it, if that was not just now. */
  readonly delayedAt: number | undefined;
  /** Place in the timeline that the order of the archive gives it; undefined for what arrives now. */
  readonly sortAt?: number | undefined;
  /** How the text was protected on its way; undefined: not at all, or nobody could read it. */
  readonly protection?: Protection | undefined;
  /** The device that wrote it, proven by its keys. */
  readonly writer?: Writer | undefined;
  /** The row of it that could not be read when it came before: its sender has sent it again. */
  readonly reveals?: MessageId | undefined;
  /** Why nobody here could read it. */
  readonly unreadable?: Extract<OpenOutcome, { kind: 'unreadable' }> | undefined;
}

export type Unwrapped =
  | { readonly kind: 'message'; readonly envelope: Envelope }
  /** Not for us: no valid address, or a room that we never joined. */
  | { readonly kind: 'ignored' }
  | { readonly kind: 'refused'; readonly reason: WrapperRefusal };

const ignored: Unwrapped = { kind: 'ignored' };

/** What a message is, whatever brought it. */
const address = (
  accountId: AccountId,
  own: Jid,
  message: Element,
  way: Pick<Envelope, 'source' | 'archiveId' | 'delayedAt'>,
): Unwrapped => {
  const from = senderOf(message, own);
  if (from === undefined || message.attrs['type'] === 'groupchat') return ignored;
  const ownBare = bareJid(own);
  const isOwn = bareJid(from) === ownBare;
  const to = message.attrs['to'] === undefined ? own : addressOf(message, 'to');
  if (isOwn && to === undefined) return ignored;
  const peer = isOwn && to !== undefined ? bareJid(to) : bareJid(from);
  // A note to oneself comes in like one of somebody else; the copies of it are told apart by their ids.
  const direction = isOwn && (way.source !== 'live' || peer !== ownBare) ? 'out' : 'in';
  return { kind: 'message', envelope: { accountId, own, direction, peer, message, from, ...way } };
};

/** Takes the wrapper off a message stanza of the stream and says who wrote to whom. */
export const unwrap = (accountId: AccountId, own: Jid, stanza: Element): Unwrapped => {
  const carbon = readCarbon(stanza, own);
  if (carbon.kind === 'refused') return carbon;
  const message = carbon.kind === 'carbon' ? carbon.message : stanza;
  const ownBare = bareJid(own);
  return address(accountId, own, message, {
    source: carbon.kind === 'carbon' ? 'carbon' : 'live',
    archiveId: readStanzaId(message, ownBare),
    // Only our own server may say how long it kept the message.
    delayedAt: readDelay(message, [own.domain, ownBare]),
  });
};

/** An archived message; what the archive has removed is ignored. */
export const unwrapArchived = (accountId: AccountId, own: Jid, item: ArchivedMessage): Unwrapped =>
  item.message === undefined
    ? ignored
    : address(accountId, own, item.message, {
        source: 'archive',
        archiveId: item.archiveId,
        delayedAt: item.stamp,
      });

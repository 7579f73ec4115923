import { bareJid, type Jid } from '#shared/jid.ts';
import type { AccountId } from '#shared/ids.ts';
import { readDelay } from '#main/xmpp/features/delay.ts';
import { senderOf } from '#main/xmpp/features/message.ts';
import { readStanzaId } from '#main/xmpp/features/stanza-ids.ts';
import type { Element } from '#main/xmpp/stanza.ts';

/** How a message reached us. */
export type Source = 'live';

/** A message stanza together with what is known, and believed, about its way to us. */
export interface Envelope {
  readonly accountId: AccountId;
  /** Full JID of our stream. */
  readonly own: Jid;
  readonly source: Source;
  /** The message itself, without wrappers. */
  readonly message: Element;
  readonly from: Jid;
  /** Id given by our own archive (XEP-0359). */
  readonly archiveId: string | undefined;
  /** When our server received it, if it was delayed (XEP-0203). */
  readonly delayedAt: number | undefined;
}

/**
 * Takes the wrappers off a message stanza and says who sent it.
 * @returns undefined for what is not for us: no valid sender, or a room that we never joined
 */
export const unwrap = (accountId: AccountId, own: Jid, stanza: Element): Envelope | undefined => {
  const from = senderOf(stanza, own);
  if (from === undefined || stanza.attrs['type'] === 'groupchat') return undefined;
  const ownBare = bareJid(own);
  return {
    accountId,
    own,
    source: 'live',
    message: stanza,
    from,
    archiveId: readStanzaId(stanza, ownBare),
    // Only our own server may say how long it kept the message.
    delayedAt: readDelay(stanza, [own.domain, ownBare]),
  };
};

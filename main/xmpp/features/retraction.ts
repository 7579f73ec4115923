/**
 * XEP-0424: Message Retraction, version 0.4.2 — https://xmpp.org/extensions/xep-0424.html
 * and, for reading, version 0.3.1, which wraps it by XEP-0422: Message Fastening (version 0.2.0).
 */
import type { Feature } from '../feature.ts';
import { child, childrenOf, xml, type Element } from '../stanza.ts';
import { parseBoolean, usableId } from './attribute-values.ts';
import { parseDateTime } from './delay.ts';
import { fallback } from './fallback.ts';
import { hint } from './hints.ts';
import { isBounced, stanzaIdAttribute } from './message.ts';
import { readOriginId } from './stanza-ids.ts';

const RETRACTION = 'urn:xmpp:message-retract:1';
const OLD_RETRACTION = 'urn:xmpp:message-retract:0';
const FASTENING = 'urn:xmpp:fasten:0';
const MODERATION = 'urn:xmpp:message-moderate:1';

/** What clients show that do not know retractions (section 3). */
export const RETRACTION_FALLBACK = "/me retracted a previous message, but it's unsupported by your client.";

export interface Retraction {
  /** Of the message to remove: in a direct chat its `id` attribute, in a room the room's stanza-id (section 5.1). */
  readonly id: string;
  /** Before version 0.4 it is the origin-id; some clients took the `id` attribute even then, so look for that next. */
  readonly names: 'id' | 'origin-id';
}

/** The `:0` form: `<apply-to id='…'><retract/></apply-to>`; a shell stands for something that was encrypted. */
const readOldRetraction = (message: Element): Retraction | undefined => {
  const all = childrenOf(message, 'apply-to', FASTENING);
  const [target] = all;
  if (target === undefined || all.length > 1 || child(target, 'retract', OLD_RETRACTION) === undefined)
    return undefined;
  const flags = [target.attrs['shell'], target.attrs['clear']];
  const id = usableId(target.attrs['id']);
  return id === undefined || flags.some((flag) => parseBoolean(flag) === true)
    ? undefined
    : { id, names: 'origin-id' };
};

/**
 * The message that the sender wants to take back. The caller lets it happen only where `isSameAuthor` (section
 * 5). The body beside it is only for clients that do not know retractions and is never shown, whether or not
 * the message is found. What a moderator removes (XEP-0425) is no retraction.
 */
export const readRetraction = (message: Element): Retraction | undefined => {
  if (isBounced(message)) return undefined;
  const all = childrenOf(message, 'retract', RETRACTION);
  const [retract] = all;
  if (retract === undefined) return readOldRetraction(message);
  if (all.length > 1 || child(retract, 'moderated', MODERATION) !== undefined) return undefined;
  const id = usableId(retract.attrs['id']);
  return id === undefined || id === stanzaIdAttribute(message) ? undefined : { id, names: 'id' };
};

/** Takes a message back (section 3). Nobody can be forced to forget it: the user must be told so. */
export const retractionMessage = (retraction: {
  readonly to: string;
  readonly id: string;
  readonly type: 'chat' | 'groupchat';
  /** `id` attribute of the message, in a room its stanza-id. */
  readonly retracts: string;
}): Element =>
  xml(
    'message',
    { type: retraction.type, to: retraction.to, id: retraction.id },
    xml('retract', { xmlns: RETRACTION, id: retraction.retracts }),
    fallback(RETRACTION),
    xml('body', {}, RETRACTION_FALLBACK),
    hint('store'),
  );

/** What an archive keeps in place of a message that was taken back. */
export interface Tombstone {
  /** `id` attribute of the retraction; undefined in the form of before version 0.4. */
  readonly retractionId: string | undefined;
  /** Origin-id of the message; only in the form of before version 0.4. */
  readonly originId: string | undefined;
  /** When it was taken back. */
  readonly stamp: number | undefined;
}

/**
 * The tombstone in a message (section 4). Only archives put them there: the caller believes it only within a
 * result of the archive itself, because anybody can send one.
 */
export const readTombstone = (message: Element): Tombstone | undefined => {
  if (isBounced(message)) return undefined;
  const current = child(message, 'retracted', RETRACTION);
  const retracted = current ?? child(message, 'retracted', OLD_RETRACTION);
  if (retracted === undefined) return undefined;
  return {
    retractionId: current === undefined ? undefined : usableId(current.attrs['id']),
    originId: current === undefined ? readOriginId(retracted) : undefined,
    stamp: parseDateTime(retracted.attrs['stamp'] ?? ''),
  };
};

export const messageRetraction: Feature = { id: 'XEP-0424', discoVars: [RETRACTION] };

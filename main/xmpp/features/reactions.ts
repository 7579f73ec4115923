/** XEP-0444: Message Reactions, version 0.2.1 — https://xmpp.org/extensions/xep-0444.html */
import { emojiKey, isEmoji } from '#shared/emoji.ts';
import type { Feature } from '../feature.ts';
import { childrenOf, xml, type Element } from '../stanza.ts';
import { usableId } from './attribute-values.ts';
import { hint } from './hints.ts';
import { isBounced } from './message.ts';

export const REACTIONS = 'urn:xmpp:reactions:0';

/** How many of one person's reactions to one message are kept. */
export const MAX_REACTIONS = 20;
/** How many elements are looked at to find them. */
const MAX_ELEMENTS = 100;

export interface Reactions {
  /**
   * The message they are about: in a direct chat its origin-id, or its `id` attribute; in a room the room's
   * stanza-id (section 4.2). May be the id of a correction of it (section 4).
   */
  readonly id: string;
  /** All of the sender's reactions to it, replacing the earlier ones; empty: there are none any more. */
  readonly emojis: readonly string[];
}

/**
 * The reactions in a message. What is no single emoji, or comes twice, is left out (section 4). The caller
 * accepts them only from the two sides of the chat, and from a delayed message only where nothing newer of the
 * same sender is known (section 4.1).
 */
export const readReactions = (message: Element): Reactions | undefined => {
  if (isBounced(message)) return undefined;
  // Section 4: never more than one.
  const all = childrenOf(message, 'reactions', REACTIONS);
  const [reactions] = all;
  const id = all.length === 1 ? usableId(reactions?.attrs['id']) : undefined;
  if (reactions === undefined || id === undefined) return undefined;
  const emojis = new Map<string, string>();
  for (const element of childrenOf(reactions, 'reaction', REACTIONS).slice(0, MAX_ELEMENTS)) {
    const emoji = element.text().trim();
    const key = emojiKey(emoji);
    if (emojis.size < MAX_REACTIONS && !emojis.has(key) && isEmoji(emoji)) emojis.set(key, emoji);
  }
  return { id, emojis: [...emojis.values()] };
};

/**
 * Replaces our reactions to a message (sections 3.1 and 3.2); without emojis it removes them.
 * @param change `about` as in `Reactions.id`; each emoji passes `isEmoji`, none twice
 */
export const reactionsMessage = (change: {
  readonly to: string;
  readonly id: string;
  readonly type: 'chat' | 'groupchat';
  readonly about: string;
  readonly emojis: readonly string[];
}): Element =>
  xml(
    'message',
    { type: change.type, to: change.to, id: change.id },
    xml(
      'reactions',
      { xmlns: REACTIONS, id: change.about },
      change.emojis.map((emoji) => xml('reaction', {}, emoji)),
    ),
    hint('store'),
  );

export const messageReactions: Feature = { id: 'XEP-0444', discoVars: [REACTIONS] };

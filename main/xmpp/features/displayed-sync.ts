/** XEP-0490: Message Displayed Synchronization, version 1.0.1 — https://xmpp.org/extensions/xep-0490.html */
import { bareJid, formatJid, parseJid, toBare, type Jid } from '#shared/jid.ts';
import type { Feature } from '../feature.ts';
import { childrenOf, NS, xml, type Element } from '../stanza.ts';
import { usableId } from './attribute-values.ts';
import {
  configureNode,
  itemsRequest,
  publishItem,
  readItems,
  readPubsubEvent,
  retractItem,
  type NodeOptions,
  type PubsubItem,
} from './pubsub.ts';

const DISPLAYED = 'urn:xmpp:mds:displayed:0';

/** What an account announces whose server publishes for us (section 4.5.2). */
export const DISPLAYED_ASSIST_FEATURE = 'urn:xmpp:mds:server-assist:0';

/** Section 7: what we have read is nobody else's business. */
const options: NodeOptions = {
  persistItems: true,
  maxItems: 'max',
  sendLastPublishedItem: 'never',
  accessModel: 'whitelist',
};

/** Up to where a chat was displayed on a device of ours. */
export interface DisplayedState {
  /** Bare JID of the contact or room, full JID of an occupant for private messages (section 4.1); normalised. */
  readonly chat: string;
  /** Archive id of the last message that was displayed. */
  readonly stanzaId: string;
  /** Who gave that id: our own bare JID, or the room (section 4.2). */
  readonly by: string;
}

/**
 * The element for the item, or for the message that goes to the contact anyway, where the server assists
 * (section 4.5.3). There it must not be put where the server does not announce it, nor alone.
 */
export const displayedElement = (state: Pick<DisplayedState, 'stanzaId' | 'by'>): Element =>
  xml(
    'displayed',
    { xmlns: DISPLAYED },
    xml('stanza-id', { xmlns: NS.stanzaId, by: state.by, id: state.stanzaId }),
  );

/**
 * Tells our other devices (section 4.2). Only where the account announces `PUBLISH_OPTIONS_FEATURE` (section 7);
 * after `isPreconditionNotMet` comes `configureDisplayed`, then the same again.
 */
export const publishDisplayed = (state: DisplayedState): Element =>
  publishItem({ node: DISPLAYED, id: state.chat, payload: displayedElement(state), options });

/**
 * The same for a server that knows few publish-options: it still checks that the node is private. Such a node
 * keeps only the last item until `configureDisplayed` says more.
 */
export const publishDisplayedPrivately = (state: DisplayedState): Element =>
  publishItem({
    node: DISPLAYED,
    id: state.chat,
    payload: displayedElement(state),
    options: { accessModel: 'whitelist' },
  });

/** Makes a node what it should be: private, with one item for each chat. Fails with `item-not-found` where there is none. */
export const configureDisplayed = (): Element => configureNode(DISPLAYED, options);

/** Forgets the state of a chat, when its history is deleted. */
export const retractDisplayed = (chat: string): Element => retractItem(DISPLAYED, chat);

/** Asks for the states of all chats, after each new session (section 4.4). */
export const displayedRequest = (): Element => itemsRequest({ node: DISPLAYED });

const readState = (item: PubsubItem, own: Jid): DisplayedState | undefined => {
  const { payload } = item;
  const jid = parseJid(item.id);
  if (jid === undefined || payload?.getName() !== 'displayed' || payload.getNS() !== DISPLAYED)
    return undefined;
  // Section 4.1: exactly one.
  const ids = childrenOf(payload, 'stanza-id', NS.stanzaId);
  const stanzaId = ids.length === 1 ? usableId(ids[0]?.attrs['id']) : undefined;
  const by = toBare(ids[0]?.attrs['by'] ?? '');
  // Section 4.2: ids of anybody else say nothing about the place in this chat.
  if (stanzaId === undefined || by === undefined || (by !== bareJid(own) && by !== bareJid(jid)))
    return undefined;
  return { chat: formatJid(jid), stanzaId, by };
};

const readStates = (items: readonly PubsubItem[], own: Jid): readonly DisplayedState[] =>
  items.flatMap((item) => readState(item, own) ?? []);

/**
 * The answer to `displayedRequest`; undefined where it is none. States only move forward, and ids that are not
 * found in the chat are ignored (section 5.1): that is the caller's part.
 */
export const readDisplayedStates = (answer: Element, own: Jid): readonly DisplayedState[] | undefined => {
  const found = readItems(answer, DISPLAYED);
  return found && readStates(found.items, own);
};

/** What another device of ours has displayed; undefined for what is none, or from anybody but our own account. */
export const readDisplayedEvent = (message: Element, own: Jid): readonly DisplayedState[] | undefined => {
  const event = readPubsubEvent(message, own);
  if (event?.kind !== 'items' || event.node !== DISPLAYED || event.from !== bareJid(own)) return undefined;
  return readStates(event.items, own);
};

/** Section 4.3: with it in our capabilities the server sends us the changes. */
export const displayedSync: Feature = { id: 'XEP-0490', discoVars: [`${DISPLAYED}+notify`] };

import { readCarbon, disableCarbons, enableCarbons } from '#main/xmpp/features/carbons.ts';
import {
  archivePreferencesRequest,
  archivePreferencesSet,
  readArchivePreferences,
} from '#main/xmpp/features/archive-preferences.ts';
import {
  blocklistRequest,
  blockRequest,
  isBlockedByUs,
  readBlocklist,
  readBlockPush,
  unblockAllRequest,
  unblockRequest,
} from '#main/xmpp/features/blocking.ts';
import { readChatState } from '#main/xmpp/features/chat-states.ts';
import { readCorrection, replace } from '#main/xmpp/features/correction.ts';
import { clientState, offersClientState } from '#main/xmpp/features/csi.ts';
import { readDelay } from '#main/xmpp/features/delay.ts';
import { capsVer, readDiscoInfo } from '#main/xmpp/features/disco.ts';
import {
  configureDisplayed,
  displayedElement,
  displayedRequest,
  publishDisplayed,
  readDisplayedEvent,
  readDisplayedStates,
  retractDisplayed,
} from '#main/xmpp/features/displayed-sync.ts';
import { encryptionHint, readEncryptionHint } from '#main/xmpp/features/encryption-hint.ts';
import { fallback, readFallbacks, stripFallback, type CodePointRange } from '#main/xmpp/features/fallback.ts';
import { hint, readHints } from '#main/xmpp/features/hints.ts';
import { idleSince, readIdleSince } from '#main/xmpp/features/last-activity.ts';
import {
  archiveMetadataRequest,
  archiveQuery,
  readArchiveMetadata,
  readArchivePage,
  readArchiveResult,
} from '#main/xmpp/features/mam.ts';
import { displayedMessage, readMarkable, readMarker } from '#main/xmpp/features/markers.ts';
import { readMessageContent, textMessage } from '#main/xmpp/features/message.ts';
import { outOfBandUrl, readOutOfBandUrl } from '#main/xmpp/features/oob.ts';
import { readPresence } from '#main/xmpp/features/presence.ts';
import {
  itemsRequest,
  publishItem,
  readItems,
  readPubsubEvent,
  retractItem,
  type NodeOptions,
  type PubsubItem,
} from '#main/xmpp/features/pubsub.ts';
import { reactionsMessage, readReactions } from '#main/xmpp/features/reactions.ts';
import {
  readReceipt,
  readReceiptRequest,
  receiptMessage,
  receiptRequest,
} from '#main/xmpp/features/receipts.ts';
import { readReply, replyContent, replyText } from '#main/xmpp/features/replies.ts';
import { readRetraction, readTombstone, retractionMessage } from '#main/xmpp/features/retraction.ts';
import { readRosterPush, readRosterResult, rosterSet } from '#main/xmpp/features/roster.ts';
import { originId, readOriginId, readStanzaId } from '#main/xmpp/features/stanza-ids.ts';
import { isUnstyled, unstyled } from '#main/xmpp/features/styling.ts';
import { child, childText, NS, xml, type Element } from '#main/xmpp/stanza.ts';
import type { Jid } from '#shared/jid.ts';
import { omemoReaders } from './omemo-readers.ts';

/** The reader or builder behind the second part of a case's file name. With both, the pair is checked both ways. */
export interface Pair {
  readonly read?: (stanza: Element) => unknown;
  readonly build?: (value: never) => Element;
}

export const own: Jid = { local: 'romeo', domain: 'example.net', resource: 'home' };

/** Open queries of the archive cases. */
const openQueries: ReadonlyMap<string, string> = new Map([
  ['f27', 'romeo@example.net'],
  ['g27', 'coven@chat.example.org'],
]);

/** An element within a value, as far as it tells which one it is. */
const brief = (element: Element | undefined): unknown =>
  element && {
    name: element.getName(),
    from: element.attrs['from'],
    to: element.attrs['to'],
    body: childText(element, 'body'),
  };

const briefItems = (items: readonly PubsubItem[]): unknown =>
  items.map(({ id, payload }) => ({ id, payload: payload?.getName() }));

const bodyOf = (message: Element): string => childText(message, 'body') ?? '';

const core: Readonly<Record<string, Pair>> = {
  'caps-ver': {
    read: (stanza) => capsVer(readDiscoInfo(stanza) ?? { identities: [], features: [], forms: [] }),
  },
  'chat-state': { read: readChatState },
  content: {
    read: (stanza) => {
      const { text, chatState, error } = readMessageContent(stanza);
      return {
        text,
        chatState,
        error: error && { condition: error.condition, type: error.type, text: error.text },
      };
    },
  },
  delay: { read: (stanza) => readDelay(stanza, ['example.net', 'romeo@example.net']) },
  disco: { read: readDiscoInfo },
  'origin-id': { read: readOriginId },
  'origin-id-element': { read: (element) => element.attrs['id'], build: originId },
  presence: { read: readPresence },
  'roster-push': { read: (stanza) => readRosterPush(stanza, own) },
  'roster-result': { read: readRosterResult },
  'roster-set': {
    read: (iq) => {
      const item = child(iq, 'query', NS.roster)?.getChildElements()[0];
      return {
        jid: item?.attrs['jid'],
        name: item?.attrs['name'],
        groups: item?.getChildElements().map((group) => group.text()),
      };
    },
    build: rosterSet,
  },
  'stanza-id': { read: (stanza) => readStanzaId(stanza, 'romeo@example.net') },
  text: {
    read: (message) => ({
      to: message.attrs['to'],
      id: message.attrs['id'],
      body: readMessageContent(message).text,
      chatState: readChatState(message) !== undefined,
    }),
    build: textMessage,
  },
};

const archive: Readonly<Record<string, Pair>> = {
  carbon: {
    read: (stanza) => {
      const reading = readCarbon(stanza, own);
      return reading.kind === 'carbon' ? { ...reading, message: brief(reading.message) } : reading;
    },
  },
  'carbons-disable': { build: disableCarbons },
  'carbons-enable': { build: enableCarbons },
  'archive-metadata': { read: readArchiveMetadata },
  'archive-metadata-request': {
    build: (value: { archive?: string }) => archiveMetadataRequest(value.archive),
  },
  'archive-page': { read: readArchivePage },
  'archive-preferences': { read: readArchivePreferences },
  'archive-preferences-request': { build: archivePreferencesRequest },
  'archive-preferences-set': { read: readArchivePreferences, build: archivePreferencesSet },
  'archive-query': { build: archiveQuery },
  'archive-result': {
    read: (stanza) => {
      const reading = readArchiveResult(stanza, own, openQueries);
      return reading.kind === 'result' ? { ...reading, message: brief(reading.message) } : reading;
    },
  },
};

const pep: Readonly<Record<string, Pair>> = {
  'displayed-configure': { build: configureDisplayed },
  'displayed-element': { build: displayedElement },
  'displayed-event': { read: (message) => readDisplayedEvent(message, own) },
  'displayed-publish': { build: publishDisplayed },
  'displayed-request': { build: displayedRequest },
  'displayed-retract': { build: retractDisplayed },
  'displayed-states': { read: (answer) => readDisplayedStates(answer, own) },
  'pubsub-event': {
    read: (message) => {
      const event = readPubsubEvent(message, own);
      return event?.kind === 'items' ? { ...event, items: briefItems(event.items) } : event;
    },
  },
  'pubsub-items': {
    read: (answer) => {
      const found = readItems(answer, 'princely_musings');
      return found && { set: found.set, items: briefItems(found.items) };
    },
  },
  'pubsub-publish': {
    build: (value: { node: string; id?: string; options?: NodeOptions }) =>
      publishItem({ ...value, payload: xml('entry', { xmlns: 'http://www.w3.org/2005/Atom' }) }),
  },
  'pubsub-request': { build: itemsRequest },
  'pubsub-retract': { build: (value: { node: string; id: string }) => retractItem(value.node, value.id) },
};

const messaging: Readonly<Record<string, Pair>> = {
  correction: { read: readCorrection },
  'correction-element': { read: (element) => element.attrs['id'], build: replace },
  'displayed-message': {
    build: ({
      assist,
      ...marker
    }: Parameters<typeof displayedMessage>[0] & { assist?: { by: string; stanzaId: string } }) =>
      displayedMessage({ ...marker, assist: assist && displayedElement(assist) }),
  },
  'encryption-hint': { read: readEncryptionHint },
  'encryption-hint-element': { build: encryptionHint },
  'fallback-element': {
    build: (value: { for: string; range?: CodePointRange }) => fallback(value.for, value.range),
  },
  'fallback-text': {
    read: (message) =>
      stripFallback(bodyOf(message), readFallbacks(message), ['urn:xmpp:reply:0', 'urn:xmpp:reactions:0']),
  },
  fallbacks: { read: readFallbacks },
  'hint-element': { build: hint },
  hints: { read: readHints },
  markable: { read: readMarkable },
  marker: { read: readMarker },
  oob: { read: readOutOfBandUrl },
  'oob-element': { build: outOfBandUrl },
  reactions: { read: readReactions },
  'reactions-message': {
    read: (message) => {
      const { to, id, type } = message.attrs;
      const reactions = readReactions(message);
      return { to, id, type, about: reactions?.id, emojis: reactions?.emojis };
    },
    build: reactionsMessage,
  },
  receipt: { read: readReceipt },
  'receipt-message': {
    read: (message) => {
      const { to, id, type } = message.attrs;
      return { to, id, type, received: readReceipt(message) };
    },
    build: receiptMessage,
  },
  'receipt-request': { read: readReceiptRequest },
  'receipt-request-element': { build: receiptRequest },
  reply: { read: readReply },
  'reply-message': {
    build: (value: Parameters<typeof replyContent>[0]) =>
      textMessage({ to: 'anna@example.com', id: 'message-id3', chatState: false, ...replyContent(value) }),
  },
  'reply-text': { read: (message) => replyText(bodyOf(message), readFallbacks(message)) },
  retraction: { read: readRetraction },
  'retraction-message': {
    read: (message) => {
      const { to, id, type } = message.attrs;
      return { to, id, type, retracts: readRetraction(message)?.id };
    },
    build: retractionMessage,
  },
  tombstone: { read: readTombstone },
  unstyled: { read: isUnstyled },
  'unstyled-element': { build: unstyled },
};

const presence: Readonly<Record<string, Pair>> = {
  'block-push': { read: (iq) => readBlockPush(iq, own) },
  'block-request': { build: blockRequest },
  'blocked-by-us': { read: isBlockedByUs },
  blocklist: { read: readBlocklist },
  'blocklist-request': { build: blocklistRequest },
  'client-state': { read: (element) => element.getName(), build: clientState },
  'client-state-offer': { read: offersClientState },
  idle: { read: (stanza) => readIdleSince(stanza, Date.UTC(2026, 0, 1)) },
  'idle-element': { build: idleSince },
  'unblock-all': { build: unblockAllRequest },
  'unblock-request': { build: unblockRequest },
};

export const readers: Readonly<Record<string, Pair>> = {
  ...core,
  ...archive,
  ...pep,
  ...messaging,
  ...presence,
  ...omemoReaders(own),
};

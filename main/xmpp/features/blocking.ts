/** XEP-0191: Blocking Command, version 1.3 — https://xmpp.org/extensions/xep-0191.html */
import { bareJid, formatJid, parseJid, type Jid } from '#shared/jid.ts';
import { DisposableStore } from '#main/util/disposables.ts';
import type { Feature } from '../feature.ts';
import { StanzaError } from '../port.ts';
import { addressOf, child, childrenOf, NS, xml, type Element } from '../stanza.ts';
import { isBounced } from './message.ts';
import { report, type Report } from './reporting.ts';

const BLOCKING = 'urn:xmpp:blocking';
const BLOCKING_ERRORS = 'urn:xmpp:blocking:errors';

/** What a server announces that can block (section 3.1). */
export const BLOCKING_FEATURE = BLOCKING;

/** Own server or not: a list is for people. */
const MAX_BLOCKED = 50_000;

/** Asking also subscribes this device to changes (section 3.3). */
export const blocklistRequest = (): Element =>
  xml('iq', { type: 'get' }, xml('blocklist', { xmlns: BLOCKING }));

/** Items of a command or a list; `invalid` counts those that name nobody. */
const readItems = (parent: Element): { readonly jids: readonly string[]; readonly invalid: number } => {
  const items = childrenOf(parent, 'item', BLOCKING).slice(0, MAX_BLOCKED);
  const jids = items.flatMap((item) => {
    const jid = parseJid(item.attrs['jid'] ?? '');
    return jid === undefined ? [] : [formatJid(jid)];
  });
  return { jids: [...new Set(jids)], invalid: items.length - jids.length };
};

/** The blocked addresses, normalised (section 3.2); undefined where the answer is none. */
export const readBlocklist = (answer: Element): readonly string[] | undefined => {
  const list = child(answer, 'blocklist', BLOCKING);
  return list === undefined ? undefined : readItems(list).jids;
};

/**
 * Blocks addresses (section 3.3), each with its own report where the server announces XEP-0377.
 * @throws RangeError for an empty list, which servers answer with `bad-request`
 */
export const blockRequest = (
  items: readonly { readonly jid: string; readonly report?: Report | undefined }[],
): Element => {
  if (items.length === 0) throw new RangeError('nobody to block');
  const elements = items.map((item) => xml('item', { jid: item.jid }, item.report && report(item.report)));
  return xml('iq', { type: 'set' }, xml('block', { xmlns: BLOCKING }, elements));
};

/**
 * Unblocks addresses (section 3.4).
 * @throws RangeError for an empty list: on the wire that would unblock everybody (section 3.5)
 */
export const unblockRequest = (jids: readonly string[]): Element => {
  if (jids.length === 0) throw new RangeError('nobody to unblock');
  const elements = jids.map((jid) => xml('item', { jid }));
  return xml('iq', { type: 'set' }, xml('unblock', { xmlns: BLOCKING }, elements));
};

/** Unblocks everybody (section 3.5). */
export const unblockAllRequest = (): Element =>
  xml('iq', { type: 'set' }, xml('unblock', { xmlns: BLOCKING }));

/** What another device of ours, or this one, has changed. */
export type BlockPush =
  | { readonly kind: 'blocked' | 'unblocked'; readonly jids: readonly string[] }
  | { readonly kind: 'all-unblocked' };

/**
 * A push of the server (sections 3.3 to 3.5), believed only from the own account: its bare JID, or no `from`
 * at all. Anybody else could unblock himself.
 * @returns undefined where it is none, is forged, or names an address that is not valid
 */
export const readBlockPush = (iq: Element, own: Jid): BlockPush | undefined => {
  const from = addressOf(iq, 'from');
  const isOurs = from !== undefined && from.resource === '' && bareJid(from) === bareJid(own);
  if (iq.attrs['type'] !== 'set' || (iq.attrs['from'] !== undefined && !isOurs)) return undefined;
  const block = child(iq, 'block', BLOCKING);
  const command = block ?? child(iq, 'unblock', BLOCKING);
  if (command === undefined) return undefined;
  const { jids, invalid } = readItems(command);
  if (invalid > 0) return undefined;
  if (jids.length > 0) return { kind: block === undefined ? 'unblocked' : 'blocked', jids };
  // Only an element that is really empty means everybody: not one whose items we did not understand.
  return block === undefined && command.getChildElements().length === 0
    ? { kind: 'all-unblocked' }
    : undefined;
};

/** Whether a list of normalised addresses blocks this one: whole address, bare address, or domain (section 6). */
export const isBlocked = (blocklist: ReadonlySet<string>, jid: Jid): boolean =>
  blocklist.has(formatJid(jid)) || blocklist.has(bareJid(jid)) || blocklist.has(jid.domain);

/** Whether our message came back because we have blocked its recipient (section 3.3). */
export const isBlockedByUs = (message: Element): boolean => {
  const error = isBounced(message) ? child(message, 'error', NS.client) : undefined;
  return error !== undefined && child(error, 'blocked', BLOCKING_ERRORS) !== undefined;
};

/**
 * Takes the pushes.
 * @param onPush called for each that may be believed, in the order of the wire
 */
export const blockingCommand = (onPush: (push: BlockPush) => Promise<void> | void): Feature => ({
  id: 'XEP-0191',
  discoVars: [],
  attach: (host) => {
    const attached = new DisposableStore();
    for (const name of ['block', 'unblock']) {
      attached.add(
        host.onIq('set', name, BLOCKING, async (iq) => {
          const push = readBlockPush(iq, host.jid);
          // As if we did not know the protocol: a stranger learns nothing.
          if (push === undefined) throw new StanzaError('service-unavailable', 'cancel');
          await onPush(push);
          return undefined;
        }),
      );
    }
    return attached;
  },
});

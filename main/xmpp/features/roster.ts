/** RFC 6121 section 2: the roster, with versioning (section 2.6). */
import { bareJid, toBare, type Jid } from '#shared/jid.ts';
import type { Subscription } from '#shared/views.ts';
import { addressOf, child, childrenOf, NS, xml, type Element } from '../stanza.ts';

export interface RosterItem {
  /** Bare JID, normalised. */
  readonly jid: string;
  /** Empty where the user gave none. */
  readonly name: string;
  readonly groups: readonly string[];
  readonly subscription: Subscription | 'remove';
  /** `ask='subscribe'`: our request is not answered yet. */
  readonly asked: boolean;
}

/** RFC 6121 gives no limits; a name is for people to read. */
const MAX_NAME_LENGTH = 1024;
const subscriptions = ['none', 'to', 'from', 'both', 'remove'] as const;

const readItem = (element: Element): RosterItem | undefined => {
  const jid = toBare(element.attrs['jid'] ?? '');
  const subscription = subscriptions.find((one) => one === (element.attrs['subscription'] ?? 'none'));
  if (jid === undefined || subscription === undefined) return undefined;
  return {
    jid,
    name: (element.attrs['name'] ?? '').slice(0, MAX_NAME_LENGTH),
    groups: childrenOf(element, 'group', NS.roster).map((group) => group.text().slice(0, MAX_NAME_LENGTH)),
    subscription,
    asked: element.attrs['ask'] === 'subscribe',
  };
};

export interface Roster {
  /** Undefined where the server does not version. */
  readonly version: string | undefined;
  readonly items: readonly RosterItem[];
}

const readQuery = (query: Element): Roster => ({
  version: query.attrs['ver'],
  items: childrenOf(query, 'item', NS.roster).flatMap((element) => readItem(element) ?? []),
});

/**
 * Section 2.1.3, or 2.6.2 with a version: pass '' to say that versioning is understood and nothing is
 * cached, undefined where the server did not offer versioning.
 */
export const rosterRequest = (version: string | undefined): Element =>
  xml('iq', { type: 'get' }, xml('query', { xmlns: NS.roster, ver: version }));

/** The answer to `rosterRequest`; undefined means that the cached roster is current (section 2.6.3). */
export const readRosterResult = (result: Element): Roster | undefined => {
  const query = child(result, 'query', NS.roster);
  return query === undefined ? undefined : readQuery(query);
};

/**
 * A roster push, or undefined where the stanza may not be believed: section 2.1.6 allows only the own
 * account (bare JID, or no `from` at all), and exactly one item.
 */
export const readRosterPush = (iq: Element, own: Jid): Roster | undefined => {
  const from = addressOf(iq, 'from');
  if (
    iq.attrs['from'] !== undefined &&
    (from === undefined || bareJid(from) !== bareJid(own) || from.resource !== '')
  ) {
    return undefined;
  }
  const query = child(iq, 'query', NS.roster);
  const roster = query === undefined ? undefined : readQuery(query);
  return roster?.items.length === 1 ? roster : undefined;
};

/** Adds or changes an item (section 2.3). */
export const rosterSet = (item: Pick<RosterItem, 'jid' | 'name' | 'groups'>): Element =>
  xml(
    'iq',
    { type: 'set' },
    xml(
      'query',
      { xmlns: NS.roster },
      xml(
        'item',
        { jid: item.jid, name: item.name === '' ? undefined : item.name },
        item.groups.map((group) => xml('group', {}, group)),
      ),
    ),
  );

/** Removes an item, and with it both subscriptions (section 2.5). */
export const rosterRemove = (jid: string): Element =>
  xml(
    'iq',
    { type: 'set' },
    xml('query', { xmlns: NS.roster }, xml('item', { jid, subscription: 'remove' })),
  );

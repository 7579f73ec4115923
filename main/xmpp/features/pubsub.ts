/**
 * XEP-0060: Publish-Subscribe, version 1.30.0 — https://xmpp.org/extensions/xep-0060.html
 * as a client of XEP-0163: Personal Eventing Protocol, version 1.2.2: publish, read, retract and notifications.
 */
import { bareJid, type Jid } from '#shared/jid.ts';
import type { StanzaError } from '../port.ts';
import { addressOf, child, childrenOf, xml, type Element } from '../stanza.ts';
import { usableId } from './attribute-values.ts';
import { submitForm } from './data-form.ts';
import { isBounced } from './message.ts';
import { pageRequest, readResultSet, type PageRequest, type ResultSet } from './result-set.ts';

const PUBSUB = 'http://jabber.org/protocol/pubsub';
const PUBSUB_OWNER = `${PUBSUB}#owner`;
const PUBSUB_EVENT = `${PUBSUB}#event`;

/** What an account announces in the disco#info of its bare JID that checks `NodeOptions` when publishing. */
export const PUBLISH_OPTIONS_FEATURE = `${PUBSUB}#publish-options`;

/** RFC 7622 allows addresses of this many bytes, and they are item ids in some nodes. */
const MAX_ITEM_ID_LENGTH = 3071;
/** Items of one answer or notification. */
const MAX_ITEMS = 10_000;

/** How a node is to be (section 17.4.4); what is undefined is left to the server. */
export interface NodeOptions {
  readonly persistItems?: boolean | undefined;
  readonly maxItems?: number | 'max' | undefined;
  readonly sendLastPublishedItem?: 'never' | 'on_sub' | 'on_sub_and_presence' | undefined;
  readonly accessModel?: 'open' | 'presence' | 'whitelist' | undefined;
}

const optionsForm = (formType: 'publish-options' | 'node_config', options: NodeOptions): Element =>
  submitForm(`${PUBSUB}#${formType}`, [
    ['pubsub#persist_items', options.persistItems?.toString()],
    ['pubsub#max_items', options.maxItems?.toString()],
    ['pubsub#send_last_published_item', options.sendLastPublishedItem],
    ['pubsub#access_model', options.accessModel],
  ]);

/**
 * Publishes one item to a node of our own account (section 7.1). With options the server makes a node that does
 * not exist, and refuses with `conflict` where an existing one is configured otherwise (section 7.1.5).
 */
export const publishItem = (publication: {
  readonly node: string;
  /** Undefined: the server gives one. */
  readonly id?: string | undefined;
  readonly payload: Element;
  readonly options?: NodeOptions | undefined;
}): Element => {
  const { node, id, payload, options } = publication;
  return xml(
    'iq',
    { type: 'set' },
    xml(
      'pubsub',
      { xmlns: PUBSUB },
      xml('publish', { node }, xml('item', { id }, payload)),
      options && xml('publish-options', {}, optionsForm('publish-options', options)),
    ),
  );
};

/**
 * Whether a publication failed because the node is configured otherwise: `configureNode`, then publish again.
 * The application's own condition is not kept in a StanzaError, and `conflict` means little else here.
 */
export const isPreconditionNotMet = (error: StanzaError): boolean => error.condition === 'conflict';

/**
 * Whether a publication failed because the server does not know one of its options. Section 7.1.5 has no word for
 * it: ejabberd 23 says `resource-constraint` to everything but `access_model` and `persist_items`.
 */
export const isOptionUnknown = ({ condition }: StanzaError): boolean =>
  condition === 'resource-constraint' || condition === 'bad-request' || condition === 'not-acceptable';

/** Changes the configuration of a node of our own account (section 8.2); other options stay as they are. */
export const configureNode = (node: string, options: NodeOptions): Element =>
  xml(
    'iq',
    { type: 'set' },
    xml('pubsub', { xmlns: PUBSUB_OWNER }, xml('configure', { node }, optionsForm('node_config', options))),
  );

/** Asks how a node of our own account is configured (section 8.2.1). */
export const nodeConfigRequest = (node: string): Element =>
  xml('iq', { type: 'get' }, xml('pubsub', { xmlns: PUBSUB_OWNER }, xml('configure', { node })));

/** Who may read the node, in the words of section 4.5; undefined where the answer does not say. */
export const readAccessModel = (answer: Element): string | undefined => {
  const pubsub = child(answer, 'pubsub', PUBSUB_OWNER);
  const configure = pubsub && child(pubsub, 'configure', PUBSUB_OWNER);
  const form = configure && child(configure, 'x', 'jabber:x:data');
  const fields = form === undefined ? [] : childrenOf(form, 'field', 'jabber:x:data');
  const field = fields.find(({ attrs }) => attrs['var'] === 'pubsub#access_model');
  return field && child(field, 'value', 'jabber:x:data')?.text();
};

/** Removes one item from a node of our own account and tells the subscribers (section 7.2). */
export const retractItem = (node: string, id: string): Element =>
  xml(
    'iq',
    { type: 'set' },
    xml('pubsub', { xmlns: PUBSUB }, xml('retract', { node, notify: 'true' }, xml('item', { id }))),
  );

/** Removes a node of our own account with everything in it, and tells the subscribers (section 8.4). */
export const deleteNode = (node: string): Element =>
  xml('iq', { type: 'set' }, xml('pubsub', { xmlns: PUBSUB_OWNER }, xml('delete', { node })));

/** Asks for the items of a node (section 6.5): all, those with these ids, or a page. */
export const itemsRequest = (request: {
  /** Bare JID of another account or address of a service; undefined: our own account. */
  readonly to?: string | undefined;
  readonly node: string;
  readonly ids?: readonly string[] | undefined;
  readonly page?: PageRequest | undefined;
}): Element =>
  xml(
    'iq',
    { type: 'get', to: request.to },
    xml(
      'pubsub',
      { xmlns: PUBSUB },
      xml(
        'items',
        { node: request.node },
        request.ids?.map((id) => xml('item', { id })),
      ),
      request.page && pageRequest(request.page),
    ),
  );

export interface PubsubItem {
  readonly id: string;
  /** Undefined where the node notifies without payloads. */
  readonly payload: Element | undefined;
}

const readItem = (item: Element): PubsubItem | undefined => {
  const id = usableId(item.attrs['id'], MAX_ITEM_ID_LENGTH);
  const [payload] = item.getChildElements();
  return id === undefined ? undefined : { id, payload };
};

const readItemList = (items: Element, xmlns: string): readonly PubsubItem[] =>
  childrenOf(items, 'item', xmlns)
    .slice(0, MAX_ITEMS)
    .flatMap((item) => readItem(item) ?? []);

/** The answer to `itemsRequest` for this node; undefined where it is none. Items without a usable id are left out. */
export const readItems = (
  answer: Element,
  node: string,
): { readonly items: readonly PubsubItem[]; readonly set: ResultSet | undefined } | undefined => {
  const pubsub = child(answer, 'pubsub', PUBSUB);
  const items = pubsub && child(pubsub, 'items', PUBSUB);
  if (items?.attrs['node'] !== node) return undefined;
  return { items: readItemList(items, PUBSUB), set: pubsub && readResultSet(pubsub) };
};

/** A notification. `from` is the bare JID of the account or service, as our server vouches for it. */
export type PubsubEvent =
  | {
      readonly kind: 'items';
      readonly from: string;
      readonly node: string;
      readonly items: readonly PubsubItem[];
      readonly retracted: readonly string[];
    }
  | { readonly kind: 'purged' | 'deleted'; readonly from: string; readonly node: string };

/**
 * The notification in a message. It speaks for the nodes of its sender alone, so what belongs to our account
 * is believed only where `from` is our bare JID. From a full JID it is no notification (XEP-0163 section
 * 4.3.1): a device or an occupant of a room wrote it.
 * @param own an address of this account; without `from` a stanza comes from our own account
 */
export const readPubsubEvent = (message: Element, own: Jid): PubsubEvent | undefined => {
  const events = childrenOf(message, 'event', PUBSUB_EVENT);
  const [event] = events;
  if (isBounced(message) || event === undefined || events.length > 1) return undefined;
  const sender = message.attrs['from'] === undefined ? { ...own, resource: '' } : addressOf(message, 'from');
  if (sender === undefined || sender.resource !== '') return undefined;
  const from = bareJid(sender);
  const [action] = event.getChildElements();
  const node = usableId(action?.attrs['node']);
  if (action === undefined || action.getNS() !== PUBSUB_EVENT || node === undefined) return undefined;
  switch (action.getName()) {
    case 'items': {
      const retracted = childrenOf(action, 'retract', PUBSUB_EVENT)
        .slice(0, MAX_ITEMS)
        .flatMap((element) => usableId(element.attrs['id'], MAX_ITEM_ID_LENGTH) ?? []);
      return { kind: 'items', from, node, items: readItemList(action, PUBSUB_EVENT), retracted };
    }
    case 'purge':
      return { kind: 'purged', from, node };
    case 'delete':
      return { kind: 'deleted', from, node };
    default:
      return undefined;
  }
};

/**
 * XEP-0384: OMEMO Encryption, version 0.3.0 — https://xmpp.org/extensions/attic/xep-0384-0.3.0.html
 * The nodes of an account in which device list and bundles stand.
 */
import type { DeviceId } from '#shared/ids.ts';
import type { Jid } from '#shared/jid.ts';
import type { Feature } from '../feature.ts';
import type { StanzaError } from '../port.ts';
import type { Element } from '../stanza.ts';
import {
  bundleElement,
  deviceListElement,
  OMEMO,
  readBundle,
  readDeviceList,
  type WireBundle,
} from './omemo.ts';
import {
  configureNode,
  deleteNode,
  isOptionUnknown,
  isPreconditionNotMet,
  itemsRequest,
  nodeConfigRequest,
  publishItem,
  readAccessModel,
  readItems,
  readPubsubEvent,
  type NodeOptions,
  type PubsubItem,
} from './pubsub.ts';

const DEVICE_LIST = `${OMEMO}.devicelist`;
const bundleNode = (id: DeviceId): string => `${OMEMO}.bundles:${id}`;

/** XEP-0060 section 12.20: a node with one item that is replaced. */
const CURRENT = 'current';

/** Strangers write encrypted too: without `open` they could not (XEP-0384 0.8 section 5.3). */
const options: NodeOptions = { persistItems: true, accessModel: 'open' };

/** The item of a node that should have one; with several, none but `current` is meant. */
const theItem = (items: readonly PubsubItem[]): PubsubItem | undefined =>
  items.length === 1 ? items[0] : items.find(({ id }) => id === CURRENT);

/** Only where the account checks options (`PUBLISH_OPTIONS_FEATURE`) with them. */
export const publishDeviceList = (ids: readonly DeviceId[], withOptions = true): Element =>
  publishItem({
    node: DEVICE_LIST,
    id: CURRENT,
    payload: deviceListElement(ids),
    options: withOptions ? options : undefined,
  });

/** @param to bare JID; undefined: our own account */
export const deviceListRequest = (to: string | undefined): Element => itemsRequest({ to, node: DEVICE_LIST });

/** The answer to `deviceListRequest`; undefined where it is none, empty where there is no device. */
export const readDeviceListAnswer = (answer: Element): readonly DeviceId[] | undefined => {
  const found = readItems(answer, DEVICE_LIST);
  if (found === undefined) return undefined;
  if (found.items.length === 0) return [];
  return readDeviceList(theItem(found.items)?.payload);
};

/**
 * A changed device list, as the server vouches for it; undefined for everything else. What was retracted, purged
 * or deleted is not a list without devices: it says nothing about them.
 */
export const readDeviceListEvent = (
  message: Element,
  own: Jid,
): { readonly from: string; readonly ids: readonly DeviceId[] } | undefined => {
  const event = readPubsubEvent(message, own);
  if (event?.kind !== 'items' || event.node !== DEVICE_LIST) return undefined;
  const ids = readDeviceList(theItem(event.items)?.payload);
  return ids && { from: event.from, ids };
};

/** Only where the account checks options with them. */
export const publishBundle = (id: DeviceId, bundle: WireBundle, withOptions = true): Element =>
  publishItem({
    node: bundleNode(id),
    id: CURRENT,
    payload: bundleElement(bundle),
    options: withOptions ? options : undefined,
  });

/** @param to bare JID; undefined: our own account */
export const bundleRequest = (to: string | undefined, id: DeviceId): Element =>
  itemsRequest({ to, node: bundleNode(id) });

/** The answer to `bundleRequest`; undefined where there is no bundle in it. */
export const readBundleAnswer = (answer: Element, id: DeviceId): WireBundle | undefined => {
  const found = readItems(answer, bundleNode(id));
  return found && readBundle(theItem(found.items)?.payload);
};

/** Opens a node that another client, or the server, has made otherwise. */
export const openDeviceList = (): Element => configureNode(DEVICE_LIST, options);
export const openBundle = (id: DeviceId): Element => configureNode(bundleNode(id), options);

/** The keys of a device of ours that is gone: nobody shall find them. */
export const deleteBundle = (id: DeviceId): Element => deleteNode(bundleNode(id));

/** Asks who may read our nodes. */
export const deviceListAccessRequest = (): Element => nodeConfigRequest(DEVICE_LIST);
export const bundleAccessRequest = (id: DeviceId): Element => nodeConfigRequest(bundleNode(id));

/** Whether everybody may, as the answer says; undefined where it does not. */
export const readIsOpen = (answer: Element): boolean | undefined => {
  const model = readAccessModel(answer);
  return model === undefined ? undefined : model === 'open';
};

/**
 * Why a publication with options failed. `closed`: the node is there and configured otherwise; `options`: the
 * server knows no such options; undefined: something else.
 */
export const publicationTrouble = (error: StanzaError): 'closed' | 'options' | undefined => {
  if (isPreconditionNotMet(error)) return 'closed';
  return isOptionUnknown(error) || error.condition === 'feature-not-implemented' ? 'options' : undefined;
};

/** Section 4.2: with it in our capabilities the server sends us the changed lists of contacts. */
export const omemoDevices: Feature = { id: 'XEP-0384', discoVars: [`${DEVICE_LIST}+notify`] };

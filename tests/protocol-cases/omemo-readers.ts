import { complaintAbout, decryptionError, isDecryptionError } from '#main/xmpp/features/omemo-answers.ts';
import {
  bundleElement,
  deviceListElement,
  encryptedElement,
  readBundle,
  readDeviceList,
  readEncrypted,
} from '#main/xmpp/features/omemo.ts';
import {
  bundleRequest,
  deleteBundle,
  deviceListRequest,
  openBundle,
  openDeviceList,
  publishBundle,
  publishDeviceList,
  readBundleAnswer,
  readDeviceListAnswer,
  readDeviceListEvent,
} from '#main/xmpp/features/omemo-nodes.ts';
import type { Jid } from '#shared/jid.ts';
import type { DeviceId } from '#shared/ids.ts';
import type { Pair } from './readers.ts';

/** Bytes stand in the values as base64, each with this in front. */
const MARK = 'base64 ';

const bytesToText = (value: unknown): unknown => {
  if (value instanceof Uint8Array) return MARK + Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(bytesToText);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, bytesToText(one)]));
};

const textToBytes = (value: unknown): unknown => {
  if (typeof value === 'string')
    return value.startsWith(MARK) ? Uint8Array.from(Buffer.from(value.slice(MARK.length), 'base64')) : value;
  if (Array.isArray(value)) return value.map(textToBytes);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, textToBytes(one)]));
};

const withBytes = <Value>(value: Value): Value => textToBytes(value) as Value;

export const omemoReaders = (own: Jid): Readonly<Record<string, Pair>> => ({
  'omemo-encrypted': { read: (stanza) => bytesToText(readEncrypted(stanza)) },
  'omemo-encrypted-element': {
    build: (value: Parameters<typeof encryptedElement>[0]) => encryptedElement(withBytes(value)),
  },
  'omemo-device-list': { read: readDeviceList },
  'omemo-device-list-element': { read: readDeviceList, build: deviceListElement },
  'omemo-device-list-answer': { read: readDeviceListAnswer },
  'omemo-device-list-event': { read: (message) => readDeviceListEvent(message, own) },
  'omemo-device-list-request': { build: ({ to }: { to?: string }) => deviceListRequest(to) },
  'omemo-device-list-publish': {
    build: ({ ids, withOptions }: { ids: DeviceId[]; withOptions?: boolean }) =>
      publishDeviceList(ids, withOptions),
  },
  'omemo-device-list-open': { build: openDeviceList },
  'omemo-bundle': { read: (element) => bytesToText(readBundle(element)) },
  'omemo-bundle-element': {
    read: (element) => bytesToText(readBundle(element)),
    build: (value: Parameters<typeof bundleElement>[0]) => bundleElement(withBytes(value)),
  },
  'omemo-bundle-answer': { read: (answer) => bytesToText(readBundleAnswer(answer, 31415 as DeviceId)) },
  'omemo-bundle-request': {
    build: ({ to, id }: { to?: string; id: DeviceId }) => bundleRequest(to, id),
  },
  'omemo-bundle-publish': {
    build: (value: { id: DeviceId; bundle: Parameters<typeof bundleElement>[0]; withOptions?: boolean }) =>
      publishBundle(value.id, withBytes(value.bundle), value.withOptions),
  },
  'omemo-bundle-open': { build: openBundle },
  'omemo-bundle-delete': { build: deleteBundle },
  complaint: { read: complaintAbout },
  'decryption-error': { build: decryptionError },
  'is-decryption-error': { read: isDecryptionError },
});

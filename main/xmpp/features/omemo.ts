/**
 * XEP-0384: OMEMO Encryption, version 0.3.0 — https://xmpp.org/extensions/attic/xep-0384-0.3.0.html
 * The forms that travel: encrypted elements, device lists and bundles. Keys are bytes here, and nobody's.
 */
import type { DeviceId } from '#shared/ids.ts';
import { child, childrenOf, xml, type Element } from '../stanza.ts';
import { parseBoolean, parseUnsigned } from './attribute-values.ts';

export const OMEMO = 'eu.siacs.conversations.axolotl';

/** A signed 32-bit number without zero: some clients print ids as signed ones. */
const MAX_ID = 2 ** 31 - 1;
/** Devices of one address (rule 31 of our notes on other clients); the rest of a longer list is left out. */
export const MAX_DEVICES = 200;
/** Keys of one message: all devices of both sides, and room for a group. */
const MAX_KEYS = 2_000;
/** We publish 100, as the XEP says; others publish a few hundred. */
const MAX_PREKEYS = 1_000;

/** The key of a message for one device. */
export interface WireKey {
  readonly rid: DeviceId;
  /** Whether the sender says that it begins a session; the content says it, too. */
  readonly prekey: boolean;
  readonly data: Uint8Array;
}

export interface WireMessage {
  /** Device of the sender; only unique together with the address. */
  readonly sid: DeviceId;
  /** Two may be for the same device id: of different accounts, or by chance. */
  readonly keys: readonly WireKey[];
  readonly iv: Uint8Array | undefined;
  /** Undefined for a message that only carries keys (section 4.6). */
  readonly payload: Uint8Array | undefined;
}

export interface WirePreKey {
  readonly id: number;
  readonly publicKey: Uint8Array;
}

/** Public keys with the type byte 5 in front, 33 bytes, as all clients publish them. */
export interface WireBundle {
  readonly identityKey: Uint8Array;
  readonly signedPreKey: WirePreKey & { readonly signature: Uint8Array };
  readonly preKeys: readonly WirePreKey[];
}

const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** xs:base64Binary, which may be broken into lines; undefined where the text is none. */
const fromBase64 = (text: string): Uint8Array | undefined => {
  const digits = text.replace(/\s+/g, '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(digits)) return undefined;
  return Uint8Array.from(Buffer.from(digits, 'base64'));
};

const bytesOf = (parent: Element, name: string): Uint8Array | undefined => {
  const element = child(parent, name, OMEMO);
  return element && fromBase64(element.text());
};

const idOf = (text: string | undefined): number | undefined => {
  const id = parseUnsigned(text);
  return id === undefined || id > MAX_ID ? undefined : id;
};

/** Section 4.1: 1 to 2^31 - 1. */
export const parseDeviceId = (text: string | undefined): DeviceId | undefined => {
  const id = idOf(text);
  return id === undefined || id === 0 ? undefined : (id as DeviceId);
};

/** The element for a message stanza (sections 4.5 and 4.6). The IV stays without a payload too: others want it. */
export const encryptedElement = ({ sid, keys, iv, payload }: WireMessage): Element =>
  xml(
    'encrypted',
    { xmlns: OMEMO },
    xml(
      'header',
      { sid: String(sid) },
      ...keys.map(({ rid, prekey, data }) =>
        xml('key', { rid: String(rid), ...(prekey ? { prekey: 'true' } : {}) }, toBase64(data)),
      ),
      iv && xml('iv', {}, toBase64(iv)),
    ),
    payload && xml('payload', {}, toBase64(payload)),
  );

/** What a message stanza carries for OMEMO. */
export type EncryptedContent =
  | { readonly kind: 'encrypted'; readonly message: WireMessage }
  /** Not of the form that the XEP gives it: nobody can open it. */
  | { readonly kind: 'malformed' };

const malformed: EncryptedContent = { kind: 'malformed' };

const readKey = (element: Element): WireKey | undefined => {
  const rid = parseDeviceId(element.attrs['rid']);
  const data = fromBase64(element.text());
  if (rid === undefined || data === undefined) return undefined;
  return { rid, prekey: parseBoolean(element.attrs['prekey']) ?? false, data };
};

/** The encrypted element of a stanza; undefined where there is none. Keys that are none are left out. */
export const readEncrypted = (stanza: Element): EncryptedContent | undefined => {
  const elements = childrenOf(stanza, 'encrypted', OMEMO);
  const [encrypted] = elements;
  if (encrypted === undefined) return undefined;
  const header = child(encrypted, 'header', OMEMO);
  const sid = parseDeviceId(header?.attrs['sid']);
  // With two, a client that takes the first would show another text than one that takes the last.
  if (elements.length > 1 || header === undefined || sid === undefined) return malformed;
  const iv = bytesOf(header, 'iv');
  const hasPayload = child(encrypted, 'payload', OMEMO) !== undefined;
  const payload = bytesOf(encrypted, 'payload');
  if (hasPayload && (payload === undefined || iv === undefined)) return malformed;
  const keys = childrenOf(header, 'key', OMEMO)
    .slice(0, MAX_KEYS)
    .flatMap((element) => readKey(element) ?? []);
  return { kind: 'encrypted', message: { sid, keys, iv, payload } };
};

/** Section 4.3. */
export const deviceListElement = (ids: readonly DeviceId[]): Element =>
  xml('list', { xmlns: OMEMO }, ...ids.map((id) => xml('device', { id: String(id) })));

/** The devices of a list, each once, in its order; undefined where the element is none. */
export const readDeviceList = (list: Element | undefined): readonly DeviceId[] | undefined => {
  if (list?.getName() !== 'list' || list.getNS() !== OMEMO) return undefined;
  const ids = childrenOf(list, 'device', OMEMO).flatMap(({ attrs }) => parseDeviceId(attrs['id']) ?? []);
  return [...new Set(ids)].slice(0, MAX_DEVICES);
};

/** Section 4.3. */
export const bundleElement = ({ identityKey, signedPreKey, preKeys }: WireBundle): Element =>
  xml(
    'bundle',
    { xmlns: OMEMO },
    xml('signedPreKeyPublic', { signedPreKeyId: String(signedPreKey.id) }, toBase64(signedPreKey.publicKey)),
    xml('signedPreKeySignature', {}, toBase64(signedPreKey.signature)),
    xml('identityKey', {}, toBase64(identityKey)),
    xml(
      'prekeys',
      {},
      ...preKeys.map(({ id, publicKey }) =>
        xml('preKeyPublic', { preKeyId: String(id) }, toBase64(publicKey)),
      ),
    ),
  );

const readPreKey = (element: Element): WirePreKey | undefined => {
  const id = idOf(element.attrs['preKeyId']);
  const publicKey = fromBase64(element.text());
  return id === undefined || publicKey === undefined ? undefined : { id, publicKey };
};

/** A bundle; undefined where something of it is missing. Prekeys that are none are left out. */
export const readBundle = (bundle: Element | undefined): WireBundle | undefined => {
  if (bundle?.getName() !== 'bundle' || bundle.getNS() !== OMEMO) return undefined;
  const id = idOf(child(bundle, 'signedPreKeyPublic', OMEMO)?.attrs['signedPreKeyId']);
  const publicKey = bytesOf(bundle, 'signedPreKeyPublic');
  const signature = bytesOf(bundle, 'signedPreKeySignature');
  const identityKey = bytesOf(bundle, 'identityKey');
  const prekeys = child(bundle, 'prekeys', OMEMO);
  if (id === undefined || publicKey === undefined || signature === undefined) return undefined;
  if (identityKey === undefined || prekeys === undefined) return undefined;
  const preKeys = childrenOf(prekeys, 'preKeyPublic', OMEMO)
    .slice(0, MAX_PREKEYS)
    .flatMap((element) => readPreKey(element) ?? []);
  return { identityKey, signedPreKey: { id, publicKey, signature }, preKeys };
};

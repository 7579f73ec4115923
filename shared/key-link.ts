import { parseDeepLink, type DeepLink } from './deep-link.ts';
import type { DeviceId } from './ids.ts';

/**
 * Keys in links and QR codes, as Conversations, Dino, Gajim and Monal write and read them (no XEP has it):
 * `xmpp:ann@example.org?omemo-sid-<device>=<64 hexadecimal digits>;omemo-sid-…`.
 */

/** What a link says of one device. */
export interface KeyClaim {
  readonly deviceId: DeviceId;
  /** 64 lower-case hexadecimal digits in groups of 8, separated by spaces. */
  readonly fingerprint: string;
}

export interface KeyLink {
  /** Bare, normalised. */
  readonly jid: string;
  /** Each device once; empty where the link names an address only. */
  readonly keys: readonly KeyClaim[];
}

/** Characters of the longest link that is read. */
export const MAX_KEY_LINK_LENGTH = 4096;
const PREFIX = 'omemo-sid-';
/** XEP-0384 section 4.1. */
const MAX_DEVICE_ID = 2_147_483_647;

/** @param keys at most 32, so that others can read them too (`parseKeyLink`) */
export const formatKeyLink = ({ jid, keys }: KeyLink): string => {
  const path = jid.split('@').map(encodeURIComponent).join('@');
  const pairs = keys.map(
    ({ deviceId, fingerprint }) => `${PREFIX}${deviceId}=${fingerprint.replaceAll(' ', '')}`,
  );
  return `xmpp:${path}${pairs.length === 0 ? '' : `?${pairs.join(';')}`}`;
};

/**
 * Reads what somebody has scanned, pasted or been sent: the URI above, with or without an action before the keys,
 * and the web links that carry the same (`https://conversations.im/i/ann@example.org?omemo-sid-…&…`, and the
 * invitations of ChatSecure and Zom). Such texts can come from anybody: what is doubtful in any part of it is
 * refused whole, because half a list of keys would be taken for all of it.
 * @returns undefined where the text is no acceptable link
 */
export const parseKeyLink = (text: string): KeyLink | undefined => {
  const trimmed = text.trim();
  if (trimmed.length > MAX_KEY_LINK_LENGTH) return undefined;
  const uri = /^https:/i.test(trimmed) ? uriOfWebLink(trimmed) : trimmed;
  // Zom separates by ampersands here as well. In a value they can only stand encoded.
  const link = uri === undefined ? undefined : parseDeepLink(uri.replaceAll('&', ';'));
  const keys = link === undefined ? undefined : keysOf(link);
  return link === undefined || keys === undefined ? undefined : { jid: link.jid, keys };
};

/**
 * The keys among the parameters of a link.
 * @returns undefined where one of them is of no acceptable form
 */
export const keysOf = ({ parameters }: Pick<DeepLink, 'parameters'>): readonly KeyClaim[] | undefined => {
  const named = Object.entries(parameters).filter(([name]) => name.startsWith(PREFIX));
  const claims = named.map(([name, value]) => toClaim(name.slice(PREFIX.length), value));
  const sound = claims.filter((claim) => claim !== undefined);
  return sound.length === claims.length ? sound : undefined;
};

const toClaim = (device: string, key: string): KeyClaim | undefined => {
  const deviceId = /^[1-9]\d{0,9}$/.test(device) ? Number(device) : Infinity;
  if (deviceId > MAX_DEVICE_ID || !/^[0-9a-f]{64}$/i.test(key)) return undefined;
  return {
    deviceId: deviceId as DeviceId,
    fingerprint: key.toLowerCase().replaceAll(/.{8}(?=.)/g, '$& '),
  };
};

const uriOfWebLink = (link: string): string | undefined => {
  const conversations = /^https:\/\/conversations\.im\/i\/([^/#]+)$/i.exec(link)?.[1];
  if (conversations !== undefined) return `xmpp:${conversations}`;
  // Any host: white labels of ChatSecure have their own.
  const invitation = /^https:\/\/[^/?#\s]+\/i\/#([\w-]+)=*$/i.exec(link)?.[1];
  const payload = invitation === undefined ? undefined : base64UrlText(invitation);
  return payload === undefined ? undefined : `xmpp:${payload}`;
};

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** RFC 4648 section 5, as text in ASCII, of which these links are made: this layer has neither `Buffer` nor `atob`. */
const base64UrlText = (encoded: string): string | undefined => {
  let bits = 0;
  let held = 0;
  let text = '';
  for (const char of encoded) {
    held = ((held << 6) | ALPHABET.indexOf(char)) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    const byte = (held >> bits) & 0xff;
    if (byte < 0x21 || byte > 0x7e) return undefined;
    text += String.fromCharCode(byte);
  }
  return text;
};

/** Messages and bundles as XML, in both generations, for peers that speak nothing else. */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { openPayload, sealPayload } from '#main/crypto/omemo/payload.ts';
import type { Bundle, DecryptResult, OmemoVersion } from '#main/crypto/omemo/engine.ts';
import { bundleElement, encryptedElement, readBundle, readEncrypted } from '#main/xmpp/features/omemo.ts';
import { child, childrenOf, parseStanza, xml, type Element } from '#main/xmpp/stanza.ts';
import type { DeviceId } from '#shared/ids.ts';
import type { OmemoDevice, Sent } from './omemo-device.ts';

/** How the application's engine talks to a peer that speaks XML. */
export interface OmemoStanzas {
  readonly version: OmemoVersion;
  bundle(device: OmemoDevice): string;
  readBundle(text: string): Bundle;
  seal(device: OmemoDevice, peer: { readonly jid: string; readonly id: number }, text: string): string;
  /** The text; undefined for an empty message; what the engine answers where it cannot be read. */
  open(device: OmemoDevice, peer: number, text: string): string | undefined;
}

const required = <Value>(value: Value | undefined, what: string): Value => {
  if (value === undefined) throw new Error(`no ${what}`);
  return value;
};

const inMessage = (text: string): Element => xml('message', {}, parseStanza(text));

const plaintextOf = (result: DecryptResult): Uint8Array | string =>
  result.kind === 'decrypted' ? result.plaintext : result.kind;

export const siacsStanzas: OmemoStanzas = {
  version: 'eu.siacs.conversations.axolotl',
  bundle: (device) => bundleElement(device.bundle).toString(),
  readBundle: (text) => required(readBundle(parseStanza(text)), 'bundle'),
  seal: (device, peer, text) => {
    const { keyMaterial, iv, ciphertext } = sealPayload(text);
    const { data, isKeyExchange } = device.sendBytes(peer.id, keyMaterial);
    const key = { rid: peer.id as DeviceId, prekey: isKeyExchange, data };
    return encryptedElement({ sid: device.deviceId, keys: [key], iv, payload: ciphertext }).toString();
  },
  open: (device, peer, text) => {
    const content = readEncrypted(inMessage(text));
    if (content?.kind !== 'encrypted') throw new Error('not an encrypted message');
    const { keys, iv, payload } = content.message;
    const key = required(
      keys.find(({ rid }) => rid === device.deviceId),
      'key for this device',
    );
    const keyMaterial = plaintextOf(device.receive(peer, key));
    if (typeof keyMaterial === 'string' || payload === undefined)
      return typeof keyMaterial === 'string' ? keyMaterial : undefined;
    const parts = { keyMaterial, iv: required(iv, 'iv'), ciphertext: payload };
    return required(openPayload(parts), 'text that fits its key');
  },
};

const TWO = 'urn:xmpp:omemo:2';
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const bytes = (element: Element | undefined): Uint8Array =>
  Uint8Array.from(Buffer.from(required(element, 'element').text(), 'base64'));
const part = (parent: Element, name: string): Element => required(child(parent, name, TWO), name);

/** XEP-0384 0.8 section 4.4: key, MAC key and IV of a payload. */
const payloadKeys = (key: Uint8Array): { key: Buffer; mac: Buffer; iv: Buffer } => {
  const all = Buffer.from(hkdfSync('sha256', key, Buffer.alloc(32), 'OMEMO Payload', 80));
  return { key: all.subarray(0, 32), mac: all.subarray(32, 64), iv: all.subarray(64) };
};

const macOf = (key: Buffer, ciphertext: Uint8Array): Buffer =>
  createHmac('sha256', key).update(ciphertext).digest().subarray(0, 16);

const element = (sid: number, peer: { jid: string; id: number }, sent: Sent, payload: Uint8Array): Element =>
  xml(
    'encrypted',
    { xmlns: TWO },
    xml(
      'header',
      { sid: String(sid) },
      xml(
        'keys',
        { jid: peer.jid },
        xml(
          'key',
          { rid: String(peer.id), ...(sent.isKeyExchange ? { kex: 'true' } : {}) },
          base64(sent.data),
        ),
      ),
    ),
    xml('payload', {}, base64(payload)),
  );

export const twoStanzas: OmemoStanzas = {
  version: TWO,
  bundle: ({ bundle: { identityKey, signedPreKey, preKeys } }) =>
    xml(
      'bundle',
      { xmlns: TWO },
      xml('spk', { id: String(signedPreKey.id) }, base64(signedPreKey.publicKey)),
      xml('spks', {}, base64(signedPreKey.signature)),
      xml('ik', {}, base64(identityKey)),
      xml(
        'prekeys',
        {},
        ...preKeys.map(({ id, publicKey }) => xml('pk', { id: String(id) }, base64(publicKey))),
      ),
    ).toString(),
  readBundle: (text) => {
    const bundle = parseStanza(text);
    return {
      identityKey: bytes(part(bundle, 'ik')),
      signedPreKey: {
        id: Number(part(bundle, 'spk').attrs['id']),
        publicKey: bytes(part(bundle, 'spk')),
        signature: bytes(part(bundle, 'spks')),
      },
      preKeys: childrenOf(part(bundle, 'prekeys'), 'pk', TWO).map((one) => ({
        id: Number(one.attrs['id']),
        publicKey: bytes(one),
      })),
    };
  },
  seal: (device, peer, text) => {
    const key = randomBytes(32);
    const keys = payloadKeys(key);
    const cipher = createCipheriv('aes-256-cbc', keys.key, keys.iv);
    const ciphertext = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    const sent = device.sendBytes(peer.id, Buffer.concat([key, macOf(keys.mac, ciphertext)]));
    return element(device.deviceId, peer, sent, ciphertext).toString();
  },
  open: (device, peer, text) => {
    const encrypted = parseStanza(text);
    const keys = childrenOf(part(encrypted, 'header'), 'keys', TWO).flatMap((one) =>
      childrenOf(one, 'key', TWO),
    );
    const key = keys.find(({ attrs }) => Number(attrs['rid']) === device.deviceId);
    const material = plaintextOf(device.receive(peer, { data: bytes(key) }));
    const payload = child(encrypted, 'payload', TWO);
    if (typeof material === 'string' || payload === undefined)
      return typeof material === 'string' ? material : undefined;
    const opened = payloadKeys(material.subarray(0, 32));
    const ciphertext = bytes(payload);
    if (!macOf(opened.mac, ciphertext).equals(material.subarray(32)))
      throw new Error('a payload of another key');
    const decipher = createDecipheriv('aes-256-cbc', opened.key, opened.iv);
    return Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString();
  },
};

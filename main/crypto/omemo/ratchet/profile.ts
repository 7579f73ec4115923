/**
 * What differs between the two generations of XEP-0384: names in the key derivation, forms of keys, messages and
 * their authentication. All else is one code.
 */
import type { IdentityKey, OmemoVersion } from '../engine.ts';
import { concat } from './bytes.ts';
import {
  InvalidKey,
  isCanonical,
  KEY_BYTES,
  toEdwards,
  toMontgomery,
  verifyXeddsa,
  type Curve,
} from './curve.ts';
import { encodeFields, Fields, MalformedMessage } from './protobuf.ts';

/** What the sender of a message says about its place in the ratchet. */
export interface Header {
  /** 32 bytes. */
  readonly ratchetKey: Uint8Array;
  /** Place in its chain, from 0. */
  readonly counter: number;
  /** How many messages the chain before it has. */
  readonly previousCount: number;
}

export interface ParsedMessage {
  readonly header: Header;
  readonly ciphertext: Uint8Array;
  /** What the MAC covers besides the identities. */
  readonly authenticated: Uint8Array;
  readonly mac: Uint8Array;
}

export interface KeyExchange {
  /** 0 where the peer used none. */
  readonly preKeyId: number;
  readonly signedPreKeyId: number;
  /** 32 bytes. */
  readonly baseKey: Uint8Array;
  /** As it travels. */
  readonly identity: Uint8Array;
  /** The message that came with it. */
  readonly message: Uint8Array;
}

/** The identity keys of a session, as they travel. */
export interface Identities {
  readonly sender: Uint8Array;
  readonly receiver: Uint8Array;
  /** Whether the sender of this message started the session. */
  readonly senderStarted: boolean;
}

export interface Profile {
  readonly version: OmemoVersion;
  /** In session records. */
  readonly number: number;
  readonly agreementInfo: Uint8Array;
  readonly rootInfo: Uint8Array;
  readonly messageInfo: Uint8Array;
  readonly macBytes: number;
  encodeIdentity(key: IdentityKey): Uint8Array;
  /** @throws InvalidKey */
  decodeIdentity(wire: Uint8Array): IdentityKey;
  encodeKey(key: Uint8Array): Uint8Array;
  /** @throws InvalidKey */
  decodeKey(wire: Uint8Array): Uint8Array;
  /** The signature of a signed prekey. @param wire both as they travel */
  verify(
    curve: Curve,
    wire: { readonly identity: Uint8Array; readonly signed: Uint8Array; readonly signature: Uint8Array },
  ): boolean;
  /** What goes before a message under its MAC. */
  associatedData(identities: Identities): Uint8Array;
  /** @returns what the MAC covers besides the associated data */
  encodeBody(header: Header, ciphertext: Uint8Array): Uint8Array;
  encodeMessage(body: Uint8Array, mac: Uint8Array): Uint8Array;
  /** @throws MalformedMessage, InvalidKey, UnsupportedVersion */
  parseMessage(data: Uint8Array): ParsedMessage;
  encodeKeyExchange(exchange: KeyExchange, registrationId: number): Uint8Array;
  /** Undefined where the data is a message without one. @throws as `parseMessage` */
  parseKeyExchange(data: Uint8Array): KeyExchange | undefined;
}

/** A message of a version that we do not speak. */
export class UnsupportedVersion extends Error {
  constructor() {
    super('a message of an unknown version');
    this.name = 'UnsupportedVersion';
  }
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

const plainKey = (wire: Uint8Array): Uint8Array => {
  if (wire.length !== KEY_BYTES) throw new InvalidKey('a key of the wrong length');
  return wire;
};

const asIdentity = (key: Uint8Array): IdentityKey => {
  if (!isCanonical(key)) throw new InvalidKey('an identity key that is not in its shortest form');
  return key as IdentityKey;
};

/** The type byte of libsignal in front of Curve25519 keys. */
const DJB_TYPE = 5;
/** Messages of version 3, from a sender who knows no later one. */
const VERSION_BYTE = 0x33;
const MAC_BYTES_OF_LIBSIGNAL = 8;

/**
 * Messages begin with a byte string, key exchanges with a number, in both generations. Read from the content,
 * because senders differ in when they set the attribute.
 */
const FIRST_IS_BYTES = 0x0a;

const typedKey = (key: Uint8Array): Uint8Array => concat(Uint8Array.of(DJB_TYPE), key);

const untypedKey = (wire: Uint8Array): Uint8Array => {
  if (wire.length !== KEY_BYTES + 1 || wire[0] !== DJB_TYPE) throw new InvalidKey('a key without its type');
  return wire.subarray(1);
};

const versioned = (data: Uint8Array): Fields => {
  if (data.length === 0) throw new MalformedMessage('nothing');
  if (data[0] !== VERSION_BYTE) throw new UnsupportedVersion();
  return new Fields(data.subarray(1));
};

/** XEP-0384 0.3: the messages of libsignal, version 3. */
export const siacs: Profile = {
  version: 'eu.siacs.conversations.axolotl',
  number: 1,
  agreementInfo: text('WhisperText'),
  rootInfo: text('WhisperRatchet'),
  messageInfo: text('WhisperMessageKeys'),
  macBytes: MAC_BYTES_OF_LIBSIGNAL,
  encodeIdentity: typedKey,
  decodeIdentity: (wire) => asIdentity(untypedKey(wire)),
  encodeKey: typedKey,
  decodeKey: untypedKey,
  verify: (curve, { identity, signed, signature }) =>
    verifyXeddsa(curve, untypedKey(identity), signed, signature),
  associatedData: ({ sender, receiver }) => concat(sender, receiver),
  // The counter of the chain before is that of its last message, not how many there were.
  encodeBody: ({ ratchetKey, counter, previousCount }, ciphertext) =>
    concat(
      Uint8Array.of(VERSION_BYTE),
      encodeFields(
        [1, typedKey(ratchetKey)],
        [2, counter],
        [3, Math.max(previousCount - 1, 0)],
        [4, ciphertext],
      ),
    ),
  encodeMessage: concat,
  parseMessage: (data) => {
    const authenticated = data.subarray(0, Math.max(data.length - MAC_BYTES_OF_LIBSIGNAL, 0));
    const fields = versioned(authenticated);
    return {
      header: {
        ratchetKey: untypedKey(fields.bytes(1)),
        counter: fields.uint32(2) ?? 0,
        previousCount: (fields.uint32(3) ?? 0) + 1,
      },
      ciphertext: fields.bytes(4),
      authenticated,
      mac: data.subarray(authenticated.length),
    };
  },
  encodeKeyExchange: (exchange, registrationId) =>
    concat(
      Uint8Array.of(VERSION_BYTE),
      encodeFields(
        [1, exchange.preKeyId],
        [2, typedKey(exchange.baseKey)],
        [3, exchange.identity],
        [4, exchange.message],
        [5, registrationId],
        [6, exchange.signedPreKeyId],
      ),
    ),
  parseKeyExchange: (data) => {
    if (data[0] !== VERSION_BYTE) throw new UnsupportedVersion();
    if (data[1] === FIRST_IS_BYTES) return undefined;
    const fields = versioned(data);
    return {
      preKeyId: fields.uint32(1) ?? 0,
      signedPreKeyId: fields.uint32(6) ?? 0,
      baseKey: untypedKey(fields.bytes(2)),
      identity: fields.bytes(3),
      message: fields.bytes(4),
    };
  },
};

/** XEP-0384 0.4 and later. */
export const omemoTwo: Profile = {
  version: 'urn:xmpp:omemo:2',
  number: 2,
  agreementInfo: text('OMEMO X3DH'),
  rootInfo: text('OMEMO Root Chain'),
  messageInfo: text('OMEMO Message Key Material'),
  macBytes: 16,
  encodeIdentity: (key) => toEdwards(key),
  decodeIdentity: (wire) => asIdentity(toMontgomery(plainKey(wire))),
  encodeKey: (key) => key,
  decodeKey: plainKey,
  verify: (curve, { identity, signed, signature }) => curve.verifyEdwards(identity, signed, signature),
  // Section 3.2: the identity of who started the session comes first, whoever sends.
  associatedData: ({ sender, receiver, senderStarted }) =>
    senderStarted ? concat(sender, receiver) : concat(receiver, sender),
  encodeBody: ({ ratchetKey, counter, previousCount }, ciphertext) =>
    encodeFields([1, counter], [2, previousCount], [3, ratchetKey], [4, ciphertext]),
  encodeMessage: (body, mac) => encodeFields([1, mac], [2, body]),
  parseMessage: (data) => {
    const outer = new Fields(data);
    const authenticated = outer.bytes(2);
    const fields = new Fields(authenticated);
    return {
      header: {
        ratchetKey: plainKey(fields.bytes(3)),
        counter: fields.uint32(1) ?? 0,
        previousCount: fields.uint32(2) ?? 0,
      },
      ciphertext: fields.bytes(4),
      authenticated,
      mac: outer.bytes(1),
    };
  },
  encodeKeyExchange: (exchange) =>
    encodeFields(
      [1, exchange.preKeyId],
      [2, exchange.signedPreKeyId],
      [3, exchange.identity],
      [4, exchange.baseKey],
      [5, exchange.message],
    ),
  parseKeyExchange: (data) => {
    if (data[0] === FIRST_IS_BYTES) return undefined;
    const fields = new Fields(data);
    return {
      preKeyId: fields.uint32(1) ?? 0,
      signedPreKeyId: fields.uint32(2) ?? 0,
      identity: fields.bytes(3),
      baseKey: plainKey(fields.bytes(4)),
      message: fields.bytes(5),
    };
  },
};

const profiles: Readonly<Record<OmemoVersion, Profile>> = {
  [siacs.version]: siacs,
  [omemoTwo.version]: omemoTwo,
} as Readonly<Record<OmemoVersion, Profile>>;

export const profileOf = (version: OmemoVersion): Profile => profiles[version];

/** The profile with this number in a record. */
export const profileByNumber = (number: number): Profile | undefined =>
  Object.values(profiles).find((profile) => profile.number === number);

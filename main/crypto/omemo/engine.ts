/**
 * The port of the OMEMO engine: key agreement and ratchet for one pair of devices, and nothing about networks,
 * trust or storage. Everything is synchronous and works on values: a session goes in as a record and comes out
 * as a new one, so that a ratchet step and the message that it belongs to can be stored together. Whatever a
 * peer can cause is an answer; what is thrown is a mistake of the caller.
 */
import type { DeviceId } from '#shared/ids.ts';

/** The two generations of XEP-0384 that are in use, by their namespaces: 0.3, and 0.4 and later. */
export type OmemoVersion = 'eu.siacs.conversations.axolotl' | 'urn:xmpp:omemo:2';

declare const brand: unique symbol;

/**
 * The public identity key of a device: 32 bytes, the Montgomery form, the same for both generations. Its
 * hexadecimal form is the fingerprint.
 */
export type IdentityKey = Uint8Array & { readonly [brand]: 'IdentityKey' };

/** From 1 to 2^31 - 1, never used twice for an account. */
export type PreKeyId = number & { readonly [brand]: 'PreKeyId' };
export type SignedPreKeyId = number & { readonly [brand]: 'SignedPreKeyId' };

/** X25519 (RFC 7748), 32 bytes each. */
export interface KeyPair {
  readonly privateKey: Uint8Array;
  readonly publicKey: Uint8Array;
}

export interface IdentityKeyPair {
  readonly privateKey: Uint8Array;
  readonly publicKey: IdentityKey;
}

/** The bundle of a device in the forms that travel: 33 bytes with the type byte in 0.3, 32 in `omemo:2`. */
export interface Bundle {
  readonly identityKey: Uint8Array;
  readonly signedPreKey: {
    readonly id: number;
    readonly publicKey: Uint8Array;
    readonly signature: Uint8Array;
  };
  readonly preKeys: readonly { readonly id: number; readonly publicKey: Uint8Array }[];
}

/** Our side of every session of one account. */
export interface OwnDevice {
  readonly deviceId: DeviceId;
  readonly identity: IdentityKeyPair;
}

/** Our keys that a peer may have found in our bundle. */
export interface OwnPreKeys {
  preKey(id: PreKeyId): KeyPair | undefined;
  signedPreKey(id: SignedPreKeyId): KeyPair | undefined;
}

/** A session of our device with one other device, as it is stored: opaque, versioned, secret. */
export type SessionRecord = Uint8Array & { readonly [brand]: 'SessionRecord' };

/** Why a session cannot go on: only a new one from a fresh bundle heals it. */
export type RebuildReason =
  /** More messages were lost than we derive keys for at once. */
  | 'too-many-skipped'
  /** The stored record cannot be read. */
  | 'record-damaged';

export interface NeedsRebuild {
  readonly kind: 'needs-rebuild';
  readonly reason: RebuildReason;
}

/** The key in a bundle or key exchange is not the one that is known for this device. */
export interface IdentityMismatch {
  readonly kind: 'identity-mismatch';
  /** What was offered. */
  readonly identityKey: IdentityKey;
}

export interface StartRequest {
  readonly version: OmemoVersion;
  readonly own: OwnDevice;
  readonly bundle: Bundle;
  /** The identity key known for this device; undefined where it is the first one. */
  readonly pinned: IdentityKey | undefined;
  /** The present session: messages that are under way for it stay readable, and nothing is sent with it again. */
  readonly record: SessionRecord | undefined;
}

export type StartResult =
  | { readonly kind: 'started'; readonly record: SessionRecord; readonly identityKey: IdentityKey }
  /** A key has the wrong length or type, or is a point that gives no secret. */
  | { readonly kind: 'invalid-key' }
  /** Whoever published the bundle does not have the identity key. */
  | { readonly kind: 'invalid-signature' }
  /** Without a one-time prekey a key exchange could be replayed: it is not started. */
  | { readonly kind: 'no-prekey' }
  | IdentityMismatch;

export type EncryptResult =
  | {
      readonly kind: 'encrypted';
      readonly record: SessionRecord;
      /** What goes into a `<key/>`. */
      readonly data: Uint8Array;
      /** Whether it carries the key exchange too, as all do until the peer has answered. */
      readonly isKeyExchange: boolean;
    }
  | NeedsRebuild;

export interface DecryptRequest {
  readonly version: OmemoVersion;
  readonly own: OwnDevice;
  readonly preKeys: OwnPreKeys;
  readonly pinned: IdentityKey | undefined;
  readonly record: SessionRecord | undefined;
  /** Content of the `<key/>`; whether it is a key exchange is read from it, not from an attribute. */
  readonly data: Uint8Array;
}

export type DecryptResult =
  | {
      readonly kind: 'decrypted';
      readonly record: SessionRecord;
      readonly plaintext: Uint8Array;
      /** Whose message it is, proven by the session. */
      readonly identityKey: IdentityKey;
      /** The key exchange made a new session with this prekey of ours, which must not be used again. */
      readonly consumedPreKey: PreKeyId | undefined;
      /**
       * The peer has sent so many messages without an answer that an empty one must be sent to let the ratchet
       * go on (XEP-0384 section 6). Said once for each ratchet key of the peer.
       */
      readonly heartbeatDue: boolean;
    }
  /** Its key was used before, or is so old that it is not kept. Whether for this message, only its ciphertext tells. */
  | { readonly kind: 'duplicate' }
  /** Damaged, forged, or of a session that we do not have. */
  | { readonly kind: 'bad-mac' }
  /** Not a message of this protocol. */
  | { readonly kind: 'malformed' }
  /** A later version of the protocol. */
  | { readonly kind: 'unsupported-version' }
  /** A message without a key exchange, from a device that we have no session with. */
  | { readonly kind: 'no-session' }
  /** A key exchange with a key of ours that we never had or have deleted; id 0: with none. */
  | { readonly kind: 'unknown-prekey'; readonly which: 'one-time' | 'signed'; readonly id: number }
  | IdentityMismatch
  | NeedsRebuild;

export interface Engine {
  generateIdentity(): IdentityKeyPair;
  generateKeyPair(): KeyPair;
  /** The signature that a bundle needs for its signed prekey, 64 bytes. */
  signPreKey(version: OmemoVersion, identity: IdentityKeyPair, publicKey: Uint8Array): Uint8Array;
  /** Our own bundle in the forms that travel. */
  encodeBundle(version: OmemoVersion, own: PublishedKeys): Bundle;
  /** The identity key in a bundle; undefined where it is no key. */
  readIdentityKey(version: OmemoVersion, wire: Uint8Array): IdentityKey | undefined;
  /** A new session from the bundle of the other device; the peer learns of it with the first message. */
  startSession(request: StartRequest): StartResult;
  /** @param plaintext at most some hundred bytes: the key of a payload, never the payload */
  encrypt(record: SessionRecord, plaintext: Uint8Array): EncryptResult;
  decrypt(request: DecryptRequest): DecryptResult;
}

/** What a bundle is made from. */
export interface PublishedKeys {
  readonly identityKey: IdentityKey;
  readonly signedPreKey: {
    readonly id: SignedPreKeyId;
    readonly publicKey: Uint8Array;
    readonly signature: Uint8Array;
  };
  readonly preKeys: readonly { readonly id: PreKeyId; readonly publicKey: Uint8Array }[];
}

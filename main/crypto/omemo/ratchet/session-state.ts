/** The state of one session, and its bytes in a record. */
import type { KeyPair } from '../engine.ts';
import { ByteReader, ByteWriter, equalBytes } from './bytes.ts';
import { KEY_BYTES } from './curve.ts';
import { profileByNumber, type Profile } from './profile.ts';

/** A chain of message keys, at the place of the next one. */
export interface Chain {
  /** 32 bytes. */
  readonly key: Uint8Array;
  readonly next: number;
}

/** Keys of messages of one chain that have not come yet, ascending: 4 bytes of the counter, 32 of the key. */
export interface SkippedKeys {
  readonly ratchetKey: Uint8Array;
  readonly packed: Uint8Array;
}

/** Values only: a step makes a new state and leaves the old one as it is, so that it can be tried. */
export interface SessionState {
  readonly profile: Profile;
  /** Whether we started the session. */
  readonly initiator: boolean;
  /** Given up by us or replaced by the peer: late messages are read, none is sent. */
  readonly retired: boolean;
  /** Whether an empty message was asked for with the present ratchet key of the peer. */
  readonly heartbeatAsked: boolean;
  /** As they travel. */
  readonly ourIdentity: Uint8Array;
  readonly theirIdentity: Uint8Array;
  /** The key that started the session; repeated key exchanges are known by it. */
  readonly baseKey: Uint8Array;
  /** What every message carries until the peer has answered. */
  readonly pending: PendingExchange | undefined;
  readonly rootKey: Uint8Array;
  readonly ourRatchet: KeyPair;
  readonly sending: Chain | undefined;
  /** How many messages our chain before this one has. */
  readonly previousCount: number;
  /** The peer's present chain. */
  readonly receiving: (Chain & { readonly ratchetKey: Uint8Array }) | undefined;
  /** Oldest first. */
  readonly skipped: readonly SkippedKeys[];
  /** Beginnings of ratchet keys whose chains are closed, oldest first: what comes with them is a duplicate. */
  readonly closed: Uint8Array;
}

export interface PendingExchange {
  readonly preKeyId: number;
  readonly signedPreKeyId: number;
  readonly registrationId: number;
}

export const SKIPPED_ENTRY_BYTES = 4 + KEY_BYTES;

/** Enough to tell keys apart that nobody can choose. */
const CLOSED_TAG_BYTES = 8;
const MAX_CLOSED = 50;

/** Notes that a chain of the peer is over. */
export const withClosed = (closed: Uint8Array, ratchetKey: Uint8Array): Uint8Array => {
  const all = new Uint8Array(closed.length + CLOSED_TAG_BYTES);
  all.set(closed);
  all.set(ratchetKey.subarray(0, CLOSED_TAG_BYTES), closed.length);
  return all.subarray(Math.max(all.length - MAX_CLOSED * CLOSED_TAG_BYTES, 0));
};

export const isClosed = (closed: Uint8Array, ratchetKey: Uint8Array): boolean => {
  const tag = ratchetKey.subarray(0, CLOSED_TAG_BYTES);
  for (let at = 0; at < closed.length; at += CLOSED_TAG_BYTES) {
    if (equalBytes(closed.subarray(at, at + CLOSED_TAG_BYTES), tag)) return true;
  }
  return false;
};

/** Whether the ratchet key of a message belongs to this session beyond doubt. */
export const knowsRatchetKey = (state: SessionState, ratchetKey: Uint8Array): boolean =>
  (state.receiving !== undefined && equalBytes(state.receiving.ratchetKey, ratchetKey)) ||
  state.skipped.some((keys) => equalBytes(keys.ratchetKey, ratchetKey)) ||
  isClosed(state.closed, ratchetKey);

const flags = {
  initiator: 1,
  retired: 2,
  heartbeatAsked: 4,
  pending: 8,
  sending: 16,
  receiving: 32,
} as const;

const flagsOf = (state: SessionState): number =>
  (state.initiator ? flags.initiator : 0) |
  (state.retired ? flags.retired : 0) |
  (state.heartbeatAsked ? flags.heartbeatAsked : 0) |
  (state.pending === undefined ? 0 : flags.pending) |
  (state.sending === undefined ? 0 : flags.sending) |
  (state.receiving === undefined ? 0 : flags.receiving);

export const encodeState = (state: SessionState): Uint8Array => {
  const writer = new ByteWriter()
    .uint8(state.profile.number)
    .uint8(flagsOf(state))
    .sized(state.ourIdentity)
    .sized(state.theirIdentity)
    .fixed(state.baseKey)
    .fixed(state.rootKey)
    .fixed(state.ourRatchet.privateKey)
    .fixed(state.ourRatchet.publicKey)
    .uint32(state.previousCount);
  const { pending, sending, receiving } = state;
  if (pending !== undefined)
    writer.uint32(pending.preKeyId).uint32(pending.signedPreKeyId).uint32(pending.registrationId);
  if (sending !== undefined) writer.fixed(sending.key).uint32(sending.next);
  if (receiving !== undefined) writer.fixed(receiving.ratchetKey).fixed(receiving.key).uint32(receiving.next);
  writer.sized(state.closed).uint32(state.skipped.length);
  for (const { ratchetKey, packed } of state.skipped) writer.fixed(ratchetKey).sized(packed);
  return writer.take();
};

/** @throws RangeError for what `encodeState` did not write */
export const decodeState = (bytes: Uint8Array): SessionState => {
  const reader = new ByteReader(bytes);
  const profile = profileByNumber(reader.uint8());
  if (profile === undefined) throw new RangeError('a session of an unknown protocol');
  const flag = reader.uint8();
  const has = (name: keyof typeof flags): boolean => (flag & flags[name]) !== 0;
  const key = (): Uint8Array => reader.fixed(KEY_BYTES);
  const state: SessionState = {
    profile,
    initiator: has('initiator'),
    retired: has('retired'),
    heartbeatAsked: has('heartbeatAsked'),
    ourIdentity: reader.sized(),
    theirIdentity: reader.sized(),
    baseKey: key(),
    rootKey: key(),
    ourRatchet: { privateKey: key(), publicKey: key() },
    previousCount: reader.uint32(),
    pending: has('pending')
      ? { preKeyId: reader.uint32(), signedPreKeyId: reader.uint32(), registrationId: reader.uint32() }
      : undefined,
    sending: has('sending') ? { key: key(), next: reader.uint32() } : undefined,
    receiving: has('receiving') ? { ratchetKey: key(), key: key(), next: reader.uint32() } : undefined,
    closed: reader.sized(),
    skipped: readSkipped(reader),
  };
  if (!reader.atEnd) throw new RangeError('bytes behind a session');
  return state;
};

const readSkipped = (reader: ByteReader): readonly SkippedKeys[] => {
  const skipped: SkippedKeys[] = [];
  for (let left = reader.uint32(); left > 0; left -= 1) {
    const keys = { ratchetKey: reader.fixed(KEY_BYTES), packed: reader.sized() };
    if (keys.packed.length % SKIPPED_ENTRY_BYTES !== 0) throw new RangeError('a broken list of keys');
    skipped.push(keys);
  }
  return skipped;
};

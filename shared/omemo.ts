/** What the user knows of OMEMO: trust in devices, and who can read a message. */

/**
 * Trust in an identity key. `undecided`: nobody has said anything, nothing is sent to it; `first-use`: it was
 * there when we first saw the address; `blind`: taken because no key of the address was verified yet; `trusted`
 * and `untrusted`: switched by the user; `verified`: compared with the owner's.
 */
export type Trust = 'undecided' | 'first-use' | 'blind' | 'trusted' | 'verified' | 'untrusted';

/**
 * How devices are trusted without the user. `first-use`: those of the first list are, later ones wait for the
 * user; `blind`: all are, until one key of the address is verified.
 */
export type TrustPolicy = 'first-use' | 'blind';

/**
 * What became of a message for one device: `encrypted`, or why it was left out. `unreachable`: its bundle could
 * not be fetched; `unusable`: the bundle is forged, broken or without prekeys.
 */
export type RecipientOutcome =
  | 'encrypted'
  | 'undecided'
  | 'untrusted'
  | 'identity-changed'
  | 'unreachable'
  | 'unusable';

/**
 * How the user wants the messages of a chat to be protected. `automatic`: with OMEMO as soon as the other side is
 * known to have it, and never without it again; `omemo`: never otherwise; `none`: not at all, which only the
 * user can choose.
 */
export type ProtectionChoice = 'automatic' | 'omemo' | 'none';

/** Why a message could not be read. */
export type UnreadableReason =
  /** Encrypted for other devices only. */
  | 'not-for-this-device'
  /** Not of the form that the protocol gives it. */
  | 'malformed'
  /** The session is broken, or was never there. */
  | 'no-key'
  /** Its key has opened another message: the sender's device has an older state again, from a backup say. */
  | 'key-reused'
  /** Another key than the known one was used for the sender's device. */
  | 'identity-changed';

import type { DeviceId, MessageId } from './ids.ts';
import type { ProtectionChoice, RecipientOutcome, UnreadableReason } from './omemo.ts';
import type { MessageState, Protection } from './views.ts';

/**
 * What the window shows of encryption. Of keys only public fingerprints: 64 lower-case hexadecimal digits in
 * eight groups, separated by spaces. Times are milliseconds since 1970, UTC.
 */

/**
 * What a device is to the user. `verified`: its key was compared; `trusted`: switched on by the user;
 * `first-use` and `blind`: taken without the user (see `TrustPolicy`); these four receive messages.
 * `undecided`: waits for the user; `untrusted`: switched off; `key-changed`: another key is offered for it, and
 * nothing is sent until the user has decided; `removed`: its owner's list does not name it any more.
 * `unknown`: its key could not be fetched yet.
 */
export type DeviceStanding =
  | 'verified'
  | 'trusted'
  | 'first-use'
  | 'blind'
  | 'undecided'
  | 'untrusted'
  | 'key-changed'
  | 'removed'
  | 'unknown';

export interface DeviceView {
  readonly deviceId: DeviceId;
  readonly standing: DeviceStanding;
  /** Absent while its key is not known. */
  readonly fingerprint?: string;
  /** The other key, where the standing is `key-changed`. */
  readonly offeredFingerprint?: string;
  /** What the user calls it; empty where they gave it no name. */
  readonly label: string;
  /** This computer. */
  readonly isThis: boolean;
  /** Came when other devices of the address were known already. */
  readonly isLater: boolean;
  /** Not heard for six weeks. */
  readonly isInactive: boolean;
  readonly firstSeen: number;
  /** When a message of it was read last; absent where none was. */
  readonly lastHeard?: number;
}

/** The keys of the user's own, as others scan them or open them as a link. */
export interface OwnKeysView {
  readonly jid: string;
  /** See shared/key-link.ts. Names an address only, while this computer has no keys. */
  readonly link: string;
  /** This computer, and those that the user has compared. */
  readonly devices: readonly DeviceView[];
}

/**
 * What becomes of a key that a link names. `verified` already; `matches`: known, and would be verified;
 * `differs`: another one is known for this device, so that the link or what is known here is forged;
 * `unknown`: no device that is known here has it.
 */
export type KeyFinding = 'verified' | 'matches' | 'differs' | 'unknown';

export interface FoundKey {
  /** As the link has it. */
  readonly deviceId: DeviceId;
  readonly fingerprint: string;
  readonly finding: KeyFinding;
  /** The device that has the key, or has another one where the finding is `differs`. */
  readonly device?: DeviceView;
}

/** A link with keys, beside what is known here. */
export interface KeyLinkView {
  readonly jid: string;
  /** The account's own address. */
  readonly isOwn: boolean;
  readonly keys: readonly FoundKey[];
  /** Devices of the address that receive messages or wait, and of which the link says nothing. */
  readonly unnamed: readonly DeviceView[];
}

/** Something about a device that belongs into the timeline, at its time. */
export interface DeviceNotice {
  readonly deviceId: DeviceId;
  readonly kind: 'added' | 'key-changed';
  readonly standing: DeviceStanding;
  readonly at: number;
}

/**
 * What becomes of the next message of a chat. `verified`: encrypted, and every device that gets it was compared;
 * `encrypted`; `no-trusted-device` and `no-device`: it would not be sent; `plain`: not encrypted, because the
 * user wants so; `plain-no-omemo`: not encrypted, because the other side has no OMEMO as far as is known;
 * `unasked`: nobody has asked the other side yet: it waits for the answer, and is encrypted where they have OMEMO.
 */
export type ProtectionOutlook =
  | 'verified'
  | 'encrypted'
  | 'no-trusted-device'
  | 'no-device'
  | 'plain'
  | 'plain-no-omemo'
  | 'unasked';

export interface ChatProtectionView {
  readonly choice: ProtectionChoice;
  /** The user has chosen for this chat; otherwise it follows the settings. */
  readonly isOwnChoice: boolean;
  /** How the next message is protected. */
  readonly next: Protection;
  readonly outlook: ProtectionOutlook;
  /** Devices of the other side that wait for a decision. */
  readonly waiting: number;
  /** In the order of their times. */
  readonly notices: readonly DeviceNotice[];
}

/** One device, and what became of a message for it. */
export interface RecipientView {
  readonly deviceId: DeviceId;
  /** One of the user's own. */
  readonly isOwn: boolean;
  readonly label: string;
  /** As it was when the message was encrypted. */
  readonly fingerprint?: string;
  readonly outcome: RecipientOutcome;
}

/** Who can read a message that was sent (the recipient ledger). */
export interface RecipientsView {
  readonly messageId: MessageId;
  readonly protection: Protection;
  /** How far it has come. Which of the devices have read it, nobody says. */
  readonly state: MessageState;
  /** Empty where it was not encrypted, or is not yet. */
  readonly recipients: readonly RecipientView[];
}

/** Why a message could not be read, and what can be done. */
export interface UnreadableView {
  readonly reason: UnreadableReason | 'unknown';
  /** The device that it says it comes from. */
  readonly deviceId?: DeviceId;
  readonly fingerprint?: string;
  readonly canRepair: boolean;
}

/** What can be done about a line of the encryption health. */
export type HealthRepair =
  /** Publish our keys and our place in the list anew, readable for everybody. */
  | { readonly kind: 'publish' }
  /** A new session with a device. */
  | { readonly kind: 'session'; readonly jid: string; readonly deviceId: DeviceId }
  /** Take a device of the user's own from the list; never part of "everything". */
  | { readonly kind: 'remove-device'; readonly deviceId: DeviceId };

/** Whether everybody can read a node; `unknown` where the server does not say. */
export type NodeAccess = 'open' | 'closed' | 'missing' | 'unknown';

/** One fact about an account, or about one of its devices or sessions. */
export type HealthFact =
  | {
      readonly kind: 'device-list';
      /** How many it names. */
      readonly devices: number;
      readonly namesThis: boolean;
      readonly access: NodeAccess;
    }
  | { readonly kind: 'bundle'; readonly isPresent: boolean; readonly access: NodeAccess }
  | { readonly kind: 'keys'; readonly preKeys: number; readonly signedAt: number }
  | { readonly kind: 'device-without-keys'; readonly deviceId: DeviceId; readonly label: string }
  | { readonly kind: 'sessions'; readonly count: number }
  | {
      readonly kind: 'broken-session';
      readonly jid: string;
      readonly deviceId: DeviceId;
      /** Messages of it that could not be read. */
      readonly messages: number;
    }
  /** How far the server's clock is ahead of this computer's, in milliseconds. */
  | { readonly kind: 'clock'; readonly aheadMs: number };

export interface HealthLine {
  readonly isFine: boolean;
  readonly fact: HealthFact;
  readonly repair?: HealthRepair;
}

export interface HealthView {
  readonly checkedAt: number;
  readonly lines: readonly HealthLine[];
}

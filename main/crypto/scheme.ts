/**
 * The port between messages and what protects them. Sealing and opening are synchronous and write within the
 * transaction of their message: a ratchet never goes on without the message that it went on for.
 */
import type { AccountId, DeviceId, MessageId } from '#shared/ids.ts';
import type { UnreadableReason } from '#shared/omemo.ts';
import type { Protection } from '#shared/views.ts';
import type { Element } from '#main/xmpp/stanza.ts';

/** Whose conversation with whom; both addresses are bare. */
export interface Conversation {
  readonly accountId: AccountId;
  readonly own: string;
  readonly peer: string;
}

export type SealOutcome =
  | {
      readonly kind: 'sealed';
      /** Goes into the stanza in place of the text. */
      readonly element: Element;
      /** Names the mechanism for clients that cannot read it (XEP-0380). */
      readonly namespace: string;
    }
  /**
   * Keys must be fetched first. `ready` settles when to ask again, and never rejects; where the stream ends before,
   * it never settles, and what waited is asked for again on the next one.
   */
  | { readonly kind: 'preparing'; readonly ready: Promise<void> }
  /** Nobody on the other side could read it. The message stays here until the user decides. */
  | { readonly kind: 'refused'; readonly condition: NobodyReads };

/**
 * Why nobody on the other side could read a message: there is no device; none that the user trusts; the keys of all
 * are forged or broken; or they could not be had.
 */
export type NobodyReads = 'no-device' | 'no-trusted-device' | 'keys-unusable' | 'keys-unreachable';

/**
 * What became of asking somebody for their devices. `unanswered`: they or their server would not say; `lost`: our
 * own connection is gone, and nobody knows.
 */
export type AskOutcome = 'answered' | 'unanswered' | 'lost';

/** How a message is protected whose protection was left open. */
export type ProtectOutcome =
  | { readonly kind: 'settled'; readonly protection: Exclude<Protection, 'unsettled'> }
  /** Nobody has asked yet. Never rejects; once it is `answered`, there is a protection. */
  | { readonly kind: 'asking'; readonly answer: Promise<AskOutcome> };

/** Which device wrote a message, proven by its session. */
export interface Writer {
  readonly deviceId: DeviceId;
  readonly identityKey: Uint8Array;
}

export type OpenOutcome =
  /** Not encrypted with this scheme. */
  | { readonly kind: 'not-encrypted' }
  | { readonly kind: 'text'; readonly text: string; readonly writer: Writer }
  /** Carried keys only, or was opened before: there is nothing to show. */
  | { readonly kind: 'nothing' }
  | {
      readonly kind: 'unreadable';
      readonly reason: UnreadableReason;
      /** Which device it says has written it; undefined where it does not say. */
      readonly deviceId: DeviceId | undefined;
    };

/** How a message came, for what is done where it cannot be read. */
export interface Arrival {
  /** To this device, and just now: no copy, and nothing that was kept for us. Only then its sender is told. */
  readonly isLive: boolean;
  /** Whether what it says is here already, or was deleted here, as far as its ids tell. */
  readonly isKnown: () => boolean;
}

export interface EncryptionScheme {
  /** The best protection that the other side has, as far as they have told. */
  protect(conversation: Conversation): ProtectOutcome;
  /**
   * Encrypts a text for all devices that may read it, and notes who they are.
   * @param messageId for the ledger; undefined for what is said about a message
   */
  seal(conversation: Conversation, text: string, messageId: MessageId | undefined): SealOutcome;
  /**
   * @param sender bare address, as the server vouches for it
   * @param arrival without it nobody is told, and nothing is known
   */
  open(conversation: Conversation, sender: string, message: Element, arrival?: Arrival): OpenOutcome;
}

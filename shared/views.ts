import type { ErrorCode } from './errors.ts';
import type { AccountId, ChatId, MessageId } from './ids.ts';
import type { ProtectionChoice, TrustPolicy } from './omemo.ts';

/**
 * Readonly rows that the renderer draws. Every live row has a `rev` from one counter in main:
 * whoever holds a row ignores an update with an older `rev`. Times are milliseconds since 1970, UTC.
 */

/** The step of logging in that failed. */
export type ConnectionStep = 'dns' | 'tcp' | 'tls' | 'stream' | 'auth' | 'bind' | 'session';

/** What follows a failed connection: by itself at once, by itself later, or only when the user acts. */
export type RetryAdvice = 'retry-now' | 'retry-later' | 'needs-user';

/** What the user must see to decide about a certificate. */
export interface CertificateView {
  /** SHA-256 of the certificate, upper-case hex pairs joined by colons. */
  readonly fingerprint256: string;
  /** SHA-256 of the public key (SPKI), base64: this is what a pin stores. */
  readonly spki: string;
  readonly subject: string;
  readonly issuer: string;
  readonly validFrom: number;
  readonly validTo: number;
}

export interface ConnectionErrorView {
  readonly code: ErrorCode;
  readonly step: ConnectionStep;
  readonly advice: RetryAdvice;
  /** The host that was tried, where one was. */
  readonly host?: string;
  /** RFC 6120 stream or SASL condition, where the server gave one. */
  readonly condition?: string;
  readonly certificate?: CertificateView;
}

export type ConnectionPhase =
  | 'disabled'
  | 'offline'
  | 'connecting'
  | 'syncing'
  | 'online'
  | 'waiting'
  | 'failed';

export interface AccountView {
  readonly id: AccountId;
  /** Bare JID. */
  readonly jid: string;
  readonly enabled: boolean;
  readonly phase: ConnectionPhase;
  /** Why the account is `waiting` or `failed`. */
  readonly error?: ConnectionErrorView;
  /** When the next attempt is due, while `waiting`. */
  readonly retryAt?: number;
  readonly host?: string;
  readonly port?: number;
  readonly directTls: boolean;
  readonly rev: number;
}

/** RFC 6121 section 4.7.2.1, plus plain availability. */
export type Availability = 'chat' | 'online' | 'away' | 'xa' | 'dnd' | 'offline';

export type Subscription = 'none' | 'to' | 'from' | 'both';

export interface ContactView {
  readonly accountId: AccountId;
  /** Bare JID. */
  readonly jid: string;
  /** The name of the roster, or the JID; free of control and direction-override characters. */
  readonly name: string;
  readonly groups: readonly string[];
  readonly subscription: Subscription;
  /** We asked and wait for the answer. */
  readonly asked: boolean;
  readonly availability: Availability;
  /** Number of connected resources. */
  readonly devices: number;
  readonly statusText: string;
  /** Since when nobody has touched any of their devices, as those say (XEP-0319); absent while one is in use. */
  readonly lastSeen?: number;
  readonly rev: number;
}

/** Somebody asks to see our presence (RFC 6121 section 3.1). */
export interface ContactRequestView {
  readonly accountId: AccountId;
  readonly jid: string;
  readonly name: string;
  readonly text: string;
  readonly at: number;
}

export type MessageDirection = 'in' | 'out';

/** States only move forward; `failed` may return to `queued` by "Send again". */
export type MessageState =
  | 'queued'
  | 'sending'
  | 'sent'
  | 'acked'
  | 'delivered'
  | 'read'
  | 'failed'
  | 'received';

/** What a message answers (XEP-0461). */
export interface ReplyView {
  /** The answered message, where it is here: jump to it with a page `around`. */
  readonly messageId?: MessageId;
  /** Whether it was written by the user; undefined where that is not known. */
  readonly mine?: boolean;
  /**
   * The first 200 characters of the answered message as it is now, on one line; where it is not here, of what
   * the sender quoted. Empty where there is nothing left.
   */
  readonly quote: string;
}

/** One emoji under a message, with how many people chose it. */
export interface ReactionView {
  readonly emoji: string;
  readonly count: number;
  /** The user is one of them. */
  readonly mine: boolean;
}

/**
 * How a message was protected. Chosen before it is queued and never lowered afterwards. `unsettled`: as soon as it
 * is known whether the other side has OMEMO, and with it where they have; until then it does not leave.
 */
export type Protection = 'none' | 'omemo' | 'otr' | 'unsettled';

export interface MessageView {
  readonly id: MessageId;
  readonly chatId: ChatId;
  readonly direction: MessageDirection;
  /** Full text as it was last edited; plain text only, never HTML. Empty where `retracted`. */
  readonly body: string;
  /** When it was written, as far as known. */
  readonly at: number;
  /** Place in the timeline: ascending by `sortAt`, then by `id`. Milliseconds, perhaps with a fraction. */
  readonly sortAt: number;
  readonly state: MessageState;
  /**
   * For `failed`: the condition of RFC 6120 section 8.3.3, or one of our own, such as `decryption-failed`: a device of
   * the other side could not decrypt it. For a message of somebody else, or of another own device:
   * `not-decryptable`, then `body` is what the sender's client says to clients without the key, possibly nothing.
   */
  readonly failure?: string;
  /** What the other side's server said about a failure, in its own words, on one line. */
  readonly failureText?: string;
  readonly protection: Protection;
  /** When the present text was written, where it is not the first one: show "edited", offer `messages.history`. */
  readonly editedAt?: number;
  /** Taken back by its author: a tombstone remains, everything else of it is gone. */
  readonly retracted?: true;
  readonly reply?: ReplyView;
  /** In the order in which they first came. Absent where there are none. */
  readonly reactions?: readonly ReactionView[];
  /**
   * A message that waits for its time: scheduled, or held back for "undo". Until then it can be changed
   * (`messages.edit`), withdrawn (`messages.cancel`), sent now or at another time. Absent once it is its turn.
   */
  readonly sendAt?: number;
  readonly rev: number;
}

/** How long messages stay on this computer: 0 keeps nothing longer than until it is read, else days. */
export type Retention = 'forever' | number;

/**
 * `open`: a conversation. `request`: somebody unknown wrote, and the user has not decided; it belongs in
 * Requests, counts in no badge and gets no receipts, markers, typing or previews. `blocked`: the user has
 * blocked this address; nothing of it is announced.
 */
export type ChatStanding = 'open' | 'request' | 'blocked';

export interface LastMessageView {
  /** First 200 characters on one line; empty for chats that are not `open`, and where there is no text of the author. */
  readonly preview: string;
  readonly direction: MessageDirection;
  readonly state: MessageState;
  readonly retracted?: true;
  /** It arrived, and this computer could not decrypt it. */
  readonly undecryptable?: true;
}

export interface ChatView {
  readonly id: ChatId;
  readonly accountId: AccountId;
  /** Bare JID of the other side. */
  readonly jid: string;
  readonly name: string;
  readonly last?: LastMessageView;
  readonly unread: number;
  /** Where the "new messages" divider stands when the chat is opened. */
  readonly firstUnreadId?: MessageId;
  readonly draft: string;
  /** The other side is writing (XEP-0085 composing). */
  readonly typing: boolean;
  readonly standing: ChatStanding;
  /** A device of the other side is new, or has another key, and the user has not decided about it. */
  readonly deviceWaits?: true;
  /** How long its messages are kept; `default` follows the settings. */
  readonly retention: 'default' | Retention;
  /**
   * Nothing older than what is here will come: the server's archive holds none, or it was deleted from this
   * computer. Absent while that is not known.
   */
  readonly historyStart?: 'archive' | 'cleared';
  /** Sort key of the chat list: the newer, the higher. */
  readonly activeAt: number;
  readonly rev: number;
}

export type Theme = 'system' | 'light' | 'dark';
export type Language = 'system' | 'en' | 'de' | 'ar';

export interface SettingsView {
  readonly theme: Theme;
  readonly language: Language;
  /** Chat states (XEP-0085): the other side sees that we are writing. */
  readonly sendTyping: boolean;
  /** Receipts (XEP-0184): the sender learns that a message has arrived. To contacts only. */
  readonly sendReceipts: boolean;
  /** Displayed markers (XEP-0333): the sender learns that a message was read. To contacts only. */
  readonly sendReadMarkers: boolean;
  /** Last user interaction (XEP-0319): contacts see since when nobody uses this computer, where the system says so. */
  readonly sendIdle: boolean;
  /** Contacts see us as away while nobody uses this computer. */
  readonly awayWhenIdle: boolean;
  /** For so many seconds a sent message can be taken back before anybody has it; 0 to 30, 0 is off. */
  readonly undoSeconds: number;
  /** How the devices of others are trusted without the user. */
  readonly trustPolicy: TrustPolicy;
  /** How chats are protected that do not say otherwise; nobody gets a default without encryption. */
  readonly defaultProtection: Exclude<ProtectionChoice, 'none'>;
  /** The sender of a message that could not be read is told so, by a new session; to contacts only. */
  readonly tellUnreadable: boolean;
  /** How long messages are kept in chats that do not say otherwise. */
  readonly retention: Retention;
  /** What the user chose last from the list of emoji, the newest first. */
  readonly recentEmoji: readonly string[];
  /** Of the hands and people in the list of emoji. */
  readonly skinTone: SkinTone;
}

/** The modifiers of Unicode Technical Standard 51 section 1.4.4; `none` is the yellow without any. */
export type SkinTone = 'none' | 'light' | 'medium-light' | 'medium' | 'medium-dark' | 'dark';

/** Which protection stands between the profile on disk and a reader. */
export type KeyProtection = 'keychain' | 'passphrase';

/**
 * Before the database is open the window can only ask for the key:
 * `create-passphrase` first start without a keychain; `enter-passphrase` later starts of such a profile;
 * `keychain-locked` the key is in a keychain that does not answer; `broken` nothing more can be done here.
 */
export type LockView =
  | { readonly state: 'create-passphrase'; readonly reason: string }
  | { readonly state: 'enter-passphrase' }
  | { readonly state: 'keychain-locked' }
  | { readonly state: 'broken'; readonly code: ErrorCode; readonly detail: string };

/** Clients that have missed encrypted messages: what each of them can be asked, whoever wrote it. */

export interface Missed {
  /** All of them, in their order; no other message has one of these texts. */
  readonly texts: readonly string[];
  /** The archive has them from this time on, and nothing else; milliseconds since 1970. */
  readonly since: number;
}

/** What it took to read them. */
export interface CaughtUp {
  /** Milliseconds from the login until the last one was decrypted and stored. */
  readonly ms: number;
  /** Processor time of its process meanwhile, all threads, in milliseconds; undefined where nobody can tell. */
  readonly busy: number | undefined;
}

export interface EncryptedReader<Answer extends CaughtUp = CaughtUp> {
  /** How the figures call it. */
  readonly name: string;
  /** Bare address of its account. */
  readonly jid: string;
  /** Where its copy waits: one that asks no archive gets what the server has kept for later. */
  readonly source: 'archive' | 'offline messages';
  /**
   * Logs in for the first time, makes a contact of somebody and has a conversation with them, so that both have
   * used the session; then logs out.
   */
  meet(other: Other): Promise<void>;
  /** Logs in and reads what has come meanwhile; logs out. Rejects where something of it was not read. */
  catchUp(missed: Missed): Promise<Answer>;
}

/** The other side of a first conversation. */
export interface Other {
  readonly jid: string;
  befriend(jid: string): Promise<void>;
  /** Sends a first text to somebody who has published a device. */
  greet(jid: string): Promise<void>;
  /** Waits until that has come. */
  reads(text: string): Promise<void>;
}

/** What the other side says first. */
export const GREETING = 'the first one';

/** Nobody needs that long; without an end a mistake would look like work. */
export const PATIENCE_MS = 150_000;

/** XEP-0198 version 1.6.3: what either side has handled. Bookkeeping only; nothing here sends or waits. */
import type { ResumeState } from './port.ts';

const MODULUS = 2 ** 32;

interface Outgoing {
  readonly text: string;
  readonly acknowledged: () => void;
  readonly lost: (error: Error) => void;
}

/** The peer claims to have handled more than it was sent. */
export class TooManyAcknowledged extends Error {
  readonly claimed: number;
  readonly sent: number;

  constructor(claimed: number, sent: number) {
    super('more stanzas acknowledged than sent');
    this.name = 'TooManyAcknowledged';
    this.claimed = claimed;
    this.sent = sent;
  }
}

export class AckBook {
  /** How many stanzas of ours the server has handled, modulo 2^32 (section 4). */
  #outbound = 0;
  /** How many stanzas of the server we have handled. */
  #inbound = 0;
  readonly #unacked: Outgoing[] = [];
  readonly #unhandled: { done: boolean }[] = [];
  #lost: Error | undefined;

  constructor(counts: { readonly inbound: number; readonly outbound: number } = { inbound: 0, outbound: 0 }) {
    this.#inbound = counts.inbound;
    this.#outbound = counts.outbound;
  }

  /** Stanzas sent and not acknowledged, oldest first. */
  get unacked(): readonly string[] {
    return this.#unacked.map(({ text }) => text);
  }

  /** The `h` that we may tell: every stanza up to there has been handled, not merely received. */
  get inbound(): number {
    return this.#inbound;
  }

  get outbound(): number {
    return this.#outbound;
  }

  /** How many stanzas were sent on the stream. */
  get sentCount(): number {
    return (this.#outbound + this.#unacked.length) % MODULUS;
  }

  /** Whether stanzas were received that `inbound` does not cover yet. */
  get owesHandling(): boolean {
    return this.#unhandled.length > 0;
  }

  /** Notes a stanza that is being sent. Resolves when it is acknowledged, rejects with the error of `lose`. */
  sent(text: string): Promise<void> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost);
    return new Promise((acknowledged, lost) => {
      this.#unacked.push({ text, acknowledged, lost });
    });
  }

  /**
   * Takes the `h` of the server. Answers how many stanzas that acknowledged.
   * @throws TooManyAcknowledged
   */
  acknowledge(h: number): number {
    const count = (((h - this.#outbound) % MODULUS) + MODULUS) % MODULUS;
    if (count > this.#unacked.length) {
      throw new TooManyAcknowledged(h, (this.#outbound + this.#unacked.length) % MODULUS);
    }
    this.#outbound = h;
    for (const { acknowledged } of this.#unacked.splice(0, count)) acknowledged();
    return count;
  }

  /** Notes a received stanza. The answer is called when it has been handled, in whatever order. */
  received(): () => void {
    const stanza = { done: false };
    this.#unhandled.push(stanza);
    return () => {
      stanza.done = true;
      // Section 4: h counts a contiguous prefix; one that was handled early waits for those before it.
      const next = this.#unhandled.findIndex(({ done }) => !done);
      const handled = this.#unhandled.splice(0, next < 0 ? this.#unhandled.length : next).length;
      this.#inbound = (this.#inbound + handled) % MODULUS;
    };
  }

  /** The stream has ended: nobody will acknowledge what is left. It stays in `unacked`. */
  lose(error: Error): void {
    this.#lost = error;
    for (const { lost } of this.#unacked) lost(error);
  }
}

/**
 * What was unacknowledged when a stream ended and, by the `h` that the server told afterwards, it does not have.
 * Undefined where the count cannot be right: less than was acknowledged before, or more than was sent.
 */
export const missingByAck = (state: ResumeState, h: number): readonly string[] | undefined => {
  const count = (((h - state.outbound) % MODULUS) + MODULUS) % MODULUS;
  // After a restart nobody knows how much was sent; but it was not half of all numbers.
  if (state.unacked === undefined) return count < MODULUS / 2 ? [] : undefined;
  return count <= state.unacked.length ? state.unacked.slice(count) : undefined;
};

/** Whether a stanza that made the count of its stream `position` is among the first `handled`. */
export const isCovered = (position: number, handled: number): boolean =>
  (((handled - position) % MODULUS) + MODULUS) % MODULUS < MODULUS / 2;

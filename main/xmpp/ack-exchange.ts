/** XEP-0198 section 4 on the wire: asking for acknowledgements, and giving them. */
import type { Clock } from '#main/util/clock.ts';
import { TooManyAcknowledged, type AckBook } from './ack-book.ts';
import { xml, type Element } from './stanza.ts';

export const NS_SM = 'urn:xmpp:sm:3';

export const ACK_TIMES = {
  /** An acknowledgement is asked for this long after the last of several stanzas … */
  askMs: 50,
  /** … or after this many … */
  askStanzas: 25,
  /** … and again after this, where the answer did not cover all. */
  askAgainMs: 1_000,
} as const;

export interface AckPorts {
  readonly clock: Clock;
  readonly write: (text: string, written?: () => void) => void;
  /** Writes what tells the server how much we have handled. */
  readonly tell: (text: string, inbound: number) => void;
  /** Something was asked that the server must answer. */
  readonly asked: () => void;
  readonly answered: (others: boolean) => void;
}

/** An `<a/>` that cannot be right; `details` is the element that says so (section 6), where there is one. */
export class BadAcknowledgement extends Error {
  readonly details: string;

  constructor(details = '') {
    super('an acknowledgement that cannot be right');
    this.name = 'BadAcknowledgement';
    this.details = details;
  }
}

export class AckExchange {
  readonly #book: AckBook;
  readonly #ports: AckPorts;
  /** Stanzas since the last request. */
  #sinceAsked = 0;
  /** Requests without an answer. */
  #open = 0;
  #cancelAsking: (() => void) | undefined;
  /** The server asked, and our answer did not cover what we have received. */
  #owesAck = false;
  #stopped = false;
  #answering: NodeJS.Immediate | undefined;

  constructor(book: AckBook, ports: AckPorts) {
    this.#book = book;
    this.#ports = ports;
  }

  /** Sends a stanza. Resolves when it is acknowledged. @param written as `OutgoingGate.write` has it */
  transmit(text: string, written?: () => void): Promise<void> {
    // What was asked first is answered first.
    if (this.#answering !== undefined) this.#tell();
    const acknowledged = this.#book.sent(text);
    this.#ports.write(text, written);
    this.#sinceAsked += 1;
    if (this.#sinceAsked >= ACK_TIMES.askStanzas) this.ask();
    else this.#askAfter(ACK_TIMES.askMs);
    return acknowledged;
  }

  ask(): void {
    this.#cancelAsking?.();
    this.#cancelAsking = undefined;
    this.#sinceAsked = 0;
    this.#open += 1;
    this.#ports.write(xml('r', { xmlns: NS_SM }).toString());
    this.#ports.asked();
  }

  /** Notes a received stanza; the answer is called when it has been handled. */
  received(): () => void {
    const handled = this.#book.received();
    return () => {
      handled();
      // The server keeps what an answer did not cover, and does not ask twice.
      if (this.#owesAck && !this.#book.owesHandling && !this.#stopped) this.#tell();
    };
  }

  /** Takes `<r/>` and `<a/>`. @throws BadAcknowledgement */
  receive(element: Element): void {
    if (element.getName() === 'r') this.#answer();
    if (element.getName() === 'a') this.#takeAck(readCount(element.attrs['h']));
  }

  /** What we have handled: for an answer, and before a goodbye. */
  get ackText(): string {
    return xml('a', { xmlns: NS_SM, h: this.#book.inbound }).toString();
  }

  stop(): void {
    this.#stopped = true;
    clearImmediate(this.#answering);
    this.#cancelAsking?.();
  }

  /** What came with the question is mostly handled within this turn of the event loop: one answer for all. */
  #answer(): void {
    if (this.#book.owesHandling) this.#answering ??= setImmediate(() => this.#tell());
    else this.#tell();
  }

  #tell(): void {
    clearImmediate(this.#answering);
    this.#answering = undefined;
    this.#owesAck = this.#book.owesHandling;
    this.#ports.tell(this.ackText, this.#book.inbound);
  }

  #takeAck(h: number | undefined): void {
    if (h === undefined) throw new BadAcknowledgement();
    try {
      this.#book.acknowledge(h);
    } catch (error) {
      if (!(error instanceof TooManyAcknowledged)) throw error;
      const { claimed, sent } = error;
      throw new BadAcknowledgement(
        `<handled-count-too-high xmlns='${NS_SM}' h='${claimed}' send-count='${sent}'/>`,
      );
    }
    // It may also come unasked.
    this.#open = Math.max(0, this.#open - 1);
    this.#ports.answered(this.#open > 0);
    const isCovered = this.#book.unacked.length === 0;
    if (!isCovered && this.#open === 0 && this.#cancelAsking === undefined)
      this.#askAfter(ACK_TIMES.askAgainMs);
  }

  #askAfter(ms: number): void {
    this.#cancelAsking?.();
    this.#cancelAsking = this.#ports.clock.after(ms, () => this.ask());
  }
}

/** Section 4: an unsigned 32-bit number. */
export const readCount = (text: string | undefined): number | undefined => {
  const count = /^\d{1,10}$/.test(text ?? '') ? Number(text) : Number.NaN;
  return count < 2 ** 32 ? count : undefined;
};

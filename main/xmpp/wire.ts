import type { ConnectionStep } from '#shared/views.ts';
import type { StreamError } from './port.ts';
import type { Element } from './stanza.ts';

/** How a wire ended, where it was not us who ended it. */
export interface WireEnd {
  readonly error: StreamError;
  /** Only a connection that broke can be resumed; after an error or a goodbye the server has forgotten it. */
  readonly resumable: boolean;
}

/** An encrypted connection that carries elements. `xmpp/library-wire.ts` makes it of the library's parts. */
export interface Wire {
  /** Named by every failure; moves on with the negotiation. */
  step: ConnectionStep;
  /** Grows with everything that arrives. */
  readonly heard: number;
  /** Exchanges stream headers, at first and again after SASL. @throws StreamError */
  open(): Promise<void>;
  /** Before `handOver`: the next element. @throws StreamError when the wire has ended */
  next(): Promise<Element>;
  /** Gives back elements that were read too early; the next reader gets them first. */
  unread(elements: readonly Element[]): void;
  /** From now on elements go to `receive` at once, and first those that nobody has read. */
  handOver(receive: (element: Element) => void, ended: (end: WireEnd) => void): void;
  /** Sends text that is known to be XML. `done` is called when the system has taken it, or never will. */
  write(text: string, done?: () => void): void;
  /** Closes at once and without a word, so that the stream can be resumed. Resolves when the socket is closed. */
  drop(): Promise<void>;
  /** Closes the stream, with a stream error where there is one to send. Resolves when the socket is closed. */
  end(streamError?: string): Promise<void>;
  /** Closes the stream and waits for the other side's closing tag, for `ms` at most, and then for the socket. */
  sayGoodbye(ms: number): Promise<void>;
}

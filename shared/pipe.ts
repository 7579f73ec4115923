import type { ErrorData } from './errors.ts';

/** The four kinds of frame that travel between the window and main; nothing else does. */
export type Frame =
  | { readonly kind: 'call'; readonly id: number; readonly method: string; readonly input: unknown }
  | { readonly kind: 'done'; readonly id: number; readonly output: unknown }
  | { readonly kind: 'fail'; readonly id: number; readonly error: ErrorData }
  | { readonly kind: 'event'; readonly events: readonly EventRecord[] };

/** One announcement; events of one tick share a frame. */
export interface EventRecord {
  readonly name: string;
  readonly payload: unknown;
}

/**
 * How frames travel: Electron IPC, a WebSocket on loopback, or memory in tests.
 * A pipe carries structured-cloneable values and never interprets them.
 */
export interface Pipe {
  send(frame: Frame): void;
  /** Registers the one receiver of frames. What arrives is untrusted: the receiver validates. */
  onFrame(receive: (frame: unknown) => void): void;
  /** Called once, when the other end is gone. */
  onClose(closed: () => void): void;
}

/** WebSocket subprotocol of the loopback host. */
export const PIPE_PROTOCOL = 'chatsecure.v1';
/** The one IPC channel of the Electron host. */
export const IPC_CHANNEL = 'chatsecure:frame';
/** The one property that the preload puts on `window`. */
export const BRIDGE_KEY = 'bridge';

/** What the preload exposes: functions and data only, never the event object. */
export interface Bridge {
  send(frame: Frame): void;
  onFrame(receive: (frame: unknown) => void): void;
}

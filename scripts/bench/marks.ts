/// <reference lib="dom" />
/** What the stopwatches in the page tell. */

/** Milliseconds since the page began to load. */
export interface StartMarks {
  /** The answer with all chats had arrived. */
  readonly snapshot: number;
  /** The frame with the rows of the chat list had been drawn. */
  readonly painted: number;
}

export interface ScrollMarks {
  /** Milliseconds from each frame to the next. */
  readonly frames: readonly number[];
  /** Frames in which a part of the visible area had no row, before or after the application reacted. */
  readonly blank: number;
  /** How far it went, in pixels. */
  readonly distance: number;
}

/** `window.bench`, put there by `probe.ts`. */
export interface Probe {
  /** Resolves when the chat list is on the screen. */
  readonly start: Promise<StartMarks>;
  /** Sets the stopwatch for the next click. */
  awaitOpening(): void;
  /** Milliseconds from that click until the visible area is full of messages. */
  opening(): Promise<number>;
  /** Sets the stopwatch for the row that is last in the open chat and has this text. */
  awaitRow(text: string): void;
  /** Resolves when that row has been painted, with milliseconds since 1970. */
  row(): Promise<number>;
  /** Watches so many frames. */
  watchScroll(frames: number): void;
  scroll(): Promise<ScrollMarks>;
}

declare global {
  interface Window {
    bench: Probe;
  }
}

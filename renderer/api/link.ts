import type { Frame, Pipe } from '#shared/pipe.ts';

/** `refused`: the host does not know this window, and asking again cannot change that. */
export type LinkState = 'connecting' | 'open' | 'lost' | 'refused';

/** A pipe that comes back: what the client talks through. */
export interface Link {
  readonly state: () => LinkState;
  /** @returns false where the link is not open; the frame is then gone. */
  readonly send: (frame: Frame) => boolean;
  /** Registers the one receiver of frames. */
  readonly onFrame: (receive: (frame: unknown) => void) => void;
  /** Hears every change of state; returns its own off. */
  readonly onState: (listener: (state: LinkState) => void) => () => void;
  /** Ends a wait between two attempts. */
  readonly retryNow: () => void;
  readonly close: () => void;
}

/** Opens one pipe to the host. Rejects with LinkRefused where that can never work in this window. */
export type OpenPipe = () => Promise<Pipe & { close?(): void }>;

/** The window has no right to the application: it was not opened by it. */
export class LinkRefused extends Error {
  constructor() {
    super('this window was not opened by the application');
    this.name = 'LinkRefused';
  }
}

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5_000;

/**
 * Keeps a pipe open: a lost one is opened again at once, then after waits that double up to 5 s
 * (the host is on this computer, there is no server to spare).
 */
export const createLink = (open: OpenPipe): Link => new ReopeningLink(open);

class ReopeningLink implements Link {
  readonly #open: OpenPipe;
  readonly #listeners = new Set<(state: LinkState) => void>();
  #state: LinkState = 'connecting';
  #receive: (frame: unknown) => void = () => undefined;
  #pipe: Awaited<ReturnType<OpenPipe>> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #waitMs = 0;
  #closed = false;

  constructor(open: OpenPipe) {
    this.#open = open;
    this.#attempt();
  }

  readonly state = (): LinkState => this.#state;

  readonly send = (frame: Frame): boolean => {
    this.#pipe?.send(frame);
    return this.#pipe !== undefined;
  };

  readonly onFrame = (receive: (frame: unknown) => void): void => {
    this.#receive = receive;
  };

  readonly onState = (listener: (state: LinkState) => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly retryNow = (): void => {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#attempt();
  };

  readonly close = (): void => {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#pipe?.close?.();
    this.#pipe = undefined;
  };

  #attempt(): void {
    this.#timer = undefined;
    this.#open().then(
      (pipe) => this.#use(pipe),
      (error: unknown) => (error instanceof LinkRefused ? this.#enter('refused') : this.#lose()),
    );
  }

  #use(pipe: Awaited<ReturnType<OpenPipe>>): void {
    if (this.#closed) return pipe.close?.();
    this.#pipe = pipe;
    this.#waitMs = 0;
    pipe.onFrame((frame) => this.#receive(frame));
    pipe.onClose(() => {
      if (this.#pipe === pipe) this.#lose();
    });
    this.#enter('open');
  }

  #lose(): void {
    this.#pipe = undefined;
    if (this.#closed) return;
    this.#enter('lost');
    this.#timer = setTimeout(() => this.#attempt(), this.#waitMs);
    this.#waitMs = Math.min(LONGEST_WAIT_MS, Math.max(FIRST_WAIT_MS, this.#waitMs * 2));
  }

  #enter(state: LinkState): void {
    if (this.#state === state) return;
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }
}

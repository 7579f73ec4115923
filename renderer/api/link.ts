import type { Frame, Pipe } from '#shared/pipe.ts';

/** `refused`: the host does not know this window, and asking again cannot change that. */
export type LinkState = 'connecting' | 'open' | 'lost' | 'refused';

/** A pipe that comes back: what the client talks through. */
export interface Link {
  readonly state: () => LinkState;
  /** @returns false where the link is not open; the frame is then gone. */
  send(frame: Frame): boolean;
  /** Registers the one receiver of frames. */
  onFrame(receive: (frame: unknown) => void): void;
  /** Hears every change of state; returns its own off. */
  onState(listener: (state: LinkState) => void): () => void;
  /** Ends a wait between two attempts. */
  retryNow(): void;
  close(): void;
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
export const createLink = (open: OpenPipe): Link => {
  const listeners = new Set<(state: LinkState) => void>();
  let state: LinkState = 'connecting';
  let receive: (frame: unknown) => void = () => undefined;
  let pipe: Awaited<ReturnType<OpenPipe>> | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let waitMs = 0;
  let closed = false;

  const enter = (next: LinkState): void => {
    if (state === next) return;
    state = next;
    for (const listener of listeners) listener(next);
  };

  const lose = (): void => {
    pipe = undefined;
    if (closed) return;
    enter('lost');
    timer = setTimeout(attempt, waitMs);
    waitMs = Math.min(LONGEST_WAIT_MS, Math.max(FIRST_WAIT_MS, waitMs * 2));
  };

  const use = (opened: NonNullable<typeof pipe>): void => {
    if (closed) return opened.close?.();
    pipe = opened;
    waitMs = 0;
    opened.onFrame((frame) => receive(frame));
    opened.onClose(() => {
      if (pipe === opened) lose();
    });
    enter('open');
  };

  function attempt(): void {
    timer = undefined;
    open().then(use, (error: unknown) => (error instanceof LinkRefused ? enter('refused') : lose()));
  }

  attempt();
  return {
    state: () => state,
    send: (frame) => {
      if (pipe === undefined) return false;
      pipe.send(frame);
      return true;
    },
    onFrame: (receiver) => {
      receive = receiver;
    },
    onState: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    retryNow: () => {
      if (timer === undefined) return;
      clearTimeout(timer);
      attempt();
    },
    close: () => {
      closed = true;
      clearTimeout(timer);
      pipe?.close?.();
      pipe = undefined;
    },
  };
};

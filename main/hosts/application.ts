import type { Disposable } from '#main/util/disposables.ts';
import type { DeepLink } from '#shared/deep-link.ts';
import type { Pipe } from '#shared/pipe.ts';

/**
 * The whole application as a host sees it: `main/backend.ts` makes one, tests make a small one.
 * A host calls `start` once, attaches a pipe for every window, and calls `stop` once before it exits.
 */
export interface Application {
  /** Opens the profile and the accounts; windows may attach before it resolves. */
  start(): Promise<void>;
  /** Closes streams and the database; afterwards the process may exit. Never rejects. */
  stop(): Promise<void>;
  /** Serves one window until its pipe closes or the result is disposed. */
  attach(pipe: Pipe): Disposable;
  /** An `xmpp:` link that the system handed over, already parsed. May come before any window is there. */
  openDeepLink(link: DeepLink): void;
}

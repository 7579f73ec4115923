import type { Logger } from '#main/log/logger.ts';
import type { Store } from '#main/store/store.ts';
import type { Change } from '#main/util/changes.ts';
import type { Clock } from '#main/util/clock.ts';
import type { Meaning } from './interpret.ts';
import { persistError } from './persist-error.ts';
import { persistText } from './persist-text.ts';
import type { Envelope } from './unwrap.ts';

/** What the steps that write need. Each is called inside the one transaction of its message. */
export interface PersistDependencies {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Writes what a meaning changes, and says what that is. */
export const persist = (
  deps: PersistDependencies,
  envelope: Envelope,
  meaning: Meaning,
): readonly Change[] => {
  switch (meaning.kind) {
    case 'text':
      return persistText(deps, envelope, { body: meaning.text, protection: 'none' });
    case 'unreadable':
      return persistText(deps, envelope, {
        body: meaning.fallback,
        protection: meaning.protection,
        failure: 'not-decryptable',
      });
    case 'error':
      return persistError(deps, envelope, meaning.error.condition);
    case 'chat-state':
      return [];
  }
};

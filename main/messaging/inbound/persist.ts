import type { Logger } from '#main/log/logger.ts';
import { NOT_DECRYPTABLE } from '#main/store/message-rows.ts';
import type { Store } from '#main/store/store.ts';
import type { Change } from '#main/util/changes.ts';
import type { Clock } from '#main/util/clock.ts';
import type { Meaning } from './interpret.ts';
import { persistDisplayed, persistMarker, persistReceipt } from './persist-delivery.ts';
import { persistEdit } from './persist-edit.ts';
import { persistError } from './persist-error.ts';
import { persistReactions, persistRetraction } from './persist-reference.ts';
import { answerReceipt, persistText } from './persist-text.ts';
import type { ChatDependencies } from './standing.ts';
import type { Envelope } from './unwrap.ts';

/** What the steps that write need. Each is called inside the one transaction of its message. */
export interface PersistDependencies {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  /** Whether contacts may learn that their messages arrived, as the settings say now. */
  readonly sendReceipts: () => boolean;
  /** As in `ChatDependencies`. */
  readonly readAhead: ChatDependencies['readAhead'];
}

/** Writes what a meaning changes, and says what that is. */
export const persist = (
  deps: PersistDependencies,
  envelope: Envelope,
  meaning: Meaning,
): readonly Change[] => {
  const { protection = 'none' } = envelope;
  switch (meaning.kind) {
    case 'text': {
      const changes =
        meaning.replaces === undefined
          ? persistText(deps, envelope, { ...meaning, body: meaning.text, protection })
          : persistEdit(deps, envelope, { ...meaning, body: meaning.text, protection }, meaning.replaces);
      answerReceipt(deps, envelope, meaning.receiptWanted);
      return changes;
    }
    case 'unreadable':
      return persistText(deps, envelope, {
        body: meaning.fallback,
        protection: meaning.protection,
        failure: NOT_DECRYPTABLE,
      });
    case 'retraction':
      return persistRetraction(deps, envelope, meaning.id);
    case 'reactions':
      return persistReactions(deps, envelope, meaning.reactions);
    case 'receipt':
      return persistReceipt(deps, envelope, meaning.id);
    case 'marker':
      return persistMarker(deps, envelope, meaning.marker);
    case 'displayed':
      return persistDisplayed(deps, envelope, meaning.states);
    case 'error':
      return persistError(deps, envelope, meaning.error);
    case 'chat-state':
      return [];
  }
};

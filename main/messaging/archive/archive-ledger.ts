import type { AccountId, ChatId } from '#shared/ids.ts';
import type { Store } from '#main/store/store.ts';
import type { Clock } from '#main/util/clock.ts';
import type { Inbound } from '../inbound/pipeline.ts';
import { unwrapArchived } from '../inbound/unwrap.ts';
import type { ArchivedMessage } from './archive-reader.ts';
import type { ArchiveLedger, ArchivePoint, ChatGap } from './history-sync.ts';

export interface LedgerDependencies {
  readonly store: Store;
  readonly clock: Clock;
  readonly inbound: Pick<Inbound, 'handleArchived'>;
  /** The chat shows whether there is more of it on the server. */
  readonly chatChanged: (chatId: ChatId) => void;
}

/** The gaps of a chat alone. Those of the whole account are being filled by a catch-up. */
export const chatGaps = (archive: Pick<Store['archive'], 'gapsOfChat'>, chatId: ChatId): readonly ChatGap[] =>
  archive.gapsOfChat(chatId).flatMap(({ id, chatJid, afterId, beforeId, afterAt, beforeAt }) =>
    chatJid === undefined
      ? []
      : [
          {
            ...{ id, afterId, beforeId },
            afterAt: afterAt ?? Number.NEGATIVE_INFINITY,
            beforeAt: beforeAt ?? Number.POSITIVE_INFINITY,
          },
        ],
  );

const pointOf = (item: ArchivedMessage | undefined, sortAt: number | undefined): ArchivePoint | undefined =>
  item === undefined || sortAt === undefined ? undefined : { id: item.archiveId, sortAt };

/**
 * Servers number an entry before they store it, and another one may be stored, and read, in between: ejabberd
 * does, by microseconds, each sender in a process of its own; others write many at once. What is stored later than
 * this nobody expects; and where more rows than this would be fetched again, less must do.
 */
const LATE_MS = [10_000, 1_000, 100] as const;
const MAX_LATE = 200;

/** The ledger of one account over the store: pages become messages at the places that the archive's order gives. */
export const createLedger = (accountId: AccountId, deps: LedgerDependencies): ArchiveLedger => {
  const { archive, chats } = deps.store;

  /** An archive without clock, or with one ahead of ours, places nothing in our future. */
  const stampOf = ({ stamp }: ArchivedMessage): number =>
    Math.min(stamp ?? deps.clock.now(), deps.clock.now());

  const commit: ArchiveLedger['commit'] = (xmpp, items, bounds, settle) => {
    const unwrapped = items.map((item) => unwrapArchived(accountId, xmpp.jid, item));
    const { added, end: ends } = deps.inbound.handleArchived(unwrapped, () => {
      const entries = items.map((item, index) => {
        const one = unwrapped[index];
        const chat = one?.kind === 'message' ? chats.find(accountId, one.envelope.peer) : undefined;
        return { archiveId: item.archiveId, stamp: stampOf(item), chatId: chat?.id };
      });
      const places = archive.placePage(accountId, entries, bounds);
      const [first, last] = [pointOf(items[0], places[0]), pointOf(items.at(-1), places.at(-1))];
      const found = first === undefined || last === undefined ? undefined : { first, last };
      settle(found);
      return { places, end: found };
    });
    return { added, ends };
  };

  return {
    confirmed: () => archive.lastConfirmed(accountId),
    askFrom: (confirmed) => {
      const overlap = LATE_MS.map((ms) =>
        archive.wellBefore(accountId, confirmed.sortAt, { ms, max: MAX_LATE }),
      );
      return overlap.find((point) => point !== undefined) ?? confirmed;
    },
    beginCatchUp: (after) => {
      // What an earlier attempt left open begins anew from what is confirmed.
      for (const gap of archive.gaps(accountId)) if (gap.chatJid === undefined) archive.closeGap(gap.id);
      return (
        archive.openGap({ accountId, after, createdAt: deps.clock.now() }).beforeAt ??
        Number.POSITIVE_INFINITY
      );
    },
    endCatchUp: () => {
      for (const gap of archive.gaps(accountId)) if (gap.chatJid === undefined) archive.closeGap(gap.id);
    },
    commit,
    confirm: (point) => archive.confirm(accountId, point),
    oldestOf: (chatId) => archive.oldest(chatId),
    placeOf: (chatId, archiveId) => archive.placeOf(chatId, archiveId),
    ...chatLedger(accountId, deps),
    reachedStart: (chatId) => {
      chats.setHistoryStart(chatId);
      deps.chatChanged(chatId);
    },
  };
};

/** What is known and what is missing of single chats. */
const chatLedger = (
  accountId: AccountId,
  { store: { archive, chats, messages }, clock }: LedgerDependencies,
): Pick<ArchiveLedger, 'around' | 'gaps' | 'openGap' | 'narrowGap' | 'closeGap'> => ({
  around: (chatId, at) => {
    const places = messages.page({ kind: 'date', chatId, at, limit: 2 }).rows.map(({ sortAt }) => sortAt);
    return {
      older: places.findLast((place) => place < at),
      newer: places.find((place) => place >= at),
      atStart: chats.properties(chatId).historyStart,
    };
  },
  gaps: (chatId) => chatGaps(archive, chatId),
  openGap: (chatId, after, before) => {
    const { jid } = chats.properties(chatId);
    archive.openGap({ accountId, chatJid: jid, after, before, createdAt: clock.now() });
  },
  narrowGap: (id, ends) => {
    archive.narrowGap(id, ends);
  },
  closeGap: (id) => {
    archive.closeGap(id);
  },
});

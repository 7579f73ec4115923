import type { AccountId, ChatId } from '#shared/ids.ts';
import type { Store } from '#main/store/store.ts';
import type { Clock } from '#main/util/clock.ts';
import type { XmppSession } from '#main/xmpp/session.ts';
import type { Inbound } from '../inbound/pipeline.ts';
import { unwrapArchived } from '../inbound/unwrap.ts';
import type { ArchivedMessage } from './archive-reader.ts';
import type { ArchiveLedger, ArchivePoint, PageBounds } from './history-sync.ts';

export interface LedgerDependencies {
  readonly store: Store;
  readonly clock: Clock;
  readonly inbound: Pick<Inbound, 'handleArchived'>;
  /** The chat shows whether there is more of it on the server. */
  readonly chatChanged: (chatId: ChatId) => void;
}

/** The ledger of one account over the store: pages become messages at the places that the archive's order gives. */
export const createLedger = (accountId: AccountId, deps: LedgerDependencies): ArchiveLedger => {
  const { archive, chats } = deps.store;

  /** An archive without clock, or with one ahead of ours, places nothing in our future. */
  const stampOf = ({ stamp }: ArchivedMessage): number =>
    Math.min(stamp ?? deps.clock.now(), deps.clock.now());

  const commit = (
    xmpp: XmppSession,
    items: readonly ArchivedMessage[],
    bounds: PageBounds,
    confirm: boolean,
  ): { added: number; end: ArchivePoint | undefined } => {
    const unwrapped = items.map((item) => unwrapArchived(accountId, xmpp.jid, item));
    return deps.inbound.handleArchived(unwrapped, () => {
      const entries = items.map((item, index) => {
        const one = unwrapped[index];
        const chat = one?.kind === 'message' ? chats.find(accountId, one.envelope.peer) : undefined;
        return { archiveId: item.archiveId, stamp: stampOf(item), chatId: chat?.id };
      });
      const places = archive.placePage(accountId, entries, bounds);
      const [last, sortAt] = [items.at(-1), places.at(-1)];
      const end = last === undefined || sortAt === undefined ? undefined : { id: last.archiveId, sortAt };
      if (confirm && end !== undefined) archive.confirm(accountId, end);
      return { places, end };
    });
  };

  return {
    confirmed: () => archive.lastConfirmed(accountId),
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
    oldestOf: (chatId) => archive.oldest(chatId),
    reachedStart: (chatId) => {
      chats.setHistoryStart(chatId);
      deps.chatChanged(chatId);
    },
  };
};

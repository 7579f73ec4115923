import type { AccountId, ChatId } from '#shared/ids.ts';
import { bareJid } from '#shared/jid.ts';
import type { Logger } from '#main/log/logger.ts';
import { discoInfoRequest, readDiscoInfo } from '#main/xmpp/features/disco.ts';
import { archiveFeatures, type ArchiveFilter } from '#main/xmpp/features/mam.ts';
import type { PageRequest } from '#main/xmpp/features/result-set.ts';
import { StanzaError } from '#main/xmpp/port.ts';
import type { XmppSession } from '#main/xmpp/session.ts';
import type { Element } from '#main/xmpp/stanza.ts';
import { ArchiveReader, type ArchiveAnswer, type ArchivedMessage } from './archive-reader.ts';

/** How far the own archive is known to be here, of one account. */
export interface ArchiveCursor {
  /** Everything up to this archive id is here. */
  readonly id: string;
  /** When the archive received that message, ms since 1970. */
  readonly at: number;
}

/** What history sync keeps; the store of the profile implements it for each account. */
export interface ArchiveLedger {
  cursor(): ArchiveCursor | undefined;
  /**
   * Stores a page and moves the cursor, in one transaction.
   * @param cursor undefined leaves it where it is (older pages)
   * @returns how many of the items were new
   */
  commit(xmpp: XmppSession, items: readonly ArchivedMessage[], cursor: ArchiveCursor | undefined): number;
  /** The archive id of the oldest message of a chat that has one; undefined where none has. */
  oldestOf(chatId: ChatId): string | undefined;
  /** Notes that the archive holds nothing older of this chat. */
  reachedStart(chatId: ChatId): void;
}

export interface OlderAnswer {
  readonly added: number;
  /** The beginning of what the server keeps has been reached. */
  readonly atStart: boolean;
}

/** Servers cap it further; a page is one transaction, so it also bounds the time that main is busy. */
const PAGE_SIZE = 200;
/** What a new device sees at once; the rest comes when somebody scrolls there. */
const FIRST_SIZE = 200;
const OLDER_SIZE = 60;
/** When the archive has forgotten the last id: from this long before it, so that clocks may differ. */
const OVERLAP_MS = 3_600_000;

/**
 * Fetches from the own archive (XEP-0313) what happened while this computer was away, oldest first, and
 * older pages on demand. One for each account; lives as long as its stream.
 */
export class HistorySync {
  readonly #accountId: AccountId;
  readonly #xmpp: XmppSession;
  readonly #ledger: ArchiveLedger;
  readonly #log: Logger;
  readonly #reader: ArchiveReader;
  #caughtUp = false;
  #supported: Promise<boolean> | undefined;

  constructor(accountId: AccountId, xmpp: XmppSession, ledger: ArchiveLedger, log: Logger) {
    this.#accountId = accountId;
    this.#xmpp = xmpp;
    this.#ledger = ledger;
    this.#log = log;
    this.#reader = new ArchiveReader(xmpp, log);
  }

  /**
   * Whether everything up to now is here: only then does a message of the stream move the cursor,
   * because before it there may be others that are still on their way.
   */
  get caughtUp(): boolean {
    return this.#caughtUp;
  }

  /** True where the stanza was an archive result, real or forged, and means nothing else. */
  take(stanza: Element): boolean {
    return this.#reader.take(stanza);
  }

  /** A resumed stream has missed nothing since the cursor last moved. */
  resume(caughtUp: boolean): void {
    this.#caughtUp = caughtUp;
  }

  /** Fetches everything after the cursor, page by page; at the first login only the newest page. */
  async catchUp(): Promise<void> {
    if (!(await this.#isSupported())) return;
    const cursor = this.#ledger.cursor();
    if (cursor === undefined) await this.#fetchNewest();
    else await this.#fetchAfter(cursor);
    this.#caughtUp = true;
  }

  /** Fetches the page before the oldest message of a chat. */
  async older(chatId: ChatId, peer: string): Promise<OlderAnswer> {
    if (!(await this.#isSupported())) return { added: 0, atStart: true };
    const oldest = this.#ledger.oldestOf(chatId);
    const position: PageRequest['position'] =
      oldest === undefined ? { kind: 'last' } : { kind: 'before', id: oldest };
    const { items, page } = await this.#reader.query({ with: peer }, { max: OLDER_SIZE, position });
    const added = this.#ledger.commit(this.#xmpp, items, undefined);
    // An empty page that does not claim to be the end would be asked for again for ever.
    const atStart = page.complete || page.range === undefined || page.range.first === oldest;
    if (atStart) this.#ledger.reachedStart(chatId);
    return { added, atStart };
  }

  async #fetchNewest(): Promise<void> {
    const answer = await this.#reader.query({}, { max: FIRST_SIZE, position: { kind: 'last' } });
    this.#ledger.commit(this.#xmpp, answer.items, this.#endOf(answer));
  }

  async #fetchAfter(cursor: ArchiveCursor): Promise<void> {
    let filter: ArchiveFilter = {};
    let position: PageRequest['position'] = { kind: 'after', id: cursor.id };
    // A server that repeats itself must not keep us busy for ever.
    const seen = new Set<string>([cursor.id]);
    for (;;) {
      let answer: ArchiveAnswer;
      try {
        answer = await this.#reader.query(filter, { max: PAGE_SIZE, position });
      } catch (error) {
        const forgotten = error instanceof StanzaError && error.condition === 'item-not-found';
        if (!forgotten || filter.start !== undefined) throw error;
        // The archive has dropped the last message that we know: go on by its time.
        filter = { start: cursor.at - OVERLAP_MS };
        position = { kind: 'first' };
        continue;
      }
      const end = this.#endOf(answer);
      this.#ledger.commit(this.#xmpp, answer.items, end);
      const last = answer.page.range?.last;
      if (answer.page.complete || last === undefined) return;
      if (seen.has(last)) {
        this.#log.warn('the archive repeats itself', { pages: seen.size });
        return;
      }
      seen.add(last);
      position = { kind: 'after', id: last };
    }
  }

  /** The place of the last item; only of what was really received, whatever the answer claims. */
  #endOf({ items }: ArchiveAnswer): ArchiveCursor | undefined {
    const last = items.at(-1);
    return last === undefined ? undefined : { id: last.archiveId, at: last.stamp ?? this.#ledger.cursor()?.at ?? 0 };
  }

  #isSupported(): Promise<boolean> {
    this.#supported ??= this.#ask();
    return this.#supported;
  }

  async #ask(): Promise<boolean> {
    try {
      // Section 7: what the archive can do is announced by the own bare JID.
      const answer = await this.#xmpp.stream.request(discoInfoRequest(bareJid(this.#xmpp.jid)));
      return readDiscoInfo(answer)?.features.includes(archiveFeatures.base) ?? false;
    } catch (error) {
      if (!(error instanceof StanzaError)) throw error;
      this.#log.info('no archive', { condition: error.condition, account: this.#accountId });
      return false;
    }
  }
}

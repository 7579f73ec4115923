import type { AccountId, ChatId } from '#shared/ids.ts';
import { bareJid } from '#shared/jid.ts';
import type { Logger } from '#main/log/logger.ts';
import type { GapId } from '#main/store/archive.ts';
import { discoInfoRequest, readDiscoInfo } from '#main/xmpp/features/disco.ts';
import { archiveFeatures, type ArchiveFilter } from '#main/xmpp/features/mam.ts';
import type { PagePosition, PageRequest } from '#main/xmpp/features/result-set.ts';
import { StanzaError } from '#main/xmpp/port.ts';
import type { XmppSession } from '#main/xmpp/session.ts';
import type { Element } from '#main/xmpp/stanza.ts';
import { ArchiveReader, type ArchiveAnswer, type ArchivedMessage } from './archive-reader.ts';
import { HistoryPast } from './history-past.ts';

/** An entry of the archive and its place in the timeline. */
export interface ArchivePoint {
  readonly id: string;
  readonly sortAt: number;
}

/** Where a page belongs. */
export interface PageBounds {
  readonly after: number | undefined;
  readonly before: number | undefined;
  /** The side on which it touches what is here already. */
  readonly from: 'after' | 'before';
}

/** The first and the last entry of a page. */
export interface PageEnds {
  readonly first: ArchivePoint;
  readonly last: ArchivePoint;
}

/** A gap in the history of one chat. An end without an id is known by its place alone. */
export interface ChatGap {
  readonly id: GapId;
  readonly afterId: string | undefined;
  readonly beforeId: string | undefined;
  readonly afterAt: number;
  readonly beforeAt: number;
}

/** What history sync keeps; `archive-ledger.ts` implements it over the store of the profile. */
export interface ArchiveLedger {
  /** Everything up to this entry is here. */
  confirmed(): ArchivePoint | undefined;
  /** The entry from which to ask for what came after the confirmed one: a little before it, or itself. */
  askFrom(confirmed: ArchivePoint): ArchivePoint;
  /**
   * Begins to fetch what came after an entry, and keeps a place for it: what arrives live from now on
   * stands behind. @returns the end of that place
   */
  beginCatchUp(after: ArchivePoint): number;
  endCatchUp(): void;
  /**
   * Stores a page in one transaction.
   * @param settle notes in the same transaction what is known by this page; `ends` undefined for an empty one
   * @returns how many messages were new, and the ends of the page
   */
  commit(
    xmpp: XmppSession,
    items: readonly ArchivedMessage[],
    bounds: PageBounds,
    settle: (ends: PageEnds | undefined) => void,
  ): { readonly added: number; readonly ends: PageEnds | undefined };
  /** Everything up to this entry is here. */
  confirm(point: ArchivePoint): void;
  /** The oldest message of a chat that the archive knows too. */
  oldestOf(chatId: ChatId): ArchivePoint | undefined;
  /** The place of an entry that is a message of this chat here. */
  placeOf(chatId: ChatId, archiveId: string): number | undefined;
  /** The places of the last message before a time and of the first one from then on. */
  around(
    chatId: ChatId,
    at: number,
  ): {
    readonly older: number | undefined;
    readonly newer: number | undefined;
    /** The archive holds nothing older of this chat. */
    readonly atStart: boolean;
  };
  /** The gaps of this chat alone, in the order of the timeline. */
  gaps(chatId: ChatId): readonly ChatGap[];
  openGap(chatId: ChatId, after: ArchivePoint, before: ArchivePoint): void;
  narrowGap(
    id: GapId,
    ends: { readonly after?: ArchivePoint | undefined; readonly before?: ArchivePoint | undefined },
  ): void;
  closeGap(id: GapId): void;
  /** Notes that the archive holds nothing older of this chat. */
  reachedStart(chatId: ChatId): void;
}

export interface OlderAnswer {
  readonly added: number;
  /** The beginning of what the server keeps has been reached. */
  readonly atStart: boolean;
}

/** A page, and the filter with which the next one is asked for. */
interface FirstPage {
  readonly filter: ArchiveFilter;
  readonly answer: ArchiveAnswer;
}

/** Servers cap it further. */
const PAGE_SIZE = 200;
/** So many are stored with one commit: the windows are waiting meanwhile, and shall not notice. */
const SLICE_SIZE = 40;
/** What a new device sees at once; the rest comes when somebody scrolls there. */
const FIRST_SIZE = 200;
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
  readonly #past: HistoryPast;
  #supported: Promise<boolean> | undefined;
  #isStopped = false;

  constructor(accountId: AccountId, xmpp: XmppSession, ledger: ArchiveLedger, log: Logger) {
    this.#accountId = accountId;
    this.#xmpp = xmpp;
    this.#ledger = ledger;
    this.#log = log;
    this.#reader = new ArchiveReader(xmpp, log);
    this.#past = new HistoryPast(xmpp, this.#reader, ledger);
  }

  /** True where the stanza was an archive result, real or forged, and means nothing else. */
  take(stanza: Element): boolean {
    return this.#reader.take(stanza);
  }

  /** Fetches everything after what is confirmed, page by page; at the first login only the newest page. */
  async catchUp(): Promise<void> {
    if (!(await this.#isSupported())) return;
    const confirmed = this.#ledger.confirmed();
    if (confirmed === undefined) await this.#fetchNewest();
    else await this.#fetchAfter(confirmed);
  }

  /** What is older than the catch-up; undefined where the server keeps no archive. */
  async past(): Promise<HistoryPast | undefined> {
    return (await this.#isSupported()) ? this.#past : undefined;
  }

  /** The stream is gone: what has not been stored by now is for the next one. */
  stop(): void {
    this.#isStopped = true;
  }

  async #fetchNewest(): Promise<void> {
    const { items } = await this.#reader.query({}, { max: FIRST_SIZE, position: { kind: 'last' } });
    await this.#store(items, undefined, undefined);
  }

  async #fetchAfter(confirmed: ArchivePoint): Promise<void> {
    const from = this.#ledger.askFrom(confirmed);
    const before = this.#ledger.beginCatchUp(from);
    try {
      await this.#fetchPages(await this.#firstPage(from, confirmed), from, before);
    } finally {
      this.#ledger.endCatchUp();
    }
  }

  async #fetchPages(first: FirstPage, from: ArchivePoint, before: number): Promise<void> {
    // A server that repeats itself must not keep us busy for ever.
    const seen = new Set<string>([from.id]);
    let after: number | undefined = from.sortAt;
    for (let answer: ArchiveAnswer | undefined = first.answer; answer !== undefined && !this.#isStopped;) {
      if (this.#repeats(answer, seen)) return;
      // The server looks for the next page while this one is being stored.
      const next = this.#askOn(first.filter, answer);
      after = await this.#store(answer.items, after, before);
      answer = await next;
    }
  }

  async #firstPage(from: ArchivePoint, confirmed: ArchivePoint): Promise<FirstPage> {
    try {
      const position: PagePosition = { kind: 'after', id: from.id };
      return { filter: {}, answer: await this.#reader.query({}, { max: PAGE_SIZE, position }) };
    } catch (error) {
      if (!(error instanceof StanzaError) || error.condition !== 'item-not-found') throw error;
      if (from.id !== confirmed.id) return this.#firstPage(confirmed, confirmed);
      // The archive has dropped the last message that we know: go on by its time.
      const filter: ArchiveFilter = { start: Math.floor(confirmed.sortAt) - OVERLAP_MS };
      const page: PageRequest = { max: PAGE_SIZE, position: { kind: 'first' } };
      return { filter, answer: await this.#reader.query(filter, page) };
    }
  }

  /** An archive that goes round in circles must neither keep us busy for ever nor reorder what it gave. */
  #repeats({ items }: ArchiveAnswer, seen: Set<string>): boolean {
    const last = items.at(-1)?.archiveId;
    if (last === undefined) return false;
    if (seen.has(last)) {
      this.#log.warn('the archive repeats itself', { pages: seen.size });
      return true;
    }
    seen.add(last);
    return false;
  }

  /** Asks for the page behind another one; undefined where there is none. */
  #askOn(filter: ArchiveFilter, { items, page }: ArchiveAnswer): Promise<ArchiveAnswer> | undefined {
    // The place of the last item that was really received, whatever the answer claims.
    const last = items.at(-1)?.archiveId;
    if (page.complete || last === undefined) return undefined;
    const next = this.#reader.query(filter, { max: PAGE_SIZE, position: { kind: 'after', id: last } });
    // Nobody waits for it where the page before could not be stored.
    next.catch(() => undefined);
    return next;
  }

  /**
   * Stores a page, oldest first, in slices: everything up to the end of each is here then, and a catch-up that
   * is cut off goes on from there.
   * @returns the place of the last one, `after` where there is none
   */
  async #store(
    items: readonly ArchivedMessage[],
    after: number | undefined,
    before: number | undefined,
  ): Promise<number | undefined> {
    let reached = after;
    for (let start = 0; start < items.length && !this.#isStopped; start += SLICE_SIZE) {
      const slice = items.slice(start, start + SLICE_SIZE);
      const bounds: PageBounds = { after: reached, before, from: 'after' };
      const { ends } = this.#ledger.commit(this.#xmpp, slice, bounds, (known) => {
        if (known !== undefined) this.#ledger.confirm(known.last);
      });
      reached = ends?.last.sortAt ?? reached;
      await nextTurn();
    }
    return reached;
  }

  #isSupported(): Promise<boolean> {
    this.#supported ??= this.#ask().catch((error: unknown) => {
      // Asked again the next time.
      this.#supported = undefined;
      throw error;
    });
    return this.#supported;
  }

  async #ask(): Promise<boolean> {
    try {
      // Section 7: what the archive can do is announced by the own bare JID.
      const answer = await this.#xmpp.stream.request(discoInfoRequest(bareJid(this.#xmpp.jid)));
      return readDiscoInfo(answer)?.features.includes(archiveFeatures.base) ?? false;
    } catch (error) {
      // RFC 6120 section 8.3.2: `wait` says nothing about the archive. Taken for "there is none", what was missed
      // would count as read with the next message that comes.
      if (!(error instanceof StanzaError) || error.type === 'wait') throw error;
      this.#log.info('no archive', { condition: error.condition, account: this.#accountId });
      return false;
    }
  }
}

/** Lets everything else have its turn that waits for this thread. */
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

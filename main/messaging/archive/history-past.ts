import type { ChatId } from '#shared/ids.ts';
import type { ArchiveFilter } from '#main/xmpp/features/mam.ts';
import type { PagePosition } from '#main/xmpp/features/result-set.ts';
import { StanzaError } from '#main/xmpp/port.ts';
import type { XmppSession } from '#main/xmpp/session.ts';
import type { ArchiveAnswer, ArchivedMessage, ArchiveReader } from './archive-reader.ts';
import type { ArchiveLedger, ArchivePoint, ChatGap, OlderAnswer } from './history-sync.ts';

const PAGE_SIZE = 60;
/** Receipts and the like fill whole pages and make no row: so many are gone through before somebody hears of it. */
const MAX_PAGES = 20;

/** The ends between which messages of a chat are missing; an end that is undefined is open. */
interface Hole {
  readonly gap: ChatGap | undefined;
  readonly after: Partial<ArchivePoint>;
  readonly before: Partial<ArchivePoint>;
}

interface Fetched {
  readonly added: number;
  /** Nothing is missing any more on the side to which the page was asked. */
  readonly joined: boolean;
  readonly ends: { readonly first: ArchivePoint; readonly last: ArchivePoint } | undefined;
}

/**
 * Fetches what is older than the last catch-up, where somebody looks: pages that continue what is here, and
 * pages from a day on. What remains missing between is written into the gap ledger together with the page.
 */
export class HistoryPast {
  readonly #xmpp: XmppSession;
  readonly #reader: ArchiveReader;
  readonly #ledger: ArchiveLedger;
  /** How far back a chat is known, where the oldest entries of the archive made no rows. */
  readonly #heads = new Map<ChatId, ArchivePoint>();

  constructor(xmpp: XmppSession, reader: ArchiveReader, ledger: ArchiveLedger) {
    this.#xmpp = xmpp;
    this.#reader = reader;
    this.#ledger = ledger;
  }

  /**
   * Fetches what is missing before a place: from the nearest gap, else from what is older than everything here.
   * @param place of the timeline; messages are looked for below it
   * @throws StanzaError, StreamError
   */
  async older(chatId: ChatId, peer: string, place: number, max = PAGE_SIZE): Promise<OlderAnswer> {
    let added = 0;
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const gap = this.#ledger.gaps(chatId).findLast(({ afterAt }) => afterAt < place);
      const fetched = await this.#olderPage(chatId, peer, this.#holeOf(chatId, gap), max);
      added += fetched.added;
      const atStart = gap === undefined && fetched.joined;
      if (atStart) this.#ledger.reachedStart(chatId);
      if (added > 0 || fetched.joined) return { added, atStart };
    }
    return { added, atStart: false };
  }

  /** Fetches what is missing behind a place, from the nearest gap. */
  async newer(chatId: ChatId, peer: string, place: number): Promise<{ readonly added: number }> {
    let added = 0;
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const gap = this.#ledger.gaps(chatId).find(({ beforeAt }) => beforeAt > place);
      if (gap === undefined) break;
      const fetched = await this.#newerPage(chatId, peer, this.#holeOf(chatId, gap));
      added += fetched.added;
      if (added > 0 || fetched.joined) break;
    }
    return { added };
  }

  /** Fetches the messages from a time on, unless they are here already. */
  async from(chatId: ChatId, peer: string, at: number): Promise<{ readonly added: number }> {
    let hole = this.#holeAt(chatId, at);
    if (hole === undefined) return { added: 0 };
    let added = 0;
    if (hole.before.id === undefined) {
      // Nothing is here to which a page could be joined: begin at the end.
      added += (await this.older(chatId, peer, Number.POSITIVE_INFINITY)).added;
      hole = this.#holeAt(chatId, at);
    }
    if (hole?.before.id === undefined) return { added };
    const island = await this.#island(chatId, peer, hole, at);
    added += island.added;
    if (added > 0 || island.joined || island.ends === undefined) return { added };
    return this.newer(chatId, peer, island.ends.last.sortAt);
  }

  /** Where a message of this time would be missing; undefined where nothing is. */
  #holeAt(chatId: ChatId, at: number): Hole | undefined {
    const { older, newer, atStart } = this.#ledger.around(chatId, at);
    const gap = this.#ledger
      .gaps(chatId)
      .find(({ afterAt, beforeAt }) => beforeAt > at && afterAt < (newer ?? Number.POSITIVE_INFINITY));
    if (gap === undefined && (older !== undefined || atStart)) return undefined;
    return this.#holeOf(chatId, gap);
  }

  #holeOf(chatId: ChatId, gap: ChatGap | undefined): Hole {
    if (gap === undefined) return { gap, after: {}, before: this.#head(chatId) ?? {} };
    const { afterId, afterAt, beforeId, beforeAt } = gap;
    return {
      gap,
      after: { ...(afterId === undefined ? {} : { id: afterId }), sortAt: afterAt },
      before: { ...(beforeId === undefined ? {} : { id: beforeId }), sortAt: beforeAt },
    };
  }

  #head(chatId: ChatId): ArchivePoint | undefined {
    const oldest = this.#ledger.oldestOf(chatId);
    const known = this.#heads.get(chatId);
    return known === undefined || (oldest !== undefined && oldest.sortAt < known.sortAt) ? oldest : known;
  }

  async #olderPage(chatId: ChatId, peer: string, hole: Hole, max: number): Promise<Fetched> {
    const { id, sortAt } = hole.before;
    const position: PagePosition = id === undefined ? { kind: 'last' } : { kind: 'before', id };
    const answer = await this.#ask({ with: peer }, { max, position }, { end: whole(sortAt) });
    const { items, reachedAfter } = this.#within(chatId, hole, answer.items);
    // An empty page that does not claim to be the end would be asked for again for ever.
    const joined = reachedAfter || isLast(answer) || answer.page.range?.first === id;
    const fetched = this.#commit(items, hole, 'before', joined, (ends) => {
      if (hole.gap === undefined) return;
      if (joined || ends === undefined) this.#ledger.closeGap(hole.gap.id);
      else this.#ledger.narrowGap(hole.gap.id, { before: ends.first });
    });
    if (hole.gap === undefined && fetched.ends !== undefined) this.#heads.set(chatId, fetched.ends.first);
    return fetched;
  }

  async #newerPage(chatId: ChatId, peer: string, hole: Hole): Promise<Fetched> {
    const { id, sortAt } = hole.after;
    const position: PagePosition = id === undefined ? { kind: 'first' } : { kind: 'after', id };
    const answer = await this.#ask({ with: peer }, { max: PAGE_SIZE, position }, { start: whole(sortAt) });
    const { items, reachedBefore } = this.#within(chatId, hole, answer.items);
    const joined = reachedBefore || isLast(answer) || answer.page.range?.last === id;
    return this.#commit(items, hole, 'after', joined, (ends) => {
      if (hole.gap === undefined) return;
      if (joined || ends === undefined) this.#ledger.closeGap(hole.gap.id);
      else this.#ledger.narrowGap(hole.gap.id, { after: ends.last });
    });
  }

  /** A page in the midst of a hole: what lies before it and behind it stays missing. */
  async #island(chatId: ChatId, peer: string, hole: Hole, at: number): Promise<Fetched> {
    const position: PagePosition = { kind: 'first' };
    const answer = await this.#ask({ with: peer, start: at }, { max: PAGE_SIZE, position }, {});
    const { items, reachedAfter, reachedBefore } = this.#within(chatId, hole, answer.items);
    const joined = reachedBefore || isLast(answer);
    return this.#commit(items, hole, 'after', joined, (ends) => {
      if (ends === undefined) return;
      if (hole.gap !== undefined) {
        if (reachedAfter) this.#ledger.closeGap(hole.gap.id);
        else this.#ledger.narrowGap(hole.gap.id, { before: ends.first });
      }
      const { id, sortAt } = hole.before;
      if (!joined && id !== undefined && sortAt !== undefined)
        this.#ledger.openGap(chatId, ends.last, { id, sortAt });
    });
  }

  #commit(
    items: readonly ArchivedMessage[],
    { after, before }: Hole,
    from: 'after' | 'before',
    joined: boolean,
    settle: (ends: Fetched['ends']) => void,
  ): Fetched {
    const bounds = { after: after.sortAt, before: before.sortAt, from };
    const { added, ends } = this.#ledger.commit(this.#xmpp, items, bounds, settle);
    return { added, ends, joined };
  }

  /** The entries between both ends: what lies beyond has its place already, or belongs into another hole. */
  #within(
    chatId: ChatId,
    { after, before }: Hole,
    items: readonly ArchivedMessage[],
  ): { items: readonly ArchivedMessage[]; reachedAfter: boolean; reachedBefore: boolean } {
    const sides = items.map(({ archiveId }) => {
      const place = this.#ledger.placeOf(chatId, archiveId);
      if (archiveId === after.id || (place ?? Number.POSITIVE_INFINITY) <= (after.sortAt ?? -1))
        return 'after';
      const end = before.sortAt ?? Number.POSITIVE_INFINITY;
      return archiveId === before.id || (place ?? Number.NEGATIVE_INFINITY) >= end ? 'before' : 'within';
    });
    const from = sides.lastIndexOf('after') + 1;
    const found = sides.indexOf('before', from);
    const to = found < 0 ? items.length : found;
    return { items: items.slice(from, to), reachedAfter: from > 0, reachedBefore: found >= 0 };
  }

  /** @param instead by time, where the archive has forgotten the entry from which the page was to go on */
  async #ask(
    filter: ArchiveFilter,
    page: { readonly max: number; readonly position: PagePosition },
    instead: ArchiveFilter,
  ): Promise<ArchiveAnswer> {
    try {
      return await this.#reader.query(filter, page);
    } catch (error) {
      const { kind } = page.position;
      const forgotten = error instanceof StanzaError && error.condition === 'item-not-found';
      if (!forgotten || (kind !== 'before' && kind !== 'after')) throw error;
      const position: PagePosition = { kind: kind === 'before' ? 'last' : 'first' };
      return this.#reader.query({ ...filter, ...instead }, { max: page.max, position });
    }
  }
}

const isLast = ({ page }: ArchiveAnswer): boolean => page.complete || page.range === undefined;

/** Archives know whole milliseconds. */
const whole = (place: number | undefined): number | undefined =>
  place === undefined ? undefined : Math.floor(place);

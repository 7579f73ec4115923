import { AppError } from '#shared/errors.ts';
import type { AccountId, ChatId } from '#shared/ids.ts';
import type { Database } from './database.ts';
import { placeLive, placePage, type PageBounds } from './placement.ts';
import { columns, type ArchiveGapRow } from './rows.ts';

/** An entry of an archive (XEP-0313) and its place in the timeline. */
export interface ArchivePoint {
  readonly id: string;
  readonly sortAt: number;
}

declare const brand: unique symbol;
export type GapId = number & { readonly [brand]: 'GapId' };

/** What is known to be missing. */
export interface ArchiveGap {
  readonly id: GapId;
  readonly accountId: AccountId;
  /** Bare JID; undefined for the whole archive of the account. */
  readonly chatJid: string | undefined;
  /** The entry before the gap and the entry behind it, where they are known. */
  readonly afterId: string | undefined;
  readonly beforeId: string | undefined;
  /** The places between which its messages belong. */
  readonly afterAt: number | undefined;
  readonly beforeAt: number | undefined;
  readonly createdAt: number;
}

export interface NewGap {
  readonly accountId: AccountId;
  readonly chatJid?: string | undefined;
  readonly after?: ArchivePoint | undefined;
  /** Undefined for what was missed until now: all that arrives later stands behind the gap. */
  readonly before?: ArchivePoint | undefined;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/** One entry of a page; also those that make no row, so that the order is known. */
export interface ArchivedEntry {
  readonly archiveId: string;
  /** When the archive received it, at most now. */
  readonly stamp: number;
  /** The chat it belongs to, where there is one already. */
  readonly chatId?: ChatId | undefined;
}

const all = columns.archive_gaps.join(', ');

const toGap = (row: ArchiveGapRow): ArchiveGap => ({
  id: row.id as GapId,
  accountId: row.account_id,
  chatJid: row.chat_jid ?? undefined,
  afterId: row.after_id ?? undefined,
  beforeId: row.before_id ?? undefined,
  afterAt: row.after_at ?? undefined,
  beforeAt: row.before_at ?? undefined,
  createdAt: row.created_at,
});

/** A minute: whatever was missed finds room before what arrives from now on, even under a wrong clock. */
const RESERVED_MS = 60_000;

/**
 * The ledger of each account's archive: how far it is known, what is missing, and where in the timeline its
 * messages stand. Places are handed out here, for all chats of an account in one order.
 */
export class ArchiveStore {
  readonly #database: Database;
  /** The greatest place that was given to a row of the archive. Too great after a rollback does no harm. */
  readonly #heads = new Map<AccountId, number>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** The last entry up to which everything is here. */
  lastConfirmed(accountId: AccountId): ArchivePoint | undefined {
    const sql = `SELECT archive_last_id AS id, archive_last_at AS sortAt FROM accounts
      WHERE id = $accountId AND archive_last_id IS NOT NULL`;
    return this.#database.one<ArchivePoint>(sql, { accountId });
  }

  /**
   * The newest row of the archive, over all chats of an account, that stands so long before a place, or else the
   * oldest row before it; undefined where there are none, or more than `max` rows between.
   * @param ms of the timeline
   */
  wellBefore(
    accountId: AccountId,
    place: number,
    { ms, max }: { readonly ms: number; readonly max: number },
  ): ArchivePoint | undefined {
    const point = this.#outermost(accountId, 'DESC', place - ms) ?? this.#outermost(accountId, 'ASC', place);
    const sql = `SELECT count(*) AS n FROM chats c JOIN messages m
      ON m.chat_id = c.id AND m.sort_at > $after AND m.sort_at <= $place WHERE c.account_id = $accountId`;
    if (point === undefined) return undefined;
    const between = this.#database.require<{ n: number }>(sql, { accountId, place, after: point.sortAt }).n;
    return between > max ? undefined : point;
  }

  /**
   * Everything up to this entry is here, or in a gap of the ledger.
   * @param point undefined where the archive has forgotten the entry: everything is asked for anew
   * @throws AppError `not-found` where there is no such account
   */
  confirm(accountId: AccountId, point: ArchivePoint | undefined): void {
    this.#database.changeOne(
      'UPDATE accounts SET archive_last_id = $id, archive_last_at = $at WHERE id = $accountId',
      { accountId, id: point?.id ?? null, at: point?.sortAt ?? null },
    );
    if (point !== undefined) this.raiseHead(accountId, point.sortAt);
  }

  /** The place of an entry that arrives now, behind everything that the archive has given. */
  placeLive(accountId: AccountId, at: number): number {
    const place = placeLive(at, this.#head(accountId));
    this.#heads.set(accountId, place);
    return place;
  }

  /** Notes that a row of the archive stands there. */
  raiseHead(accountId: AccountId, place: number): void {
    this.#heads.set(accountId, Math.max(this.#head(accountId), place));
  }

  /**
   * The places of a page. Rows that are here already keep theirs where the order allows it.
   * @param entries in the archive's order, oldest first, whichever way the page was asked for
   * @returns one place for each entry, ascending; to be given to the rows as `sortAt`
   */
  placePage(accountId: AccountId, entries: readonly ArchivedEntry[], bounds: PageBounds): readonly number[] {
    const known = entries.map(({ archiveId, chatId, stamp }) => ({
      stamp,
      place: chatId === undefined ? undefined : this.placeOf(chatId, archiveId),
    }));
    const places = placePage(known, bounds);
    const newest = places.at(-1);
    if (newest !== undefined) this.raiseHead(accountId, newest);
    return places;
  }

  /** Enters a gap. @throws AppError `storage` where there is no such account */
  openGap(gap: NewGap): ArchiveGap {
    const before = gap.before?.sortAt ?? this.#reserve(gap.accountId, gap.createdAt);
    const id = this.#database.insert(
      `INSERT INTO archive_gaps (account_id, chat_jid, after_id, after_at, before_id, before_at, created_at)
       VALUES ($accountId, $chatJid, $afterId, $afterAt, $beforeId, $beforeAt, $createdAt)`,
      {
        accountId: gap.accountId,
        chatJid: gap.chatJid ?? null,
        afterId: gap.after?.id ?? null,
        afterAt: gap.after?.sortAt ?? null,
        beforeId: gap.before?.id ?? null,
        beforeAt: before,
        createdAt: gap.createdAt,
      },
    );
    return this.#require(id as GapId);
  }

  /**
   * A page has been stored: the gap begins later, or ends earlier.
   * @throws AppError `not-found`
   */
  narrowGap(
    id: GapId,
    ends: { readonly after?: ArchivePoint | undefined; readonly before?: ArchivePoint | undefined },
  ): ArchiveGap {
    return this.#database.transaction(() => {
      const sides = [
        ['after', ends.after],
        ['before', ends.before],
      ] as const;
      for (const [side, point] of sides) {
        if (point === undefined) continue;
        const sql = `UPDATE archive_gaps SET ${side}_id = $pointId, ${side}_at = $at WHERE id = $id`;
        this.#database.changeOne(sql, { id, pointId: point.id, at: point.sortAt });
      }
      return this.#require(id);
    });
  }

  /** Nothing is missing there any more. @returns whether the gap was still open */
  closeGap(id: GapId): boolean {
    return this.#database.run('DELETE FROM archive_gaps WHERE id = $id', { id }) > 0;
  }

  /** The open gaps of an account, the oldest first. */
  gaps(accountId: AccountId): readonly ArchiveGap[] {
    const sql = `SELECT ${all} FROM archive_gaps WHERE account_id = $accountId ORDER BY id`;
    return this.#database.all<ArchiveGapRow>(sql, { accountId }).map(toGap);
  }

  /** The open gaps in which messages of a chat may be missing, in the order of its timeline. */
  gapsOfChat(chatId: ChatId): readonly ArchiveGap[] {
    const names = columns.archive_gaps.map((name) => `g.${name}`).join(', ');
    const sql = `SELECT ${names} FROM chats c JOIN archive_gaps g
      ON g.account_id = c.account_id AND (g.chat_jid IS NULL OR g.chat_jid = c.jid)
      WHERE c.id = $chatId ORDER BY g.after_at, g.id`;
    return this.#database.all<ArchiveGapRow>(sql, { chatId }).map(toGap);
  }

  /** The oldest row of a chat that the archive knows, behind a place: from there its history goes back. */
  oldest(chatId: ChatId, behind = Number.NEGATIVE_INFINITY): ArchivePoint | undefined {
    return this.#point('sort_at > $place ORDER BY sort_at, id', chatId, behind);
  }

  /** The newest row of a chat that the archive knows, before a place. */
  newest(chatId: ChatId, before = Number.POSITIVE_INFINITY): ArchivePoint | undefined {
    return this.#point('sort_at < $place ORDER BY sort_at DESC, id DESC', chatId, before);
  }

  /** The place of an entry of the archive that is a row of this chat. */
  placeOf(chatId: ChatId, archiveId: string): number | undefined {
    const sql = 'SELECT sort_at FROM messages WHERE chat_id = $chatId AND archive_id = $archiveId';
    return this.#database.one<{ sort_at: number }>(sql, { chatId, archiveId })?.sort_at;
  }

  /** The newest or the oldest row before a place, over all chats; an index finds that of each. */
  #outermost(accountId: AccountId, order: 'ASC' | 'DESC', place: number): ArchivePoint | undefined {
    const sql = `SELECT archive_id AS id, sort_at AS sortAt FROM messages WHERE id IN (
        SELECT (SELECT m.id FROM messages m
          WHERE m.chat_id = c.id AND m.archive_id IS NOT NULL AND m.sort_at < $place
          ORDER BY m.sort_at ${order}, m.id ${order} LIMIT 1)
        FROM chats c WHERE c.account_id = $accountId)
      ORDER BY sort_at ${order}, id ${order} LIMIT 1`;
    return this.#database.one<ArchivePoint>(sql, { accountId, place });
  }

  #point(condition: string, chatId: ChatId, place: number): ArchivePoint | undefined {
    const sql = `SELECT archive_id AS id, sort_at AS sortAt FROM messages
      WHERE chat_id = $chatId AND archive_id IS NOT NULL AND ${condition} LIMIT 1`;
    return this.#database.one<ArchivePoint>(sql, { chatId, place });
  }

  /** A place that all present rows are before and all later ones behind. */
  #reserve(accountId: AccountId, now: number): number {
    const head = this.#head(accountId);
    const place = now > head ? now : head + RESERVED_MS;
    this.raiseHead(accountId, place);
    return place;
  }

  #head(accountId: AccountId): number {
    const cached = this.#heads.get(accountId);
    if (cached !== undefined) return cached;
    const sql = `SELECT max(place) AS place FROM (
      SELECT (SELECT max(m.sort_at) FROM messages m WHERE m.chat_id = c.id AND m.archive_id IS NOT NULL) AS place
        FROM chats c WHERE c.account_id = $accountId
      UNION ALL SELECT archive_last_at FROM accounts WHERE id = $accountId
      UNION ALL SELECT before_at FROM archive_gaps WHERE account_id = $accountId)`;
    const found = this.#database.one<{ place: number | null }>(sql, { accountId })?.place;
    const head = found ?? Number.NEGATIVE_INFINITY;
    this.#heads.set(accountId, head);
    return head;
  }

  #require(id: GapId): ArchiveGap {
    const row = this.#database.one<ArchiveGapRow>(`SELECT ${all} FROM archive_gaps WHERE id = $id`, { id });
    if (row === undefined) throw new AppError('not-found', 'no such gap');
    return toGap(row);
  }
}

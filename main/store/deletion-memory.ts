import type { ChatId, MessageId } from '#shared/ids.ts';
import type { Database } from './database.ts';

/** By what a message is recognised when the archive gives it again. */
export interface DeletedIds {
  readonly senderJid: string;
  readonly originId?: string | undefined;
  readonly archiveId?: string | undefined;
  /** Its place in the archive, where it comes from there. */
  readonly sortAt?: number | undefined;
}

/** By account and address, because it must outlive the chat. */
const ofChat = '(SELECT account_id, jid FROM chats WHERE id = $chatId)';

const isCleared = `SELECT 1 FROM cleared_history
  WHERE (account_id, chat_jid) = ${ofChat} AND up_to >= $sortAt`;

/** An `id` attribute alone is not asked for: some clients use it again, and no new message may vanish. */
const knownSql = `SELECT 1 WHERE EXISTS (${isCleared})
  OR EXISTS (SELECT 1 FROM deleted_messages WHERE archive_id = $archiveId AND (account_id, chat_jid) = ${ofChat})
  OR EXISTS (SELECT 1 FROM deleted_messages WHERE origin_id = $originId AND sender_jid = $senderJid
    AND (account_id, chat_jid) = ${ofChat})`;

const referenceSql = `SELECT 1 WHERE EXISTS (${isCleared})
  OR EXISTS (SELECT 1 FROM deleted_messages WHERE origin_id = $refId AND (account_id, chat_jid) = ${ofChat})
  OR EXISTS (SELECT 1 FROM deleted_messages WHERE stanza_id = $refId AND (account_id, chat_jid) = ${ofChat})`;

/** What was deleted here, by its ids: the archive still has it, and must not bring it back. */
export class DeletionMemory {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Whether a message of the archive was deleted here. */
  knows(chatId: ChatId, { senderJid, originId, archiveId, sortAt }: DeletedIds): boolean {
    const row = this.#database.one(knownSql, {
      chatId,
      senderJid,
      originId: originId ?? null,
      archiveId: archiveId ?? null,
      sortAt: sortAt ?? null,
    });
    return row !== undefined;
  }

  /**
   * Whether a reference is about a message that was deleted here.
   * @param place its place in the archive; undefined for what arrives now
   */
  knowsReference(chatId: ChatId, refId: string, place: number | undefined): boolean {
    return this.#database.one(referenceSql, { chatId, refId, sortAt: place ?? null }) !== undefined;
  }

  /** Whether what stands at a place is still being deleted. */
  isGoing(chatId: ChatId, place: number): boolean {
    const sql = 'SELECT 1 FROM deletions WHERE chat_id = $chatId AND up_to >= $place';
    return this.#database.one(sql, { chatId, place }) !== undefined;
  }

  /** Remembers the ids of a message and of its edits. */
  remember(id: MessageId): void {
    this.#database.run(
      `INSERT INTO deleted_messages (account_id, chat_jid, sender_jid, stanza_id, origin_id, archive_id)
       SELECT c.account_id, c.jid, m.sender_jid, v.stanza_id, v.origin_id, v.archive_id
       FROM messages m JOIN chats c ON c.id = m.chat_id
       JOIN (SELECT stanza_id, origin_id, archive_id FROM messages WHERE id = $id
         UNION ALL SELECT stanza_id, origin_id, archive_id FROM message_edits WHERE message_id = $id) AS v
       WHERE m.id = $id AND coalesce(v.stanza_id, v.origin_id, v.archive_id) IS NOT NULL`,
      { id },
    );
  }

  /**
   * Remembers that everything up to a place was deleted. What the archive has not told yet is left out: it
   * would vanish unseen.
   * @returns up to where nothing of the chat will come back; the rows behind are to be remembered singly
   */
  clear(chatId: ChatId, upTo: number): number {
    // What the user has skipped in this chat goes with the rest; nobody will want it back.
    this.#database.run(
      `DELETE FROM archive_gaps WHERE before_at <= $upTo
       AND (account_id, chat_jid) = (SELECT account_id, jid FROM chats WHERE id = $chatId)`,
      { chatId, upTo },
    );
    const { place } = this.#database.require<{ place: number | null }>(
      `SELECT min(
         (SELECT max(sort_at) FROM messages
           WHERE chat_id = $chatId AND archive_id IS NOT NULL AND sort_at <= $upTo),
         (SELECT coalesce(min(coalesce(g.after_at, -1)), $upTo) FROM archive_gaps g JOIN chats c ON c.id = $chatId
           WHERE g.account_id = c.account_id AND (g.chat_jid IS NULL OR g.chat_jid = c.jid))) AS place`,
      { chatId, upTo },
    );
    if (place === null) return Number.NEGATIVE_INFINITY;
    this.#database.run(
      `INSERT INTO cleared_history (account_id, chat_jid, up_to)
       SELECT account_id, jid, $place FROM chats WHERE id = $chatId
       ON CONFLICT (account_id, chat_jid) DO UPDATE SET up_to = max(up_to, $place)`,
      { chatId, place },
    );
    return place;
  }

  /** Up to where everything of a chat was deleted. */
  clearedUpTo(chatId: ChatId): number {
    const sql = `SELECT up_to FROM cleared_history WHERE (account_id, chat_jid) = ${ofChat}`;
    return this.#database.one<{ up_to: number }>(sql, { chatId })?.up_to ?? Number.NEGATIVE_INFINITY;
  }
}

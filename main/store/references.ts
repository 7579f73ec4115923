import type { ChatId } from '#shared/ids.ts';
import type { Database } from './database.ts';
import type { DeletionMemory } from './deletion-memory.ts';
import { messageColumns, toMessage, type StoredMessage } from './message-rows.ts';
import { columns, type MessageRow, type PendingReferenceRow } from './rows.ts';

/** What may come before the message that it is about. */
export type ReferenceKind = 'edit' | 'retraction' | 'reaction' | 'receipt' | 'marker';

export interface PendingReference {
  readonly chatId: ChatId;
  readonly senderJid: string;
  /** Id of the message, as the sender refers to it. */
  readonly refId: string;
  readonly kind: ReferenceKind;
  /** What the reader of this kind needs, in its own form. */
  readonly payload: unknown;
  /** When it was said, milliseconds since 1970, or its place in the archive. */
  readonly at: number;
  readonly archiveId: string | undefined;
}

/** Who may refer to a message: its author, the others of the chat, or anybody there. */
const senders: Record<ReferenceKind, 'author' | 'others' | 'all'> = {
  edit: 'author',
  retraction: 'author',
  reaction: 'all',
  receipt: 'others',
  marker: 'others',
};

/** A stranger cannot fill the disk with references to nothing. */
const MAX_PENDING = 500;

const all = columns.pending_references.join(', ');

const toPending = (row: PendingReferenceRow): PendingReference => ({
  chatId: row.chat_id,
  senderJid: row.sender_jid,
  refId: row.ref_id,
  kind: row.kind as ReferenceKind,
  payload: JSON.parse(row.payload) as unknown,
  at: row.at,
  archiveId: row.archive_id ?? undefined,
});

/** Exported for its test. */
export const targetSql = `SELECT ${messageColumns} FROM messages WHERE chat_id = $chatId AND id IN (
  SELECT id FROM messages WHERE chat_id = $chatId AND origin_id = $refId
  UNION SELECT id FROM messages WHERE chat_id = $chatId AND stanza_id = $refId
  UNION SELECT message_id FROM message_edits WHERE origin_id = $refId
  UNION SELECT message_id FROM message_edits WHERE stanza_id = $refId)
  AND ($senderJid IS NULL OR sender_jid = $senderJid) ORDER BY sort_at DESC, id DESC LIMIT 1`;

/** References from one message to another one of the same chat (XEP-0308, 0424, 0444, 0461, 0184, 0333). */
export class ReferenceStore {
  readonly #database: Database;
  readonly #memory: Pick<DeletionMemory, 'knowsReference'>;

  constructor(database: Database, memory: Pick<DeletionMemory, 'knowsReference'>) {
    this.#database = database;
    this.#memory = memory;
  }

  /**
   * The message that an id refers to in a direct chat: by origin-id or `id` attribute, also of one of its
   * edits. XEP-0308 section 4 wants the id of the first version, and some clients give that of the last.
   * @param senderJid only messages of this author; undefined for those of anybody
   * @returns the newest in the timeline: some clients use an id again
   */
  find(chatId: ChatId, refId: string, senderJid?: string): StoredMessage | undefined {
    const parameters = { chatId, refId, senderJid: senderJid ?? null };
    const row = this.#database.one<MessageRow>(targetSql, parameters);
    return row === undefined ? undefined : toMessage(row);
  }

  /**
   * Keeps a reference until its message comes. The same one twice is kept once, the oldest beyond 500 go, and
   * what is about a message that was deleted here is not kept.
   */
  add(reference: PendingReference): void {
    this.#database.transaction(() => {
      const place = reference.archiveId === undefined ? undefined : reference.at;
      if (this.#memory.knowsReference(reference.chatId, reference.refId, place)) return;
      const { chatId, senderJid, refId, kind, at } = reference;
      const identity = { chatId, senderJid, refId, kind, payload: JSON.stringify(reference.payload) };
      const archiveId = reference.archiveId ?? null;
      this.#database.run(
        `DELETE FROM pending_references WHERE chat_id = $chatId AND ref_id = $refId AND sender_jid = $senderJid
           AND kind = $kind AND payload = $payload`,
        identity,
      );
      this.#database.insert(
        `INSERT INTO pending_references (chat_id, sender_jid, ref_id, kind, payload, at, archive_id)
         VALUES ($chatId, $senderJid, $refId, $kind, $payload, $at, $archiveId)`,
        { ...identity, at, archiveId },
      );
      this.#database.run(
        `DELETE FROM pending_references WHERE chat_id = $chatId AND id <=
          (SELECT id FROM pending_references WHERE chat_id = $chatId ORDER BY id DESC LIMIT 1 OFFSET ${MAX_PENDING})`,
        { chatId },
      );
    });
  }

  /**
   * Takes out what waited for a message that has come.
   * @param ids origin-id and `id` attribute of the message, and of the edits that it brings along
   * @param authorJid author of the message: only he may edit or retract it, and only others report on it
   * @returns in the order in which it was said
   */
  take(chatId: ChatId, ids: readonly (string | undefined)[], authorJid: string): readonly PendingReference[] {
    const wanted = new Set(ids.filter((id) => id !== undefined));
    const sql = `SELECT ${all} FROM pending_references WHERE chat_id = $chatId AND ref_id = $refId`;
    return this.#database.transaction(() => {
      const found = [...wanted]
        .flatMap((refId) => this.#database.all<PendingReferenceRow>(sql, { chatId, refId }))
        .filter((row) => mayRefer(toPending(row), authorJid))
        .toSorted((a, b) => a.at - b.at || a.id - b.id);
      for (const { id } of found) {
        this.#database.changeOne('DELETE FROM pending_references WHERE id = $id', { id });
      }
      return found.map(toPending);
    });
  }
}

const mayRefer = ({ kind, senderJid }: PendingReference, authorJid: string): boolean => {
  switch (senders[kind]) {
    case 'author':
      return senderJid === authorJid;
    case 'others':
      return senderJid !== authorJid;
    case 'all':
      return true;
  }
};

import type { ChatId, MessageId } from '#shared/ids.ts';
import type { ArchiveStore } from './archive.ts';
import type { ChatStore } from './chats.ts';
import type { Database } from './database.ts';
import type { MessageIds } from './message-lookup.ts';
import { messageColumns, NOT_DECRYPTABLE, toMessage, type StoredMessage } from './message-rows.ts';
import type { Revisions } from './revisions.ts';
import { columns, type MessageEditRow, type MessageRow } from './rows.ts';
import type { SearchIndex } from './search-index.ts';

/** A new text for a message (XEP-0308). */
export interface NewEdit {
  readonly messageId: MessageId;
  /** Only the author of the message may edit it (section 4). */
  readonly senderJid: string;
  readonly body: string;
  /** When it was written, milliseconds since 1970. */
  readonly at: number;
  /** Its place in the archive; undefined for an edit that arrives live: it is the newest. */
  readonly sortAt?: number | undefined;
  readonly stanzaId?: string | undefined;
  readonly originId?: string | undefined;
  readonly archiveId?: string | undefined;
}

/** What a message says that could not be read before. */
export type Revealed = Pick<StoredMessage, 'body' | 'protection' | 'reply' | 'receiptWanted' | 'markable'>;

/** One version of a message; the first one is the message as it was written. */
export interface MessageVersion {
  readonly body: string;
  readonly at: number;
}

/**
 * `applied`: the message shows it; `outdated`: a newer edit was here already, so that it is only part of the
 * history; `known`: it was here; `refused`: not by the author, or the message was retracted.
 */
export interface EditOutcome {
  readonly kind: 'applied' | 'outdated' | 'known' | 'refused';
  readonly message: StoredMessage;
}

const all = columns.message_edits.join(', ');

export interface EditParts {
  readonly chats: Pick<ChatStore, 'touch' | 'accountOf'>;
  readonly archive: Pick<ArchiveStore, 'placeLive'>;
  readonly search: Pick<SearchIndex, 'rewriting'>;
}

/** The versions of messages. The newest one in the order of the archive is the body of the message. */
export class EditStore {
  readonly #database: Database;
  readonly #revisions: Revisions;
  readonly #parts: EditParts;

  constructor(database: Database, revisions: Revisions, parts: EditParts) {
    this.#database = database;
    this.#revisions = revisions;
    this.#parts = parts;
  }

  /**
   * Gives a message its new text and keeps the former one. The same edit again, by any of its ids, changes
   * nothing but learns its archive id and its place there.
   * @throws AppError `not-found` where there is no such message
   */
  apply(edit: NewEdit): EditOutcome {
    return this.#database.transaction(() => {
      const message = this.#message(edit.messageId);
      if (edit.senderJid !== message.senderJid || message.retractedAt !== undefined) {
        return { kind: 'refused', message };
      }
      const versions = this.#versions(message.id);
      const known = versions.find((version) => isSame(version, edit));
      if (known === undefined) this.#add(message, versions, edit);
      else this.#learn(known, edit);
      const shown = this.#showNewest(message);
      if (known !== undefined && shown.rev === message.rev) return { kind: 'known', message };
      return { kind: shown.rev === message.rev ? 'outdated' : 'applied', message: shown };
    });
  }

  /**
   * The text of a message that could not be read before. Place and time stay.
   * @throws AppError `not-found` where there is no such message
   */
  reveal(messageId: MessageId, text: Revealed): void {
    this.#database.transaction(() => {
      const { reply, receiptWanted, markable, body, protection } = text;
      // What stood there was no text of the author.
      this.#parts.search.rewriting(() =>
        this.#database.changeOne(
          `UPDATE messages SET body = $body, protection = $protection, failure = NULL, reply_to = $replyTo,
             reply_jid = $replyJid, reply_quote = $quote, receipt_wanted = $receiptWanted, markable = $markable,
             rev = $rev
           WHERE id = $messageId AND failure IS NOT NULL`,
          {
            ...{ messageId, body, protection, rev: this.#revisions.next() },
            ...{ replyTo: reply?.id ?? null, replyJid: reply?.jid ?? null, quote: reply?.quote ?? null },
            ...{ receiptWanted: receiptWanted ? 1 : 0, markable: markable ? 1 : 0 },
          },
        ),
      );
      this.#parts.chats.touch(this.#message(messageId).chatId, 0);
    });
  }

  /** All versions of a message, the oldest first, the present one last; empty where it was never edited. */
  of(messageId: MessageId): readonly MessageVersion[] {
    return this.#versions(messageId).map(({ body, at }) => ({ body, at }));
  }

  /** The text of an edit that is here, by any of its ids. */
  find(chatId: ChatId, senderJid: string, ids: MessageIds): string | undefined {
    const { archiveId = null, originId = null, stanzaId = null } = ids;
    const names = columns.message_edits.map((name) => `e.${name}`).join(', ');
    const sql = `SELECT ${names} FROM message_edits e JOIN messages m ON m.id = e.message_id
      WHERE (e.archive_id = $archiveId OR e.origin_id = $originId OR e.stanza_id = $stanzaId)
        AND m.chat_id = $chatId AND m.sender_jid = $senderJid`;
    const rows = this.#database.all<MessageEditRow>(sql, {
      ...{ chatId, senderJid },
      ...{ archiveId, originId, stanzaId },
    });
    return rows.find((version) => isSame(version, ids))?.body;
  }

  #versions(messageId: MessageId): readonly MessageEditRow[] {
    // An edit stands behind the first version, whatever a clock says.
    const sql = `SELECT ${all} FROM message_edits WHERE message_id = $messageId
      ORDER BY position > 0, sort_at, position`;
    return this.#database.all<MessageEditRow>(sql, { messageId });
  }

  #add(message: StoredMessage, versions: readonly MessageEditRow[], edit: NewEdit): void {
    const { id, at, body, sortAt } = message;
    if (versions.length === 0) this.#insert(id, 0, { at, body, sortAt });
    const newest = versions.at(-1)?.sort_at ?? sortAt;
    const accountId = this.#parts.chats.accountOf(message.chatId);
    const live = (): number => this.#parts.archive.placeLive(accountId, Math.max(edit.at, newest));
    this.#insert(id, Math.max(1, versions.length), { ...edit, sortAt: edit.sortAt ?? live() });
  }

  #insert(
    messageId: MessageId,
    position: number,
    version: Omit<NewEdit, 'messageId' | 'senderJid' | 'sortAt'> & { readonly sortAt: number },
  ): void {
    this.#database.insert(
      `INSERT INTO message_edits (${all})
       VALUES ($messageId, $position, $at, $sortAt, $body, $stanzaId, $originId, $archiveId)`,
      {
        messageId,
        position,
        at: version.at,
        sortAt: version.sortAt,
        body: version.body,
        stanzaId: version.stanzaId ?? null,
        originId: version.originId ?? null,
        archiveId: version.archiveId ?? null,
      },
    );
  }

  #learn(known: MessageEditRow, { archiveId, sortAt }: NewEdit): void {
    this.#database.changeOne(
      `UPDATE message_edits SET archive_id = coalesce(archive_id, $archiveId), sort_at = $sortAt
       WHERE message_id = $messageId AND position = $position`,
      {
        messageId: known.message_id,
        position: known.position,
        archiveId: archiveId ?? null,
        sortAt: sortAt ?? known.sort_at,
      },
    );
  }

  #showNewest(message: StoredMessage): StoredMessage {
    const newest = this.#versions(message.id).at(-1);
    const editedAt = newest === undefined || newest.position === 0 ? undefined : newest.at;
    const body = newest?.body ?? message.body;
    // Who could not read the message can read its new text.
    const failure =
      editedAt === undefined || message.failure !== NOT_DECRYPTABLE ? message.failure : undefined;
    const isSame = body === message.body && failure === message.failure;
    if (isSame && editedAt === message.editedAt) return message;
    // The former text is still in the history; once that goes, nothing of it may be left in the index.
    this.#parts.search.rewriting(() =>
      this.#database.changeOne(
        'UPDATE messages SET body = $body, failure = $failure, edited_at = $editedAt, rev = $rev WHERE id = $id',
        {
          ...{ id: message.id, body, failure: failure ?? null },
          ...{ editedAt: editedAt ?? null, rev: this.#revisions.next() },
        },
      ),
    );
    this.#parts.chats.touch(message.chatId, 0);
    return this.#message(message.id);
  }

  #message(id: MessageId): StoredMessage {
    const sql = `SELECT ${messageColumns} FROM messages WHERE id = $id`;
    return toMessage(this.#database.require<MessageRow>(sql, { id }));
  }
}

/** As with messages: the archive's id counts first, then the origin-id; some clients use an `id` again. */
const isSame = (version: MessageEditRow, edit: MessageIds): boolean => {
  if (edit.archiveId !== undefined && version.archive_id === edit.archiveId) return true;
  if (edit.originId !== undefined && version.origin_id !== null) return version.origin_id === edit.originId;
  if (edit.archiveId !== undefined && version.archive_id !== null) return false;
  return edit.stanzaId !== undefined && version.stanza_id === edit.stanzaId;
};

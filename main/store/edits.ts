import type { MessageId } from '#shared/ids.ts';
import type { ChatStore } from './chats.ts';
import type { Database } from './database.ts';
import { messageColumns, toMessage, type StoredMessage } from './message-rows.ts';
import type { Revisions } from './revisions.ts';
import { columns, type MessageEditRow, type MessageRow } from './rows.ts';

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

/** The versions of messages. The newest one in the order of the archive is the body of the message. */
export class EditStore {
  readonly #database: Database;
  readonly #revisions: Revisions;
  readonly #chats: Pick<ChatStore, 'touch'>;

  constructor(database: Database, revisions: Revisions, chats: Pick<ChatStore, 'touch'>) {
    this.#database = database;
    this.#revisions = revisions;
    this.#chats = chats;
  }

  /**
   * Gives a message its new text and keeps the former one. The same edit again, by any of its ids, changes
   * nothing but learns its archive id.
   * @throws AppError `not-found` where there is no such message
   */
  apply(edit: NewEdit): EditOutcome {
    return this.#database.transaction(() => {
      const message = this.#message(edit.messageId);
      if (edit.senderJid !== message.senderJid || message.retractedAt !== undefined) {
        return { kind: 'refused', message };
      }
      const versions = this.#versions(edit.messageId);
      const known = versions.find((version) => isSame(version, edit));
      if (known !== undefined) {
        this.#learn(known, edit);
        return { kind: 'known', message: this.#message(edit.messageId) };
      }
      if (versions.length === 0)
        this.#insert(edit.messageId, 0, {
          ...message,
          stanzaId: undefined,
          originId: undefined,
          archiveId: undefined,
        });
      const newest = versions.at(-1)?.sort_at ?? message.sortAt;
      // The history may be read back to front; an edit stands behind the message in any case.
      const sortAt = Math.max(edit.sortAt ?? newest, message.sortAt);
      this.#insert(edit.messageId, Math.max(1, versions.length), { ...edit, sortAt });
      if (sortAt < newest) return { kind: 'outdated', message };
      return { kind: 'applied', message: this.#show(message, edit) };
    });
  }

  /** All versions of a message, the oldest first, the present one last; empty where it was never edited. */
  of(messageId: MessageId): readonly MessageVersion[] {
    return this.#versions(messageId).map(({ body, at }) => ({ body, at }));
  }

  #versions(messageId: MessageId): readonly MessageEditRow[] {
    const sql = `SELECT ${all} FROM message_edits WHERE message_id = $messageId ORDER BY sort_at, position`;
    return this.#database.all<MessageEditRow>(sql, { messageId });
  }

  #insert(messageId: MessageId, position: number, version: Omit<NewEdit, 'messageId' | 'senderJid'>): void {
    this.#database.insert(
      `INSERT INTO message_edits (${all})
       VALUES ($messageId, $position, $at, $sortAt, $body, $stanzaId, $originId, $archiveId)`,
      {
        messageId,
        position,
        at: version.at,
        sortAt: version.sortAt ?? version.at,
        body: version.body,
        stanzaId: version.stanzaId ?? null,
        originId: version.originId ?? null,
        archiveId: version.archiveId ?? null,
      },
    );
  }

  /** A live edit comes back from the archive: its id and place are known now. */
  #learn(known: MessageEditRow, edit: NewEdit): void {
    this.#database.changeOne(
      `UPDATE message_edits SET archive_id = coalesce(archive_id, $archiveId)
       WHERE message_id = $messageId AND position = $position`,
      { messageId: known.message_id, position: known.position, archiveId: edit.archiveId ?? null },
    );
  }

  #show(message: StoredMessage, { body, at }: NewEdit): StoredMessage {
    this.#database.changeOne('UPDATE messages SET body = $body, edited_at = $at, rev = $rev WHERE id = $id', {
      id: message.id,
      body,
      at,
      rev: this.#revisions.next(),
    });
    this.#chats.touch(message.chatId, 0);
    return this.#message(message.id);
  }

  #message(id: MessageId): StoredMessage {
    const sql = `SELECT ${messageColumns} FROM messages WHERE id = $id`;
    return toMessage(this.#database.require<MessageRow>(sql, { id }));
  }
}

/** The id of the archive counts first: what it keeps twice are two edits only where their other ids differ. */
const isSame = (version: MessageEditRow, edit: NewEdit): boolean => {
  if (edit.archiveId !== undefined && version.archive_id === edit.archiveId) return true;
  if (edit.originId !== undefined && version.origin_id !== null) return version.origin_id === edit.originId;
  return edit.stanzaId !== undefined && version.stanza_id === edit.stanzaId;
};

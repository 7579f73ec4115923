import type { ChatId } from '#shared/ids.ts';
import type { ChatStore } from './chats.ts';
import type { Database } from './database.ts';
import { messageColumns, toMessage, type StoredMessage } from './message-rows.ts';
import type { MessageStore } from './messages.ts';
import type { ReferenceStore } from './references.ts';
import type { Revisions } from './revisions.ts';
import type { MessageRow } from './rows.ts';

export interface DeliveryParts {
  readonly chats: Pick<ChatStore, 'touch'>;
  readonly messages: Pick<MessageStore, 'setState'>;
  readonly references: Pick<ReferenceStore, 'find'>;
}

/**
 * Exported for its test. What waits or has failed is left out: nobody can have seen it. So is what was written
 * later and has no place by the archive yet: a page can move the message that was seen behind it for a moment.
 */
export const unseenSql = `SELECT id FROM messages
  WHERE chat_id = $chatId AND direction = 'out' AND state IN ('sent', 'acked', 'delivered')
    AND (sort_at, id) <= ($sortAt, $id) AND (archive_id IS NOT NULL OR id <= $id)`;

/** What the other side tells about our messages. The caller has checked that it is the other side. */
export class DeliveryStore {
  readonly #database: Database;
  readonly #revisions: Revisions;
  readonly #parts: DeliveryParts;

  constructor(database: Database, revisions: Revisions, parts: DeliveryParts) {
    this.#database = database;
    this.#revisions = revisions;
    this.#parts = parts;
  }

  /**
   * A receipt (XEP-0184): one message, or one of its edits, has arrived.
   * @returns the new row; `known` where it had come as far already; undefined where no such message is here
   */
  markDelivered(chatId: ChatId, ownJid: string, stanzaId: string): StoredMessage | 'known' | undefined {
    return this.#database.transaction(() => {
      const message = this.#parts.references.find(chatId, stanzaId, ownJid);
      return message && (this.#parts.messages.setState(message.id, 'delivered') ?? 'known');
    });
  }

  /**
   * A displayed marker (XEP-0333): this message and all before it were seen.
   * @returns the rows that changed, in timeline order; undefined where no such message is here
   */
  markReadUpTo(chatId: ChatId, ownJid: string, stanzaId: string): readonly StoredMessage[] | undefined {
    return this.#database.transaction(() => {
      const target = this.#parts.references.find(chatId, stanzaId, ownJid);
      if (target === undefined) return undefined;
      // Whatever its state was: who has displayed it has it.
      const marked = this.#parts.messages.setState(target.id, 'read');
      const { id, sortAt } = target;
      const rows = this.#database.all<MessageRow>(
        `UPDATE messages SET state = 'read', rev = $rev WHERE id IN (${unseenSql}) RETURNING ${messageColumns}`,
        { chatId, sortAt, id, rev: this.#revisions.next() },
      );
      if (rows.length > 0) this.#settle(chatId);
      const changed = rows.map(toMessage);
      return [...changed, ...(marked === undefined ? [] : [marked])].toSorted(
        (a, b) => a.sortAt - b.sortAt || a.id - b.id,
      );
    });
  }

  /** What has been read need not be sent again. */
  #settle(chatId: ChatId): void {
    this.#database.run(
      `DELETE FROM outbox WHERE chat_id = $chatId
       AND EXISTS (SELECT 1 FROM messages m WHERE m.id = outbox.message_id AND m.state = 'read')`,
      { chatId },
    );
    this.#parts.chats.touch(chatId, 0);
  }
}

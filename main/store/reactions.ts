import type { MessageId } from '#shared/ids.ts';
import type { ChatStore } from './chats.ts';
import type { Database } from './database.ts';
import { messageColumns, toMessage, type StoredMessage } from './message-rows.ts';
import type { Revisions } from './revisions.ts';
import type { MessageRow } from './rows.ts';

/** All reactions of one person to one message. */
export interface Reaction {
  readonly messageId: MessageId;
  /** Bare JID; in a room the occupant's full JID. */
  readonly senderJid: string;
  readonly emojis: readonly string[];
  /** When, milliseconds since 1970, or its place in the archive: the newest counts. */
  readonly at: number;
}

/** What is said now, or comes again. */
export interface NewReaction extends Reaction {
  /** `id` attribute of the stanza: by it the same one is known again. */
  readonly stanzaId?: string | undefined;
}

/** XEP-0444: who reacts to what. */
export class ReactionStore {
  readonly #database: Database;
  readonly #revisions: Revisions;
  readonly #chats: Pick<ChatStore, 'touch'>;

  constructor(database: Database, revisions: Revisions, chats: Pick<ChatStore, 'touch'>) {
    this.#database = database;
    this.#revisions = revisions;
    this.#chats = chats;
  }

  /**
   * Replaces somebody's reactions, unless newer ones are here (section 4.1); none are kept too, so that an
   * older reaction does not return. The same one again only learns when it was said: our clock may have been
   * wrong, or the order of two devices another one than that in which we heard of them.
   * @returns the message with its new `rev`; undefined where nothing changed
   * @throws AppError `not-found` where there is no such message
   */
  set(reaction: NewReaction): StoredMessage | undefined {
    return this.#database.transaction(() => {
      const { messageId, senderJid, at, stanzaId = null } = reaction;
      const sql = `SELECT ${messageColumns} FROM messages WHERE id = $messageId`;
      const message = this.#database.require<MessageRow>(sql, { messageId });
      if (message.retracted_at !== null) return undefined;
      const again = `UPDATE reactions SET at = $at
        WHERE message_id = $messageId AND sender_jid = $senderJid AND stanza_id = $stanzaId`;
      if (this.#database.run(again, { messageId, senderJid, at, stanzaId }) > 0) return undefined;
      const changes = this.#database.run(
        `INSERT INTO reactions (message_id, sender_jid, emojis, at, stanza_id)
         VALUES ($messageId, $senderJid, $emojis, $at, $stanzaId)
         ON CONFLICT (message_id, sender_jid) DO UPDATE SET emojis = $emojis, at = $at, stanza_id = $stanzaId
         WHERE $at > at OR ($at = at AND $emojis <> emojis)`,
        { messageId, senderJid, emojis: JSON.stringify(reaction.emojis), at, stanzaId },
      );
      if (changes === 0) return undefined;
      const rev = this.#revisions.next();
      this.#database.changeOne('UPDATE messages SET rev = $rev WHERE id = $messageId', { messageId, rev });
      this.#chats.touch(message.chat_id, 0);
      return toMessage(this.#database.require<MessageRow>(sql, { messageId }));
    });
  }

  /** The reactions to several messages, by message, then in the order in which they were given. */
  of(messageIds: readonly MessageId[]): readonly Reaction[] {
    const rows = this.#database.all<{
      message_id: MessageId;
      sender_jid: string;
      emojis: string;
      at: number;
    }>(
      `SELECT r.message_id, r.sender_jid, r.emojis, r.at
       FROM json_each($ids) AS wanted CROSS JOIN reactions r ON r.message_id = wanted.value
       WHERE r.emojis <> '[]' ORDER BY r.message_id, r.at, r.sender_jid`,
      { ids: JSON.stringify(messageIds) },
    );
    return rows.map((row) => ({
      messageId: row.message_id,
      senderJid: row.sender_jid,
      emojis: JSON.parse(row.emojis) as readonly string[],
      at: row.at,
    }));
  }
}

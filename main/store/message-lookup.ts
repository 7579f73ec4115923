import type { ChatId } from '#shared/ids.ts';
import type { Database } from './database.ts';
import { messageColumns, toMessage, type StoredMessage } from './message-rows.ts';
import type { MessageRow } from './rows.ts';

/** By what a message is recognised when it comes again. */
export interface MessageIds {
  readonly originId?: string | undefined;
  readonly stanzaId?: string | undefined;
  readonly archiveId?: string | undefined;
}

/** UUIDs and their like; counters such as Psi's "aab3" begin anew with every start of the client. */
export const isMadeToBeUnique = (stanzaId: string | undefined): boolean =>
  stanzaId !== undefined && stanzaId.length >= 16;

/** Finds messages by the ids that others know them by. */
export class MessageLookup {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  byArchiveId(chatId: ChatId, archiveId: string): StoredMessage | undefined {
    return this.#find('archive_id = $id', { chatId, id: archiveId });
  }

  byOriginId(chatId: ChatId, senderJid: string, originId: string): StoredMessage | undefined {
    return this.#find('origin_id = $id AND sender_jid = $senderJid', { chatId, senderJid, id: originId });
  }

  byStanzaId(chatId: ChatId, senderJid: string, stanzaId: string): StoredMessage | undefined {
    return this.#find('stanza_id = $id AND sender_jid = $senderJid', { chatId, senderJid, id: stanzaId });
  }

  /**
   * The message of this author that comes again, perhaps without its archive id so far.
   * @param body where there is no origin-id: some clients use an `id` again, for another text
   */
  known(
    chatId: ChatId,
    senderJid: string,
    { originId, stanzaId, archiveId }: MessageIds,
    body?: string,
  ): StoredMessage | undefined {
    const marked = originId === undefined ? undefined : this.byOriginId(chatId, senderJid, originId);
    if (marked !== undefined || stanzaId === undefined) return marked;
    const named = this.byStanzaId(chatId, senderJid, stanzaId);
    if (named === undefined) return undefined;
    // Two ids of the archive, or two origin-ids, under one `id`: two messages, unless it is a repetition.
    const bothArchived = named.archiveId !== undefined && archiveId !== undefined;
    if (bothArchived && !isMadeToBeUnique(stanzaId)) return undefined;
    if (originId !== undefined && named.originId !== undefined) return undefined;
    const isSame = body === undefined || named.body === body || named.editedAt !== undefined;
    return isSame || named.retractedAt !== undefined ? named : undefined;
  }

  #find(
    condition: string,
    parameters: { chatId: ChatId; id: string; senderJid?: string },
  ): StoredMessage | undefined {
    const sql = `SELECT ${messageColumns} FROM messages
      WHERE chat_id = $chatId AND ${condition} ORDER BY id DESC LIMIT 1`;
    const row = this.#database.one<MessageRow>(sql, parameters);
    return row === undefined ? undefined : toMessage(row);
  }
}

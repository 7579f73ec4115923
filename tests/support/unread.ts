import type { Database } from '#main/store/database.ts';
import type { ChatId } from '#shared/ids.ts';

/** The unread messages of a chat, counted one by one. */
export const unreadBySearch = (database: Database, chatId: ChatId): number =>
  database.require<{ count: number }>(
    `SELECT count(*) AS count FROM messages m JOIN chats c ON c.id = m.chat_id WHERE c.id = $chatId
       AND m.direction = 'in' AND m.retracted_at IS NULL AND (m.sort_at, m.id) > (c.read_sort_at, c.read_id)`,
    { chatId },
  ).count;

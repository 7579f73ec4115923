import type { ChatId, MessageId } from '#shared/ids.ts';
import type { MessageDirection } from '#shared/views.ts';
import type { Database } from './database.ts';

/**
 * A message stands elsewhere now, and a read position at it goes with it: a clock that was wrong must not leave
 * a position that has read what is still to come. But an own message that moves behind what others had written
 * meanwhile has not read that.
 */
export const moveReadPosition = (
  database: Database,
  message: {
    readonly chatId: ChatId;
    readonly id: MessageId;
    readonly sortAt: number;
    readonly direction: MessageDirection;
  },
): void => {
  const { chatId, id, sortAt, direction } = message;
  const place = direction === 'out' ? 'min(read_sort_at, $sortAt)' : '$sortAt';
  const sql = `UPDATE chats SET read_sort_at = ${place} WHERE id = $chatId AND read_id = $id`;
  database.run(sql, { chatId, id, sortAt });
};

/** A message is about to be deleted: a read position at it goes back to the message before. */
export const leaveReadPosition = (database: Database, id: MessageId): void => {
  database.run(
    `UPDATE chats SET (read_sort_at, read_id) = (
       SELECT sort_at, id FROM (
         SELECT m.sort_at, m.id FROM messages m WHERE m.chat_id = chats.id
           AND (m.sort_at, m.id) < (chats.read_sort_at, chats.read_id)
         UNION ALL SELECT 0, 0)
       ORDER BY sort_at DESC, id DESC LIMIT 1)
     WHERE read_id = $id AND id = (SELECT chat_id FROM messages WHERE id = $id)`,
    { id },
  );
};

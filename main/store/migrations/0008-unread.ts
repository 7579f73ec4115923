/**
 * Every chat knows how many messages are unread in it, instead of counting them whenever it is shown. Triggers
 * of single rows keep the number, whoever writes: it is always that of the received messages behind the read
 * position that were not retracted.
 */
export const unreadCounts = {
  version: 8,
  sql: `
ALTER TABLE chats ADD COLUMN unread INTEGER NOT NULL DEFAULT 0;
UPDATE chats SET unread = (SELECT count(*) FROM messages m WHERE m.chat_id = chats.id
  AND m.direction = 'in' AND m.retracted_at IS NULL AND (m.sort_at, m.id) > (chats.read_sort_at, chats.read_id));

CREATE TRIGGER unread_insert AFTER INSERT ON messages
WHEN new.direction = 'in' AND new.retracted_at IS NULL BEGIN
  UPDATE chats SET unread = unread + 1
    WHERE id = new.chat_id AND (read_sort_at, read_id) < (new.sort_at, new.id);
END;

CREATE TRIGGER unread_delete AFTER DELETE ON messages
WHEN old.direction = 'in' AND old.retracted_at IS NULL BEGIN
  UPDATE chats SET unread = unread - 1
    WHERE id = old.chat_id AND (read_sort_at, read_id) < (old.sort_at, old.id);
END;

CREATE TRIGGER unread_update AFTER UPDATE OF chat_id, direction, retracted_at, sort_at ON messages
WHEN (old.chat_id, old.direction, old.retracted_at IS NULL, old.sort_at)
  IS NOT (new.chat_id, new.direction, new.retracted_at IS NULL, new.sort_at) BEGIN
  UPDATE chats SET unread = unread - 1 WHERE old.direction = 'in' AND old.retracted_at IS NULL
    AND id = old.chat_id AND (read_sort_at, read_id) < (old.sort_at, old.id);
  UPDATE chats SET unread = unread + 1 WHERE new.direction = 'in' AND new.retracted_at IS NULL
    AND id = new.chat_id AND (read_sort_at, read_id) < (new.sort_at, new.id);
END;

-- Counts what lies between the former position and the new one: one of the two ranges is empty.
CREATE TRIGGER unread_read AFTER UPDATE OF read_sort_at, read_id ON chats
WHEN (old.read_sort_at, old.read_id) IS NOT (new.read_sort_at, new.read_id) BEGIN
  UPDATE chats SET unread = unread
    - (SELECT count(*) FROM messages m WHERE m.chat_id = new.id AND m.direction = 'in' AND m.retracted_at IS NULL
        AND (m.sort_at, m.id) > (old.read_sort_at, old.read_id) AND (m.sort_at, m.id) <= (new.read_sort_at, new.read_id))
    + (SELECT count(*) FROM messages m WHERE m.chat_id = new.id AND m.direction = 'in' AND m.retracted_at IS NULL
        AND (m.sort_at, m.id) > (new.read_sort_at, new.read_id) AND (m.sort_at, m.id) <= (old.read_sort_at, old.read_id))
    WHERE id = new.id;
END;
`,
} as const;

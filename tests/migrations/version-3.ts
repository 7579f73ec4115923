/** The step to version 3 as it was released, in literal SQL; see `version-1.ts`. */
export const stepToVersionThree = `DROP TRIGGER messages_search_insert;
DROP TRIGGER messages_search_delete;
DROP TRIGGER messages_search_update;
DROP TABLE messages_search;

CREATE VIRTUAL TABLE messages_search USING fts5 (
  words,
  content = '',
  columnsize = 0,
  tokenize = 'ascii',
  prefix = '1 2 3'
);

ALTER TABLE messages ADD COLUMN search_id INTEGER GENERATED ALWAYS AS ((at << 20) | (id & 1048575)) VIRTUAL;
CREATE INDEX messages_search_id ON messages (search_id);

-- What the user wanted gone, until the last of it is.
CREATE TABLE deletions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  chat_id INTEGER NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
  up_to REAL NOT NULL,
  with_chat INTEGER NOT NULL CHECK (with_chat IN (0, 1))
) STRICT;

CREATE INDEX deletions_chat ON deletions (chat_id);

DROP INDEX deleted_messages_chat;
CREATE INDEX deleted_messages_archive ON deleted_messages (archive_id) WHERE archive_id IS NOT NULL;
CREATE INDEX deleted_messages_origin ON deleted_messages (origin_id) WHERE origin_id IS NOT NULL;
CREATE INDEX deleted_messages_stanza ON deleted_messages (stanza_id) WHERE stanza_id IS NOT NULL;
CREATE INDEX deleted_messages_account ON deleted_messages (account_id);
PRAGMA user_version = 3;
`;

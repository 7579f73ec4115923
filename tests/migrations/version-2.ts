/**
 * The step to version 2 as it was released, in literal SQL, and some rows of that version; see `version-1.ts`.
 */
export const stepToVersionTwo = `DROP INDEX messages_timeline;
DROP INDEX messages_incoming;
ALTER TABLE messages ADD COLUMN place REAL NOT NULL DEFAULT 0;
UPDATE messages SET place = sort_at;
ALTER TABLE messages DROP COLUMN sort_at;
ALTER TABLE messages RENAME COLUMN place TO sort_at;

ALTER TABLE messages ADD COLUMN failure_text TEXT;
ALTER TABLE messages ADD COLUMN edited_at INTEGER;
ALTER TABLE messages ADD COLUMN retracted_at INTEGER;
ALTER TABLE messages ADD COLUMN reply_to TEXT;
ALTER TABLE messages ADD COLUMN reply_jid TEXT;
ALTER TABLE messages ADD COLUMN reply_quote TEXT;
ALTER TABLE messages ADD COLUMN receipt_wanted INTEGER NOT NULL DEFAULT 0 CHECK (receipt_wanted IN (0, 1));
ALTER TABLE messages ADD COLUMN markable INTEGER NOT NULL DEFAULT 0 CHECK (markable IN (0, 1));
ALTER TABLE messages ADD COLUMN has_file INTEGER NOT NULL DEFAULT 0 CHECK (has_file IN (0, 1));

CREATE INDEX messages_timeline ON messages (chat_id, sort_at, id);
CREATE INDEX messages_incoming ON messages (chat_id, sort_at, id, retracted_at)
  WHERE direction = 'in' AND retracted_at IS NULL;
CREATE INDEX messages_archived ON messages (chat_id, sort_at, id) WHERE archive_id IS NOT NULL;
-- Own messages that somebody may still read.
CREATE INDEX messages_unseen ON messages (chat_id, sort_at, id)
  WHERE direction = 'out' AND state IN ('sent', 'acked', 'delivered');

ALTER TABLE chats ADD COLUMN read_place REAL NOT NULL DEFAULT 0;
UPDATE chats SET read_place = read_sort_at;
ALTER TABLE chats DROP COLUMN read_sort_at;
ALTER TABLE chats RENAME COLUMN read_place TO read_sort_at;
-- Read on another device up to a message that is not here yet; what was last told to the other devices.
ALTER TABLE chats ADD COLUMN read_awaited_id TEXT;
ALTER TABLE chats ADD COLUMN read_published_id TEXT;
ALTER TABLE chats ADD COLUMN standing TEXT NOT NULL DEFAULT 'open'
  CHECK (standing IN ('open', 'request', 'blocked'));
-- NULL follows the default; 0 keeps nothing; -1 keeps for ever.
ALTER TABLE chats ADD COLUMN retention_days INTEGER CHECK (retention_days >= -1);
ALTER TABLE chats ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0 CHECK (pinned IN (0, 1));
ALTER TABLE chats ADD COLUMN muted_until INTEGER;
ALTER TABLE chats ADD COLUMN history_start INTEGER NOT NULL DEFAULT 0 CHECK (history_start IN (0, 1));
CREATE INDEX chats_standing ON chats (standing);

-- All versions of a message that was edited, the first and the present one included.
CREATE TABLE message_edits (
  message_id INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  at INTEGER NOT NULL,
  sort_at REAL NOT NULL,
  body TEXT NOT NULL,
  stanza_id TEXT,
  origin_id TEXT,
  archive_id TEXT,
  PRIMARY KEY (message_id, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX message_edits_stanza ON message_edits (stanza_id) WHERE stanza_id IS NOT NULL;
CREATE INDEX message_edits_origin ON message_edits (origin_id) WHERE origin_id IS NOT NULL;
CREATE INDEX message_edits_archive ON message_edits (archive_id) WHERE archive_id IS NOT NULL;

CREATE TABLE reactions (
  message_id INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
  sender_jid TEXT NOT NULL,
  emojis TEXT NOT NULL,
  at REAL NOT NULL,
  PRIMARY KEY (message_id, sender_jid)
) STRICT, WITHOUT ROWID;

CREATE TABLE pending_references (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  chat_id INTEGER NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
  sender_jid TEXT NOT NULL,
  ref_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  payload TEXT NOT NULL,
  at REAL NOT NULL,
  archive_id TEXT
) STRICT;

CREATE INDEX pending_references_target ON pending_references (chat_id, ref_id);
CREATE INDEX pending_references_age ON pending_references (chat_id, id);

-- Everything of the account's archive up to this id is here.
ALTER TABLE accounts ADD COLUMN archive_last_id TEXT;
ALTER TABLE accounts ADD COLUMN archive_last_at REAL;

-- What is known to be missing between two archive ids, and between which places of the timeline it belongs.
CREATE TABLE archive_gaps (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  chat_jid TEXT,
  after_id TEXT,
  after_at REAL,
  before_id TEXT,
  before_at REAL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX archive_gaps_account ON archive_gaps (account_id, id);

ALTER TABLE outbox ADD COLUMN payload TEXT;
-- Set while the entry waits for its time.
ALTER TABLE outbox ADD COLUMN not_before INTEGER;
-- The message that an edit, retraction, reaction, receipt or marker is about.
ALTER TABLE outbox ADD COLUMN about_id INTEGER REFERENCES messages (id) ON DELETE SET NULL;
CREATE INDEX outbox_due ON outbox (account_id, not_before) WHERE not_before IS NOT NULL;
CREATE INDEX outbox_about ON outbox (about_id) WHERE about_id IS NOT NULL;

CREATE TABLE blocked (
  account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  jid TEXT NOT NULL,
  PRIMARY KEY (account_id, jid)
) STRICT, WITHOUT ROWID;

-- Ids of messages that were deleted here: the archive still has them and must not bring them back.
CREATE TABLE deleted_messages (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  chat_jid TEXT NOT NULL,
  sender_jid TEXT NOT NULL,
  stanza_id TEXT,
  origin_id TEXT,
  archive_id TEXT
) STRICT;

CREATE INDEX deleted_messages_chat ON deleted_messages (account_id, chat_jid);

-- Everything of a chat up to this place was deleted; outlives the chat.
CREATE TABLE cleared_history (
  account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  chat_jid TEXT NOT NULL,
  up_to REAL NOT NULL,
  PRIMARY KEY (account_id, chat_jid)
) STRICT, WITHOUT ROWID;
PRAGMA user_version = 2;
`;

/** To be added to the rows of version 1. */
export const versionTwoRows = `
UPDATE accounts SET archive_last_id = 'a2', archive_last_at = 2001.5 WHERE jid = 'juliet@capulet.example';
UPDATE chats SET standing = 'request', retention_days = 7, pinned = 1, muted_until = 99, history_start = 1,
  read_published_id = 'a1', read_awaited_id = 'a9' WHERE id = 2;
UPDATE messages SET body = 'Shall I hear more?', edited_at = 2500, reply_to = 'm1', reply_jid = 'juliet@capulet.example',
  reply_quote = 'O Romeo', receipt_wanted = 1, markable = 1, sort_at = 2001.5 WHERE id = 2;
UPDATE messages SET body = '', retracted_at = 2600 WHERE id = 3;
INSERT INTO message_edits (message_id, position, at, sort_at, body, stanza_id, origin_id, archive_id)
VALUES (2, 0, 2001, 2001.5, 'Shall I hear more', NULL, NULL, NULL),
       (2, 1, 2500, 2500.25, 'Shall I hear more?', 'm2-e', 'm2-e', 'a3');
INSERT INTO reactions (message_id, sender_jid, emojis, at) VALUES (1, 'romeo@montague.example', '["❤️"]', 2700.5);
INSERT INTO pending_references (chat_id, sender_jid, ref_id, kind, payload, at, archive_id)
VALUES (1, 'romeo@montague.example', 'm9', 'reaction', '{"emojis":["👍"]}', 2800.5, 'a4');
INSERT INTO archive_gaps (account_id, chat_jid, after_id, after_at, before_id, before_at, created_at)
VALUES ('6b1b8f4e-3c0a-4a5b-9f43-2f0f5c1d7e11', NULL, 'a2', 2001.5, NULL, 3000, 3000);
INSERT INTO outbox (id, account_id, chat_id, kind, created_at, payload, not_before, about_id)
VALUES (2, '6b1b8f4e-3c0a-4a5b-9f43-2f0f5c1d7e11', 1, 'reaction', 2900, '{"emojis":["👎"]}', 9000, 2);
INSERT INTO blocked (account_id, jid) VALUES ('6b1b8f4e-3c0a-4a5b-9f43-2f0f5c1d7e11', 'tybalt@capulet.example');
INSERT INTO deleted_messages (account_id, chat_jid, sender_jid, stanza_id, origin_id, archive_id)
VALUES ('6b1b8f4e-3c0a-4a5b-9f43-2f0f5c1d7e11', 'romeo@montague.example', 'romeo@montague.example', 'd1', 'd1', 'a0');
INSERT INTO cleared_history (account_id, chat_jid, up_to)
VALUES ('0a4c6c52-8a3e-4b39-8d8e-1d8f3a1b2c3d', 'peter@capulet.example', 500.5);
`;

/**
 * The first schema. Times are milliseconds since 1970, UTC; booleans are 0 or 1; JIDs are normalised.
 * `rev` comes from the one counter in `counters`. Never edited: what changes is a new migration.
 */
export const initial = {
  version: 1,
  sql: `
CREATE TABLE counters (
  name TEXT NOT NULL PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE settings (
  key TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE secrets (
  name TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE caps_cache (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  hash TEXT NOT NULL UNIQUE,
  features TEXT NOT NULL
) STRICT;

CREATE TABLE accounts (
  id TEXT NOT NULL PRIMARY KEY,
  jid TEXT NOT NULL UNIQUE,
  enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
  host TEXT,
  port INTEGER,
  direct_tls INTEGER NOT NULL CHECK (direct_tls IN (0, 1)),
  pinned_spki TEXT,
  resource TEXT NOT NULL,
  resume_state TEXT,
  roster_version TEXT,
  created_at INTEGER NOT NULL,
  rev INTEGER NOT NULL
) STRICT;

CREATE TABLE contacts (
  account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  jid TEXT NOT NULL,
  name TEXT,
  subscription TEXT NOT NULL,
  asked INTEGER NOT NULL CHECK (asked IN (0, 1)),
  groups TEXT NOT NULL,
  rev INTEGER NOT NULL,
  PRIMARY KEY (account_id, jid)
) STRICT, WITHOUT ROWID;

CREATE TABLE contact_requests (
  account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  jid TEXT NOT NULL,
  name TEXT NOT NULL,
  text TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (account_id, jid)
) STRICT, WITHOUT ROWID;

-- Everything up to the position (read_sort_at, read_id) has been seen.
-- AUTOINCREMENT: the window may still hold the id of a chat or message that was deleted.
CREATE TABLE chats (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  jid TEXT NOT NULL,
  draft TEXT NOT NULL DEFAULT '',
  active_at INTEGER NOT NULL,
  read_sort_at INTEGER NOT NULL DEFAULT 0,
  read_id INTEGER NOT NULL DEFAULT 0,
  rev INTEGER NOT NULL,
  UNIQUE (account_id, jid)
) STRICT;

CREATE TABLE messages (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  chat_id INTEGER NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
  direction TEXT NOT NULL CHECK (direction IN ('in', 'out')),
  sender_jid TEXT NOT NULL,
  body TEXT NOT NULL,
  at INTEGER NOT NULL,
  sort_at INTEGER NOT NULL,
  state TEXT NOT NULL,
  failure TEXT,
  protection TEXT NOT NULL,
  stanza_id TEXT,
  origin_id TEXT,
  archive_id TEXT,
  thread TEXT,
  rev INTEGER NOT NULL
) STRICT;

CREATE INDEX messages_timeline ON messages (chat_id, sort_at, id);
CREATE INDEX messages_incoming ON messages (chat_id, sort_at, id) WHERE direction = 'in';
CREATE UNIQUE INDEX messages_archive ON messages (chat_id, archive_id) WHERE archive_id IS NOT NULL;
CREATE INDEX messages_origin ON messages (chat_id, origin_id) WHERE origin_id IS NOT NULL;
CREATE INDEX messages_stanza ON messages (chat_id, stanza_id) WHERE stanza_id IS NOT NULL;
CREATE INDEX messages_sending ON messages (state) WHERE state = 'sending';

CREATE TABLE outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  chat_id INTEGER NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
  message_id INTEGER UNIQUE REFERENCES messages (id) ON DELETE CASCADE,
  kind TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  stanza TEXT
) STRICT;

CREATE INDEX outbox_order ON outbox (account_id, id);
CREATE INDEX outbox_chat ON outbox (chat_id);

CREATE VIRTUAL TABLE messages_search USING fts5 (
  body,
  content = 'messages',
  content_rowid = 'id',
  tokenize = 'unicode61 remove_diacritics 2',
  prefix = '2 3'
);

CREATE TRIGGER messages_search_insert AFTER INSERT ON messages BEGIN
  INSERT INTO messages_search (rowid, body) VALUES (new.id, new.body);
END;

CREATE TRIGGER messages_search_delete AFTER DELETE ON messages BEGIN
  INSERT INTO messages_search (messages_search, rowid, body) VALUES ('delete', old.id, old.body);
END;

CREATE TRIGGER messages_search_update AFTER UPDATE OF body ON messages BEGIN
  INSERT INTO messages_search (messages_search, rowid, body) VALUES ('delete', old.id, old.body);
  INSERT INTO messages_search (rowid, body) VALUES (new.id, new.body);
END;
`,
} as const;

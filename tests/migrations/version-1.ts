/**
 * Version 1 as it was released, in literal SQL: schema and some rows. Repeated here and imported from
 * nowhere, so that an edited migration fails. The test of each later migration begins with it.
 */
export const versionOneSchema = `
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
PRAGMA user_version = 1;
`;

export const versionOneRows = `
INSERT INTO counters (name, value) VALUES ('rev', 4294967296);
INSERT INTO settings (key, value) VALUES ('theme', '"dark"');
INSERT INTO secrets (name, value) VALUES ('password 6b1b8f4e-3c0a-4a5b-9f43-2f0f5c1d7e11', 'wherefore');
INSERT INTO caps_cache (hash, features) VALUES ('sha-1 QgayPKawpkPSDYmwT/WM94uAlu0=', '["urn:xmpp:ping"]');
INSERT INTO accounts (id, jid, enabled, host, port, direct_tls, pinned_spki, resource, resume_state, roster_version, created_at, rev)
VALUES ('6b1b8f4e-3c0a-4a5b-9f43-2f0f5c1d7e11', 'juliet@capulet.example', 1, NULL, NULL, 0, NULL, 'chatsecure.a', '{"id":"s"}', 'v1', 1000, 1),
       ('0a4c6c52-8a3e-4b39-8d8e-1d8f3a1b2c3d', 'nurse@capulet.example', 0, 'xmpp.capulet.example', 5223, 1, 'pin', 'chatsecure.b', NULL, NULL, 1001, 2);
INSERT INTO contacts (account_id, jid, name, subscription, asked, groups, rev)
VALUES ('6b1b8f4e-3c0a-4a5b-9f43-2f0f5c1d7e11', 'romeo@montague.example', 'Romeo', 'both', 0, '["Friends"]', 3),
       ('6b1b8f4e-3c0a-4a5b-9f43-2f0f5c1d7e11', 'tybalt@capulet.example', NULL, 'none', 1, '[]', 4);
INSERT INTO contact_requests (account_id, jid, name, text, at)
VALUES ('6b1b8f4e-3c0a-4a5b-9f43-2f0f5c1d7e11', 'paris@verona.example', 'Paris', 'Hello', 1002);
INSERT INTO chats (id, account_id, jid, draft, active_at, read_sort_at, read_id, rev)
VALUES (1, '6b1b8f4e-3c0a-4a5b-9f43-2f0f5c1d7e11', 'romeo@montague.example', 'Good night, good ni', 2003, 2001, 2, 5),
       (2, '0a4c6c52-8a3e-4b39-8d8e-1d8f3a1b2c3d', 'peter@capulet.example', '', 1003, 0, 0, 6);
INSERT INTO messages (id, chat_id, direction, sender_jid, body, at, sort_at, state, failure, protection, stanza_id, origin_id, archive_id, thread, rev)
VALUES (1, 1, 'out', 'juliet@capulet.example', 'O Romeo, Romeo', 2000, 2000, 'acked', NULL, 'none', 'm1', 'm1', 'a1', NULL, 7),
       (2, 1, 'in', 'romeo@montague.example', 'Shall I hear more', 2001, 2001, 'received', NULL, 'none', 'm2', NULL, 'a2', 't', 8),
       (3, 1, 'in', 'romeo@montague.example', 'or shall I speak at this?', 2002, 2002, 'received', NULL, 'omemo', 'm3', 'm3', NULL, NULL, 9),
       (4, 1, 'out', 'juliet@capulet.example', 'How camest thou hither', 2003, 2003, 'sending', NULL, 'none', 'm4', 'm4', NULL, NULL, 10),
       (5, 1, 'out', 'juliet@capulet.example', 'tell me', 2003, 2003, 'failed', 'not-allowed', 'none', 'm5', 'm5', NULL, NULL, 11);
INSERT INTO outbox (id, account_id, chat_id, message_id, kind, created_at, attempts, stanza)
VALUES (1, '6b1b8f4e-3c0a-4a5b-9f43-2f0f5c1d7e11', 1, 4, 'message', 2003, 1, '<message id="m4"/>');
`;

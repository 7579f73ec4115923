/** What heals sessions of OMEMO, and tells a message that comes again from one that uses a key twice. */
export const healing = {
  version: 14,
  sql: `
-- What was opened, by a digest of who sent it and its ciphertext. Forgotten after a while.
CREATE TABLE omemo_opened (
  digest BLOB NOT NULL PRIMARY KEY CHECK (length(digest) = 16),
  account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  opened_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The resource from which a device has written that is ChatSecure for iOS; NULL for all others.
ALTER TABLE omemo_devices ADD COLUMN chatsecure TEXT;

-- When the owner of a device was last told that a message of it could not be read.
ALTER TABLE omemo_sessions ADD COLUMN told_at INTEGER;
`,
} as const;

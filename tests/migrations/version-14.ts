/** The step to version 14 as it was released, in literal SQL; see `version-1.ts`. */
export const stepToVersionFourteen = `
CREATE TABLE omemo_opened (
  digest BLOB NOT NULL PRIMARY KEY CHECK (length(digest) = 16),
  account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  opened_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
ALTER TABLE omemo_devices ADD COLUMN chatsecure TEXT;
ALTER TABLE omemo_sessions ADD COLUMN told_at INTEGER;
PRAGMA user_version = 14;
`;

/** The step to version 11 as it was released, in literal SQL; see `version-1.ts`. */
export const stepToVersionEleven = `
CREATE TABLE omemo_lists (
  account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  jid TEXT NOT NULL,
  told_at INTEGER NOT NULL,
  PRIMARY KEY (account_id, jid)
) STRICT, WITHOUT ROWID;
INSERT INTO omemo_lists (account_id, jid, told_at)
  SELECT account_id, jid, max(first_seen) FROM omemo_devices WHERE listed = 1 GROUP BY account_id, jid;
PRAGMA user_version = 11;
`;

/** Who was asked for their devices: of anybody else it is not known that they have none. */
export const deviceLists = {
  version: 11,
  sql: `
CREATE TABLE omemo_lists (
  account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  jid TEXT NOT NULL,
  -- When their list came last, empty or not.
  told_at INTEGER NOT NULL,
  PRIMARY KEY (account_id, jid)
) STRICT, WITHOUT ROWID;

INSERT INTO omemo_lists (account_id, jid, told_at)
  SELECT account_id, jid, max(first_seen) FROM omemo_devices WHERE listed = 1 GROUP BY account_id, jid;
`,
} as const;

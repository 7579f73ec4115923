/** How accounts were logged in, so that a server which suddenly offers less is noticed. */
export const loginBindings = {
  version: 12,
  sql: `
CREATE TABLE login_bindings (
  account_id TEXT NOT NULL PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
  -- The last login by the password that was bound to its connection.
  mechanism TEXT NOT NULL,
  type TEXT NOT NULL,
  tls_version TEXT,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`,
} as const;

/** The step to version 12 as it was released, in literal SQL; see `version-1.ts`. */
export const stepToVersionTwelve = `
CREATE TABLE login_bindings (
  account_id TEXT NOT NULL PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
  mechanism TEXT NOT NULL,
  type TEXT NOT NULL,
  tls_version TEXT,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
PRAGMA user_version = 12;
`;

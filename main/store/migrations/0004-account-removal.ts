/** An account that is being removed is gone for everybody, while its messages leave slice by slice. */
export const accountRemoval = {
  version: 4,
  sql: `
ALTER TABLE accounts ADD COLUMN removed INTEGER NOT NULL DEFAULT 0 CHECK (removed IN (0, 1));
`,
} as const;

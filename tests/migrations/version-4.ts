/** The step to version 4 as it was released, in literal SQL; see `version-1.ts`. */
export const stepToVersionFour = `
ALTER TABLE accounts ADD COLUMN removed INTEGER NOT NULL DEFAULT 0 CHECK (removed IN (0, 1));
PRAGMA user_version = 4;
`;

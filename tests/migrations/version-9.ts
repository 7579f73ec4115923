/** The step to version 9 as it was released, in literal SQL; see `version-1.ts`. */
export const stepToVersionNine = `
ALTER TABLE reactions ADD COLUMN stanza_id TEXT;
PRAGMA user_version = 9;
`;

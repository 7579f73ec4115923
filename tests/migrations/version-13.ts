/** The step to version 13 as it was released, in literal SQL; see `version-1.ts`. */
export const stepToVersionThirteen = `
CREATE INDEX omemo_key_owners ON omemo_identities (account_id, identity_key);
PRAGMA user_version = 13;
`;

/** With every encrypted message the store is asked whether its key belongs to another address as well. */
export const keyOwners = {
  version: 13,
  sql: `
CREATE INDEX omemo_key_owners ON omemo_identities (account_id, identity_key);
`,
} as const;

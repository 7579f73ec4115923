/** By what stanza somebody reacted: when the archive tells where it stands, it is known again. */
export const reactionIds = {
  version: 9,
  sql: `
ALTER TABLE reactions ADD COLUMN stanza_id TEXT;
`,
} as const;

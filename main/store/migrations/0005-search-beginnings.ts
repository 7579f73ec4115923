/**
 * Beginnings of one character made lists as long as the index itself, which no merge can do in slices. The
 * application fills the new index again.
 */
export const searchBeginnings = {
  version: 5,
  sql: `
DROP TABLE messages_search;
CREATE VIRTUAL TABLE messages_search USING fts5 (
  words,
  content = '',
  columnsize = 0,
  tokenize = 'ascii',
  prefix = '2 3'
);
DELETE FROM counters WHERE name = 'search-version';
`,
} as const;

/** The step to version 5 as it was released, in literal SQL; see `version-1.ts`. */
export const stepToVersionFive = `
DROP TABLE messages_search;
CREATE VIRTUAL TABLE messages_search USING fts5 (
  words,
  content = '',
  columnsize = 0,
  tokenize = 'ascii',
  prefix = '2 3'
);
DELETE FROM counters WHERE name = 'search-version';
PRAGMA user_version = 5;
`;

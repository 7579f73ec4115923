/** The step to version 10 as it was released, in literal SQL; see `version-1.ts`. */
export const stepToVersionTen = `
CREATE TABLE chat_protection (
  chat_id INTEGER NOT NULL PRIMARY KEY REFERENCES chats (id) ON DELETE CASCADE,
  choice TEXT NOT NULL CHECK (choice IN ('automatic', 'omemo', 'none'))
) STRICT;
ALTER TABLE omemo_devices ADD COLUMN label TEXT NOT NULL DEFAULT '';
CREATE TABLE omemo_unreadable (
  message_id INTEGER NOT NULL PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
  device_id INTEGER,
  reason TEXT NOT NULL
) STRICT;
PRAGMA user_version = 10;
`;

/** What the user wants of encryption, and why a message could not be read. */
export const protection = {
  version: 10,
  sql: `
-- How messages of a chat are to be protected; a chat without a row follows the settings.
CREATE TABLE chat_protection (
  chat_id INTEGER NOT NULL PRIMARY KEY REFERENCES chats (id) ON DELETE CASCADE,
  choice TEXT NOT NULL CHECK (choice IN ('automatic', 'omemo', 'none'))
) STRICT;

-- What the user calls a device; nobody else knows it.
ALTER TABLE omemo_devices ADD COLUMN label TEXT NOT NULL DEFAULT '';

-- For each message that could not be read: why, and which device it says has written it.
CREATE TABLE omemo_unreadable (
  message_id INTEGER NOT NULL PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
  device_id INTEGER,
  reason TEXT NOT NULL
) STRICT;
`,
} as const;

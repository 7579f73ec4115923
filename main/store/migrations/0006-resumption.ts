/** What a stream needs to go on after the process has ended, and the name under which it logs in. */
export const resumption = {
  version: 6,
  sql: `
-- How many stanzas had been sent on the stream when this one was; NULL where it is not on its way.
ALTER TABLE outbox ADD COLUMN stream_position INTEGER;
-- What the stream has told of a contact's devices, JSON; NULL where nobody is online.
ALTER TABLE contacts ADD COLUMN presence TEXT;
-- A random UUID, version 4, for each account: the server tells the devices of an account apart by it.
ALTER TABLE accounts ADD COLUMN user_agent TEXT NOT NULL DEFAULT '';
UPDATE accounts SET user_agent = lower(
  hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-'
  || substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)));
`,
} as const;

/** Keys, devices, trust and sessions of OMEMO (XEP-0384). Keys are bytes; all of it is in the encrypted file. */
export const omemo = {
  version: 7,
  sql: `
-- This device, for each account.
CREATE TABLE omemo_own (
  account_id TEXT NOT NULL PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
  device_id INTEGER NOT NULL CHECK (device_id BETWEEN 1 AND 2147483647),
  private_key BLOB NOT NULL CHECK (length(private_key) = 32),
  public_key BLOB NOT NULL CHECK (length(public_key) = 32),
  next_prekey_id INTEGER NOT NULL DEFAULT 1,
  next_signed_prekey_id INTEGER NOT NULL DEFAULT 1,
  -- Whether the server has the bundle that is here.
  published INTEGER NOT NULL DEFAULT 0 CHECK (published IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE TABLE omemo_signed_prekeys (
  account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  id INTEGER NOT NULL,
  private_key BLOB NOT NULL,
  public_key BLOB NOT NULL,
  signature BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (account_id, id)
) STRICT, WITHOUT ROWID;

-- A used one is kept until the archive has been read: somebody else may have taken it too.
CREATE TABLE omemo_prekeys (
  account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  id INTEGER NOT NULL,
  private_key BLOB NOT NULL,
  public_key BLOB NOT NULL,
  used_at INTEGER,
  PRIMARY KEY (account_id, id)
) STRICT, WITHOUT ROWID;

-- Devices of contacts and of the account itself; never deleted, only not listed any more.
CREATE TABLE omemo_devices (
  account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  jid TEXT NOT NULL,
  device_id INTEGER NOT NULL,
  -- NULL until a bundle or a message has told it; never replaced without the user.
  identity_key BLOB,
  -- Another key that somebody has offered for this device.
  offered_key BLOB,
  offered_at INTEGER,
  listed INTEGER NOT NULL CHECK (listed IN (0, 1)),
  -- It was there when the first list of this address came.
  first_list INTEGER NOT NULL CHECK (first_list IN (0, 1)),
  first_seen INTEGER NOT NULL,
  last_heard INTEGER,
  PRIMARY KEY (account_id, jid, device_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE omemo_identities (
  account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  jid TEXT NOT NULL,
  identity_key BLOB NOT NULL,
  trust TEXT NOT NULL,
  first_seen INTEGER NOT NULL,
  decided_at INTEGER,
  PRIMARY KEY (account_id, jid, identity_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE omemo_sessions (
  account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
  jid TEXT NOT NULL,
  device_id INTEGER NOT NULL,
  -- NULL where only the time of the last repair is known.
  record BLOB,
  healed_at INTEGER,
  PRIMARY KEY (account_id, jid, device_id)
) STRICT;

-- For each message that we sent: who could read it, and who was left out and why.
CREATE TABLE omemo_recipients (
  message_id INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
  jid TEXT NOT NULL,
  device_id INTEGER NOT NULL,
  identity_key BLOB,
  outcome TEXT NOT NULL,
  PRIMARY KEY (message_id, jid, device_id)
) STRICT, WITHOUT ROWID;

-- For each message that came: which device wrote it.
CREATE TABLE omemo_senders (
  message_id INTEGER NOT NULL PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
  device_id INTEGER NOT NULL,
  identity_key BLOB NOT NULL
) STRICT, WITHOUT ROWID;
`,
} as const;

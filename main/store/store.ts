import { AccountStore } from './accounts.ts';
import { CapsStore } from './caps.ts';
import { ChatStore } from './chats.ts';
import { ContactStore } from './contacts.ts';
import type { Database } from './database.ts';
import { MessageStore } from './messages.ts';
import { OutboxStore } from './outbox.ts';
import { Revisions } from './revisions.ts';
import { SecretTable } from './secrets.ts';
import { SettingsStore } from './settings.ts';

/** The repositories of one profile. Each method is a transaction of its own; `transaction` joins several. */
export interface Store {
  readonly accounts: AccountStore;
  readonly contacts: ContactStore;
  readonly chats: ChatStore;
  readonly messages: MessageStore;
  readonly outbox: OutboxStore;
  readonly settings: SettingsStore;
  readonly secrets: SecretTable;
  readonly caps: CapsStore;
  /** The counter of `rev`, also for live rows that are not kept (presence, typing, connection). */
  readonly revisions: Revisions;
  /** All writes of `act` together or none; it must not return a promise. */
  readonly transaction: <T>(act: () => T) => T;
}

/**
 * Makes all repositories over an open database.
 * @throws AppError as every write; the database is closed then
 */
export const openStore = (database: Database): Store => {
  const revisions = startRevisions(database);
  const chats = new ChatStore(database, revisions);
  const outbox = new OutboxStore(database);
  return {
    accounts: new AccountStore(database, revisions),
    contacts: new ContactStore(database, revisions),
    chats,
    messages: new MessageStore(database, revisions, chats, outbox),
    outbox,
    settings: new SettingsStore(database),
    secrets: new SecretTable(database),
    caps: new CapsStore(database),
    revisions,
    transaction: (act) => database.transaction(act),
  };
};

/** The first write of a run: a damaged file or a full disk shows here, and must not stay locked. */
const startRevisions = (database: Database): Revisions => {
  try {
    return new Revisions(database);
  } catch (error) {
    database.close();
    throw error;
  }
};

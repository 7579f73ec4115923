import { AccountStore } from './accounts.ts';
import { ArchiveStore } from './archive.ts';
import { BlockedStore } from './blocked.ts';
import { CapsStore } from './caps.ts';
import { ChatStore } from './chats.ts';
import { ContactStore } from './contacts.ts';
import type { Database } from './database.ts';
import { DeliveryStore } from './delivery.ts';
import { EditStore } from './edits.ts';
import { MessageStore } from './messages.ts';
import { OutboxStore } from './outbox.ts';
import { ReactionStore } from './reactions.ts';
import { ReferenceStore } from './references.ts';
import { Revisions } from './revisions.ts';
import { SecretTable } from './secrets.ts';
import { SettingsStore } from './settings.ts';

/** The repositories of one profile. Each method is a transaction of its own; `transaction` joins several. */
export interface Store {
  readonly accounts: AccountStore;
  readonly contacts: ContactStore;
  readonly chats: ChatStore;
  readonly messages: MessageStore;
  readonly edits: EditStore;
  readonly reactions: ReactionStore;
  readonly references: ReferenceStore;
  readonly delivery: DeliveryStore;
  readonly outbox: OutboxStore;
  readonly archive: ArchiveStore;
  readonly blocked: BlockedStore;
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
  const archive = new ArchiveStore(database);
  const messages = new MessageStore(database, revisions, { chats, outbox, archive });
  const references = new ReferenceStore(database);
  return {
    accounts: new AccountStore(database, revisions),
    contacts: new ContactStore(database, revisions),
    chats,
    messages,
    edits: new EditStore(database, revisions, { chats, archive }),
    reactions: new ReactionStore(database, revisions, chats),
    references,
    delivery: new DeliveryStore(database, revisions, { chats, messages, references }),
    outbox,
    archive,
    blocked: new BlockedStore(database),
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

import { AccountStore } from './accounts.ts';
import { ArchiveStore } from './archive.ts';
import { BlockedStore } from './blocked.ts';
import { CapsStore } from './caps.ts';
import { ChatProtectionStore } from './chat-protection.ts';
import { ChatStore } from './chats.ts';
import { ContactStore } from './contacts.ts';
import type { Database } from './database.ts';
import { DeletionMemory } from './deletion-memory.ts';
import { DeletionStore } from './deletions.ts';
import { DeliveryStore } from './delivery.ts';
import { EditStore } from './edits.ts';
import { openOmemoStore, type OmemoStore } from './keys.ts';
import { MessageStore } from './messages.ts';
import { OutboxStore } from './outbox.ts';
import { ReactionStore } from './reactions.ts';
import { ReferenceStore } from './references.ts';
import { Revisions } from './revisions.ts';
import { SearchIndex } from './search-index.ts';
import { SearchStore } from './search.ts';
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
  readonly deletions: DeletionStore;
  readonly search: SearchStore;
  readonly settings: SettingsStore;
  readonly secrets: SecretTable;
  readonly caps: CapsStore;
  readonly omemo: OmemoStore;
  readonly protection: ChatProtectionStore;
  /** The counter of `rev`, also for live rows that are not kept (presence, typing, connection). */
  readonly revisions: Revisions;
  /**
   * Does a part of what is left to do: deletions, then filling the search index after an update. A slice takes
   * some milliseconds; to be called after each start, and after each deletion, until there is no more.
   * @returns whether there is more to do
   */
  readonly maintain: () => boolean;
  /** All writes of `act` together or none; it must not return a promise. */
  readonly transaction: <T>(act: () => T) => T;
}

/**
 * Makes all repositories over an open database.
 * @throws AppError as every write; the database is closed then
 */
export const openStore = (database: Database): Store => {
  const { revisions, searchIndex } = start(database);
  const chats = new ChatStore(database, revisions);
  const outbox = new OutboxStore(database, revisions, searchIndex);
  const archive = new ArchiveStore(database);
  const memory = new DeletionMemory(database);
  const parts = { chats, outbox, archive, memory, search: searchIndex };
  const messages = new MessageStore(database, revisions, parts);
  const references = new ReferenceStore(database, memory);
  const deletions = new DeletionStore(database, parts);
  return {
    accounts: new AccountStore(database, revisions, deletions),
    contacts: new ContactStore(database, revisions),
    chats,
    messages,
    edits: new EditStore(database, revisions, parts),
    reactions: new ReactionStore(database, revisions, chats),
    references,
    delivery: new DeliveryStore(database, revisions, { chats, messages, references }),
    outbox,
    archive,
    blocked: new BlockedStore(database),
    deletions,
    search: new SearchStore(database),
    settings: new SettingsStore(database),
    secrets: new SecretTable(database),
    caps: new CapsStore(database),
    omemo: openOmemoStore(database),
    protection: new ChatProtectionStore(database),
    revisions,
    maintain: () => deletions.slice() || searchIndex.indexSlice(),
    transaction: (act) => database.transaction(act),
  };
};

/** The first writes of a run: a damaged file or a full disk shows here, and must not stay locked. */
const start = (database: Database): { revisions: Revisions; searchIndex: SearchIndex } => {
  try {
    const parts = { revisions: new Revisions(database), searchIndex: new SearchIndex(database) };
    // The log of a run that crashed may hold what was deleted in it.
    database.scrubLog();
    return parts;
  } catch (error) {
    database.close();
    throw error;
  }
};

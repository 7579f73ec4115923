import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { AccountId, ChatId } from '#shared/ids.ts';
import { openDatabase, type Database } from '#main/store/database.ts';
import type { NewArchived, NewIncoming, NewOutgoing } from '#main/store/messages.ts';
import { profilePaths, type ProfilePaths } from '#main/store/profile.ts';
import { openStore, type Store } from '#main/store/store.ts';

/** A folder of this test's own; gone when the test is. */
export const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'chatsecure-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

export interface TestProfile {
  readonly folder: string;
  readonly paths: ProfilePaths;
  /** Opens (again) with the key of this profile, or another one; closed when the test ends. */
  open(key?: Uint8Array): { readonly database: Database; readonly store: Store };
}

export const TEST_KEY: Uint8Array = Uint8Array.from({ length: 32 }, (_, index) => index + 1);

export const temporaryProfile = (): TestProfile => {
  const folder = temporaryFolder();
  const paths = profilePaths(folder);
  return {
    folder,
    paths,
    open: (key = TEST_KEY) => {
      const database = openDatabase(paths.database, key);
      onTestFinished(() => database.close());
      return { database, store: openStore(database) };
    },
  };
};

/** An open store with one account and one chat. */
export const storeWithChat = (): {
  readonly database: Database;
  readonly store: Store;
  readonly accountId: AccountId;
  readonly chatId: ChatId;
} => {
  const { database, store } = temporaryProfile().open();
  const accountId = store.accounts.add({ jid: 'juliet@capulet.example', directTls: false, createdAt: 1 }).id;
  const chatId = store.chats.findOrCreate(accountId, 'romeo@montague.example', 1).id;
  return { database, store, accountId, chatId };
};

/** A message to Romeo; `sortAt` follows `at`. */
export const outgoing = (chatId: ChatId, body: string, at: number): NewOutgoing => ({
  chatId,
  senderJid: 'juliet@capulet.example',
  body,
  at,
  sortAt: at,
  protection: 'none',
  stanzaId: `out-${at}`,
  originId: `out-${at}`,
});

/** A message from Romeo. */
export const incoming = (chatId: ChatId, body: string, at: number): NewIncoming => ({
  chatId,
  senderJid: 'romeo@montague.example',
  body,
  at,
  sortAt: at,
  protection: 'none',
});

/** A message from Romeo as the archive gives it; its id and place follow `at`. */
export const archived = (chatId: ChatId, body: string, at: number): NewArchived => ({
  ...incoming(chatId, body, at),
  sortAt: at,
  direction: 'in',
  archiveId: `archive-${at}`,
});

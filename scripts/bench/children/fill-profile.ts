/** Makes a big profile as the application would have made it: key in the keychain, one account, a long history. */
import { AccountSecrets } from '#main/crypto/account-secrets.ts';
import { Keyring } from '#main/crypto/keyring.ts';
import { createKeychain } from '#main/hosts/keychain.ts';
import { openDatabase } from '#main/store/database.ts';
import { claimProfile, profilePaths } from '#main/store/profile.ts';
import { openStore } from '#main/store/store.ts';
import { fillStore } from '#tests/support/fill-store.ts';
import { serve } from '../child.ts';
import type { Side } from '../pair.ts';

export interface ProfileOrder {
  readonly folder: string;
  readonly account: Side;
  readonly host: string;
  readonly port: number;
  readonly chats: number;
  /** Of all chats together. */
  readonly messages: number;
  /** Of the one longest chat, which is also the newest, and read to its end. */
  readonly longest: number;
}

serve<ProfileOrder, { readonly done: true }>(async (order) => {
  const { folder, account, host, port, chats, messages, longest } = order;
  const claim = claimProfile(folder);
  const paths = profilePaths(folder);
  const secrets = createKeychain();
  const opened = await new Keyring({
    markerPath: paths.keyMarker,
    databasePath: paths.database,
    secrets,
  }).open();
  if (opened.state !== 'ready') throw new Error(`no keychain: ${opened.state}`);
  const database = openDatabase(paths.database, opened.key);
  const store = openStore(database);
  const { id } = store.accounts.add({
    jid: account.jid,
    host,
    port,
    directTls: false,
    createdAt: Date.now(),
  });
  await new AccountSecrets(secrets).setPassword(id, account.password);
  // One message a minute: the longest chat ends last, and stands on top of the list.
  fillStore(database, store, { accountId: id, chats: 1, messages: longest, unread: 0 });
  fillStore(database, store, {
    accountId: id,
    chats: chats - 1,
    messages: messages - longest,
    firstContact: 1,
  });
  database.close();
  claim.dispose();
  return { done: true };
});

import type { AccountId } from '#shared/ids.ts';
import type { SecretStore } from '#main/hosts/shell.ts';

/**
 * The passwords of the accounts: in the system keychain, or, where the profile is protected by a
 * passphrase, in the secrets table of the encrypted database. Errors are those of SecretStore.
 */
export class AccountSecrets {
  readonly #secrets: SecretStore;

  constructor(secrets: SecretStore) {
    this.#secrets = secrets;
  }

  /** Undefined where none was stored, or the keychain is locked and does not say so. */
  password(accountId: AccountId): Promise<string | undefined> {
    return this.#secrets.get(passwordItem(accountId));
  }

  setPassword(accountId: AccountId, password: string): Promise<void> {
    return this.#secrets.set(passwordItem(accountId), password);
  }

  /** Removes whatever is kept for an account; nothing happens where there is nothing. */
  forget(accountId: AccountId): Promise<void> {
    return this.#secrets.delete(passwordItem(accountId));
  }
}

const passwordItem = (accountId: AccountId): string => `password ${accountId}`;

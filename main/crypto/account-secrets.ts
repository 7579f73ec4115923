import type { AccountId } from '#shared/ids.ts';
import type { SecretStore } from '#main/hosts/shell.ts';

/** The text of a token that a server gave out in place of the password; its form is the caller's. */
type TokenText = string;

/**
 * The passwords of the accounts, and what stands in for them: in the system keychain, or, where the profile is protected by a
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

  /** Undefined where none was stored. */
  token(accountId: AccountId): Promise<TokenText | undefined> {
    return this.#secrets.get(tokenItem(accountId));
  }

  /** Keeps another token, or none. */
  async setToken(accountId: AccountId, token: TokenText | undefined): Promise<void> {
    if (token === undefined) await this.#secrets.delete(tokenItem(accountId));
    else await this.#secrets.set(tokenItem(accountId), token);
  }

  /** Removes whatever is kept for an account; nothing happens where there is nothing. */
  async forget(accountId: AccountId): Promise<void> {
    await this.#secrets.delete(passwordItem(accountId));
    await this.#secrets.delete(tokenItem(accountId));
  }
}

const tokenItem = (accountId: AccountId): string => `token ${accountId}`;

const passwordItem = (accountId: AccountId): string => `password ${accountId}`;

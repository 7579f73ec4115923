import { SecretsLocked, SecretsUnavailable, type SecretStore } from '#main/hosts/shell.ts';

/** A keychain in memory that can be locked or taken away, and then behaves as the real ones do. */
export class MemorySecrets implements SecretStore {
  readonly items = new Map<string, string>();
  mode: 'open' | 'locked' | 'absent' = 'open';

  async get(name: string): Promise<string | undefined> {
    this.#refuseIfAbsent();
    // A locked Secret Service says that there is nothing.
    return this.mode === 'locked' ? undefined : this.items.get(name);
  }

  async set(name: string, value: string): Promise<void> {
    this.#refuseIfAbsent();
    if (this.mode === 'locked') throw new SecretsLocked();
    this.items.set(name, value);
  }

  async delete(name: string): Promise<void> {
    this.#refuseIfAbsent();
    if (this.mode === 'open') this.items.delete(name);
  }

  #refuseIfAbsent(): void {
    if (this.mode === 'absent') throw new SecretsUnavailable('there is no keychain here');
  }
}

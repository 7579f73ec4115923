/**
 * What a host gives the application besides the pipe. The Electron host implements it with Electron,
 * the loopback host with plain Node. Nothing here knows XMPP or the store.
 */
export interface Shell {
  readonly host: 'electron' | 'loopback';
  /** Folder of the profile; made with mode 0700 by the store. */
  readonly profileDir: string;
  readonly secrets: SecretStore;
  /** Opens a link that has passed `externalUrl`. */
  openExternal(url: string): Promise<void>;
  setBadge(unread: number): void;
  /** Seconds since somebody has touched keyboard or mouse; absent where the system does not tell. */
  readonly idleSeconds?: () => number;
  /** Suspend, wake and network changes; returns its own off. */
  onPower(listener: (event: 'suspend' | 'wake') => void): () => void;
}

/**
 * The system keychain. Values are text (base64 for bytes: keychains cut at NUL).
 * `get` answering undefined is no proof of absence: a locked keyring says the same.
 */
export interface SecretStore {
  /** Rejects with SecretsUnavailable where there is no keychain at all. */
  get(name: string): Promise<string | undefined>;
  /** Rejects with SecretsUnavailable where there is none, or with SecretsLocked. */
  set(name: string, value: string): Promise<void>;
  delete(name: string): Promise<void>;
}

/** No keychain on this system; `reason` is a sentence fragment for the user. */
export class SecretsUnavailable extends Error {
  constructor(reason: string, cause?: unknown) {
    super(reason, { cause });
    this.name = 'SecretsUnavailable';
  }
}

/** There is a keychain, and it does not open. */
export class SecretsLocked extends Error {
  constructor(cause?: unknown) {
    super('the keychain is locked', { cause });
    this.name = 'SecretsLocked';
  }
}

import { randomBytes, randomUUID } from 'node:crypto';
import { AppError } from '#shared/errors.ts';
import type { AccountId } from '#shared/ids.ts';
import type { Database } from './database.ts';
import type { DeletionStore } from './deletions.ts';
import type { Revisions } from './revisions.ts';
import { columns, type AccountRow } from './rows.ts';

/** An account as it is kept; its password is a secret and not part of it. */
export interface Account {
  readonly id: AccountId;
  /** Bare JID. */
  readonly jid: string;
  readonly enabled: boolean;
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly directTls: boolean;
  /** base64 SHA-256 of the one public key that is trusted. */
  readonly pinnedSpki: string | undefined;
  /** Made once for this account on this computer. */
  readonly resource: string;
  /** A random UUID, version 4: the server tells the devices of the account apart by it (XEP-0388). */
  readonly userAgent: string;
  /** RFC 6121 section 2.6: the version of the stored roster. */
  readonly rosterVersion: string | undefined;
  readonly createdAt: number;
  readonly rev: number;
}

export interface NewAccount {
  readonly jid: string;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly directTls: boolean;
  readonly pinnedSpki?: string | undefined;
  /** Milliseconds since 1970, UTC. */
  readonly createdAt: number;
  /** The resource of a login that was tried before the account is kept; otherwise one is made. */
  readonly resource?: string | undefined;
  /** As `resource`. */
  readonly userAgent?: string | undefined;
}

/** How a login was bound to its connection. */
export interface StoredBinding {
  readonly mechanism: string;
  readonly type: string;
  readonly tlsVersion: string | undefined;
}

interface BindingRow {
  readonly mechanism: string;
  readonly type: string;
  readonly tls_version: string | null;
}

const all = columns.accounts.join(', ');

/** What goes with an account at once; messages and their chats leave slice by slice. */
const tablesOfAccount = [
  'contacts',
  'contact_requests',
  'outbox',
  'blocked',
  'archive_gaps',
  'omemo_own',
  'omemo_signed_prekeys',
  'omemo_prekeys',
  'omemo_devices',
  'omemo_identities',
  'omemo_sessions',
  'omemo_lists',
  'login_bindings',
] as const;

const toAccount = (row: AccountRow): Account => ({
  id: row.id,
  jid: row.jid,
  enabled: row.enabled === 1,
  host: row.host ?? undefined,
  port: row.port ?? undefined,
  directTls: row.direct_tls === 1,
  pinnedSpki: row.pinned_spki ?? undefined,
  resource: row.resource,
  userAgent: row.user_agent,
  rosterVersion: row.roster_version ?? undefined,
  createdAt: row.created_at,
  rev: row.rev,
});

/**
 * A resource that is unique among the devices of an account and tells nothing about this computer
 * (RFC 7622 section 3.4 has no meaning for it; RFC 6120 section 7.6 lets the client propose).
 */
export const newResource = (): string => `chatsecure.${randomBytes(6).toString('base64url')}`;

/** Every change of a method that takes an id throws AppError `not-found` where there is no such account. */
export class AccountStore {
  readonly #database: Database;
  readonly #revisions: Revisions;
  readonly #deletions: Pick<DeletionStore, 'deleteAll'>;

  constructor(database: Database, revisions: Revisions, deletions: Pick<DeletionStore, 'deleteAll'>) {
    this.#database = database;
    this.#revisions = revisions;
    this.#deletions = deletions;
  }

  /** Keeps a new, enabled account. @throws AppError `account-exists` */
  add(account: NewAccount): Account {
    if (this.byJid(account.jid) !== undefined)
      throw new AppError('account-exists', 'the account is already here');
    const id = randomUUID() as string as AccountId;
    this.#database.insert(
      `INSERT INTO accounts (id, jid, enabled, host, port, direct_tls, pinned_spki, resource, user_agent, created_at, rev)
       VALUES ($id, $jid, 1, $host, $port, $directTls, $pinnedSpki, $resource, $userAgent, $createdAt, $rev)`,
      {
        id,
        jid: account.jid,
        host: account.host ?? null,
        port: account.port ?? null,
        directTls: account.directTls ? 1 : 0,
        pinnedSpki: account.pinnedSpki ?? null,
        resource: account.resource ?? newResource(),
        userAgent: account.userAgent ?? randomUUID(),
        createdAt: account.createdAt,
        rev: this.#revisions.next(),
      },
    );
    return this.require(id);
  }

  /**
   * Deletes the account with its contacts, requests, chats, messages and outbox. It is gone at once; its
   * messages leave the files with the slices of `DeletionStore`.
   */
  remove(id: AccountId): void {
    this.#database.transaction(() => {
      this.require(id);
      for (const table of tablesOfAccount) {
        this.#database.run(`DELETE FROM ${table} WHERE account_id = $id`, { id });
      }
      // The address may be added again before the last message is gone.
      this.#database.changeOne(
        `UPDATE accounts SET removed = 1, enabled = 0, jid = 'removed ' || id, resume_state = NULL WHERE id = $id`,
        { id },
      );
      this.#deletions.deleteAll(id);
    });
  }

  get(id: AccountId): Account | undefined {
    const sql = `SELECT ${all} FROM accounts WHERE id = $id AND removed = 0`;
    const row = this.#database.one<AccountRow>(sql, { id });
    return row === undefined ? undefined : toAccount(row);
  }

  /** @throws AppError `not-found` */
  require(id: AccountId): Account {
    const account = this.get(id);
    if (account === undefined) throw new AppError('not-found', 'no such account');
    return account;
  }

  byJid(jid: string): Account | undefined {
    const row = this.#database.one<AccountRow>(`SELECT ${all} FROM accounts WHERE jid = $jid`, { jid });
    return row === undefined ? undefined : toAccount(row);
  }

  /** In the order in which they were added. */
  list(): readonly Account[] {
    return this.#database
      .all<AccountRow>(`SELECT ${all} FROM accounts WHERE removed = 0 ORDER BY created_at, rowid`)
      .map(toAccount);
  }

  setEnabled(id: AccountId, enabled: boolean): Account {
    return this.#set(id, 'enabled = $value', enabled ? 1 : 0);
  }

  /** @param spki base64 SHA-256 of the public key; undefined trusts the authorities again */
  setPin(id: AccountId, spki: string | undefined): Account {
    return this.#set(id, 'pinned_spki = $value', spki ?? null);
  }

  setRosterVersion(id: AccountId, version: string | undefined): void {
    this.#database.changeOne('UPDATE accounts SET roster_version = $version WHERE id = $id', {
      id,
      version: version ?? null,
    });
  }

  /** @param state text in the caller's own form; undefined where the stream cannot be resumed */
  setResumeState(id: AccountId, state: string | undefined): void {
    this.#database.changeOne('UPDATE accounts SET resume_state = $state WHERE id = $id', {
      id,
      state: state ?? null,
    });
  }

  /** What `setResumeState` was given last. */
  resumeState(id: AccountId): string | undefined {
    const sql = 'SELECT resume_state FROM accounts WHERE id = $id';
    return this.#database.one<Pick<AccountRow, 'resume_state'>>(sql, { id })?.resume_state ?? undefined;
  }

  /** The last login that was bound to its connection; undefined where none was, or the user does without it. */
  loginBinding(id: AccountId): StoredBinding | undefined {
    const sql = 'SELECT mechanism, type, tls_version FROM login_bindings WHERE account_id = $id';
    const row = this.#database.one<BindingRow>(sql, { id });
    return row && { mechanism: row.mechanism, type: row.type, tlsVersion: row.tls_version ?? undefined };
  }

  /** @param at milliseconds since 1970 */
  setLoginBinding(id: AccountId, binding: StoredBinding | undefined, at: number): void {
    this.#database.transaction(() => {
      this.#database.run('DELETE FROM login_bindings WHERE account_id = $id', { id });
      if (binding === undefined) return;
      const { mechanism, type, tlsVersion = null } = binding;
      this.#database.run(
        `INSERT INTO login_bindings (account_id, mechanism, type, tls_version, at)
         VALUES ($id, $mechanism, $type, $tlsVersion, $at)`,
        { id, mechanism, type, tlsVersion, at },
      );
    });
  }

  #set(id: AccountId, assignment: string, value: string | number | null): Account {
    this.#database.changeOne(`UPDATE accounts SET ${assignment}, rev = $rev WHERE id = $id`, {
      id,
      value,
      rev: this.#revisions.next(),
    });
    return this.require(id);
  }
}

import type { AccountId } from '#shared/ids.ts';
import type { Subscription } from '#shared/views.ts';
import type { Database } from './database.ts';
import type { Revisions } from './revisions.ts';
import { columns, type ContactRequestRow, type ContactRow } from './rows.ts';

/** A roster item (RFC 6121 section 2.1.2). */
export interface Contact {
  readonly accountId: AccountId;
  /** Bare JID. */
  readonly jid: string;
  readonly name: string | undefined;
  readonly subscription: Subscription;
  /** `ask='subscribe'`: we asked and wait. */
  readonly asked: boolean;
  readonly groups: readonly string[];
  readonly rev: number;
}

export type RosterItem = Omit<Contact, 'accountId' | 'rev'>;

/** What differs after a whole roster has arrived. */
export interface RosterChanges {
  readonly upserted: readonly Contact[];
  /** Bare JIDs. */
  readonly removed: readonly string[];
}

/** Somebody asks to see our presence. */
export interface ContactRequest {
  readonly accountId: AccountId;
  readonly jid: string;
  readonly name: string;
  readonly text: string;
  readonly at: number;
}

const contactColumns = columns.contacts.join(', ');
const requestColumns = columns.contact_requests.join(', ');

const toContact = (row: ContactRow): Contact => ({
  accountId: row.account_id,
  jid: row.jid,
  name: row.name ?? undefined,
  subscription: row.subscription,
  asked: row.asked === 1,
  groups: JSON.parse(row.groups) as readonly string[],
  rev: row.rev,
});

const toRequest = (row: ContactRequestRow): ContactRequest => ({
  accountId: row.account_id,
  jid: row.jid,
  name: row.name,
  text: row.text,
  at: row.at,
});

/** The roster of each account and the requests that wait for an answer. */
export class ContactStore {
  readonly #database: Database;
  readonly #revisions: Revisions;

  constructor(database: Database, revisions: Revisions) {
    this.#database = database;
    this.#revisions = revisions;
  }

  /** The contacts of all accounts, or of one. */
  list(accountId?: AccountId): readonly Contact[] {
    const where = accountId === undefined ? '' : 'WHERE account_id = $accountId';
    const sql = `SELECT ${contactColumns} FROM contacts ${where} ORDER BY account_id, jid`;
    return this.#database.all<ContactRow>(sql, accountId === undefined ? {} : { accountId }).map(toContact);
  }

  get(accountId: AccountId, jid: string): Contact | undefined {
    const sql = `SELECT ${contactColumns} FROM contacts WHERE account_id = $accountId AND jid = $jid`;
    const row = this.#database.one<ContactRow>(sql, { accountId, jid });
    return row === undefined ? undefined : toContact(row);
  }

  /** Adds or changes one contact (a roster push). @returns its row; the old `rev` where nothing changed */
  upsert(accountId: AccountId, item: RosterItem): Contact {
    this.#write(accountId, item);
    const contact = this.get(accountId, item.jid);
    if (contact === undefined) throw new Error('the contact just written is not there');
    return contact;
  }

  /** What the stream has told of the devices of contacts, in the caller's own form, by bare JID. */
  presences(accountId: AccountId): ReadonlyMap<string, string> {
    const sql = 'SELECT jid, presence FROM contacts WHERE account_id = $accountId AND presence IS NOT NULL';
    const rows = this.#database.all<{ jid: string; presence: string }>(sql, { accountId });
    return new Map(rows.map(({ jid, presence }) => [jid, presence]));
  }

  /** Keeps it; undefined where no device is online. Nothing happens where there is no such contact. */
  setPresence(accountId: AccountId, jid: string, presence: string | undefined): void {
    const sql = 'UPDATE contacts SET presence = $presence WHERE account_id = $accountId AND jid = $jid';
    this.#database.run(sql, { accountId, jid, presence: presence ?? null });
  }

  clearPresences(accountId: AccountId): void {
    const sql = 'UPDATE contacts SET presence = NULL WHERE account_id = $accountId AND presence IS NOT NULL';
    this.#database.run(sql, { accountId });
  }

  /** @returns whether there was such a contact */
  remove(accountId: AccountId, jid: string): boolean {
    const sql = 'DELETE FROM contacts WHERE account_id = $accountId AND jid = $jid';
    return this.#database.run(sql, { accountId, jid }) > 0;
  }

  /** Makes the roster equal to `items`, in one transaction. */
  replaceRoster(accountId: AccountId, items: readonly RosterItem[]): RosterChanges {
    return this.#database.transaction(() => {
      const wanted = new Set(items.map(({ jid }) => jid));
      const removed = this.list(accountId).flatMap(({ jid }) => (wanted.has(jid) ? [] : [jid]));
      for (const jid of removed) this.remove(accountId, jid);
      const changed = new Set(items.flatMap((item) => (this.#write(accountId, item) ? [item.jid] : [])));
      const upserted = this.list(accountId).filter(({ jid }) => changed.has(jid));
      return { upserted, removed };
    });
  }

  /** Keeps a request; a newer one of the same address takes its place. */
  addRequest(request: ContactRequest): void {
    this.#database.run(
      `INSERT INTO contact_requests (account_id, jid, name, text, at) VALUES ($accountId, $jid, $name, $text, $at)
       ON CONFLICT (account_id, jid) DO UPDATE SET name = $name, text = $text, at = $at`,
      { ...request },
    );
  }

  /** @returns whether there was such a request */
  removeRequest(accountId: AccountId, jid: string): boolean {
    const sql = 'DELETE FROM contact_requests WHERE account_id = $accountId AND jid = $jid';
    return this.#database.run(sql, { accountId, jid }) > 0;
  }

  /** Oldest first, of all accounts or of one. */
  listRequests(accountId?: AccountId): readonly ContactRequest[] {
    const where = accountId === undefined ? '' : 'WHERE account_id = $accountId';
    const sql = `SELECT ${requestColumns} FROM contact_requests ${where} ORDER BY at, jid`;
    return this.#database
      .all<ContactRequestRow>(sql, accountId === undefined ? {} : { accountId })
      .map(toRequest);
  }

  /** @returns whether anything differs from what was there */
  #write(accountId: AccountId, item: RosterItem): boolean {
    const changes = this.#database.run(
      `INSERT INTO contacts (account_id, jid, name, subscription, asked, groups, rev)
       VALUES ($accountId, $jid, $name, $subscription, $asked, $groups, $rev)
       ON CONFLICT (account_id, jid) DO UPDATE
       SET name = excluded.name, subscription = excluded.subscription, asked = excluded.asked,
           groups = excluded.groups, rev = excluded.rev
       WHERE (name, subscription, asked, groups)
          IS NOT (excluded.name, excluded.subscription, excluded.asked, excluded.groups)`,
      {
        accountId,
        jid: item.jid,
        name: item.name ?? null,
        subscription: item.subscription,
        asked: item.asked ? 1 : 0,
        groups: JSON.stringify(item.groups),
        rev: this.#revisions.next(),
      },
    );
    return changes > 0;
  }
}

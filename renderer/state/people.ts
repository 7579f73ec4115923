import { createStore, type StoreApi } from 'zustand/vanilla';
import type { AccountId } from '#shared/ids.ts';
import type { AccountView, ContactRequestView, ContactView } from '#shared/views.ts';

/** Accounts, their contacts, and who asks to become one. */
export interface PeopleState {
  /** In the order in which they were added. */
  readonly accounts: ReadonlyMap<AccountId, AccountView>;
  /** By `contactKey`. */
  readonly contacts: ReadonlyMap<string, ContactView>;
  readonly requests: readonly ContactRequestView[];
  /** Block lists, of the accounts where somebody has asked for it or it has changed. */
  readonly blocked: ReadonlyMap<AccountId, readonly string[]>;
}

export type PeopleStore = StoreApi<PeopleState>;

export const createPeopleStore = (): PeopleStore =>
  createStore(() => ({ accounts: new Map(), contacts: new Map(), requests: [], blocked: new Map() }));

/** An address means somebody else on each account: roster, name and presence are the account's own. */
export const contactKey = (accountId: AccountId, jid: string): string => `${accountId} ${jid}`;

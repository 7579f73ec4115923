/** What the encryption keeps: the one part of the store that main/crypto knows. */
import type { Database } from './database.ts';
import { OmemoDeviceStore } from './omemo-devices.ts';
import { OmemoKeyStore } from './omemo-keys.ts';
import { OmemoLedger } from './omemo-ledger.ts';
import { OmemoSessionStore } from './omemo-sessions.ts';

export type { ListChange, OmemoDeviceRow } from './omemo-devices.ts';
export type { OwnOmemoDevice } from './omemo-keys.ts';
export type { RecipientEntry } from './omemo-ledger.ts';
export type { SessionPlace } from './omemo-sessions.ts';

/** Each method is a transaction of its own; `transaction` of the store joins several. */
export interface OmemoStore {
  readonly keys: OmemoKeyStore;
  readonly devices: OmemoDeviceStore;
  readonly sessions: OmemoSessionStore;
  readonly ledger: OmemoLedger;
}

export const openOmemoStore = (database: Database): OmemoStore => ({
  keys: new OmemoKeyStore(database),
  devices: new OmemoDeviceStore(database),
  sessions: new OmemoSessionStore(database),
  ledger: new OmemoLedger(database),
});

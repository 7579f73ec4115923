import { createStore, type StoreApi } from 'zustand/vanilla';

/** How often main has announced a change about an address, by `contactKey`: whoever shows it asks again. */
export type EncryptionState = ReadonlyMap<string, number>;
export type EncryptionStore = StoreApi<EncryptionState>;

export const createEncryptionStore = (): EncryptionStore => createStore(() => new Map());

export const noteChange = (store: EncryptionStore, key: string): void =>
  store.setState((state) => new Map(state).set(key, (state.get(key) ?? 0) + 1), true);

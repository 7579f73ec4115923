/** Our own device as the engine wants it. */
import type { OmemoStore } from '#main/store/keys.ts';
import type { IdentityKey, OwnDevice, OwnPreKeys } from './engine.ts';
import type { AccountId } from '#shared/ids.ts';

type StoredOwn = NonNullable<ReturnType<OmemoStore['keys']['own']>>;

export const ownDevice = ({ deviceId, identity }: StoredOwn): OwnDevice => ({
  deviceId,
  identity: { privateKey: identity.privateKey, publicKey: identity.publicKey as IdentityKey },
});

export const ownPreKeys = ({ keys }: Pick<OmemoStore, 'keys'>, accountId: AccountId): OwnPreKeys => ({
  preKey: (id) => keys.preKey(accountId, id),
  signedPreKey: (id) => keys.signedPreKey(accountId, id),
});

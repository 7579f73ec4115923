/** Our own device as the engine wants it. */
import type { OmemoStore, OwnOmemoDevice } from '#main/store/keys.ts';
import type { IdentityKey, OwnDevice, OwnPreKeys } from './engine.ts';
import type { AccountId } from '#shared/ids.ts';

export const ownDevice = ({ deviceId, identity }: OwnOmemoDevice): OwnDevice => ({
  deviceId,
  identity: { privateKey: identity.privateKey, publicKey: identity.publicKey as IdentityKey },
});

export const ownPreKeys = ({ keys }: Pick<OmemoStore, 'keys'>, accountId: AccountId): OwnPreKeys => ({
  preKey: (id) => keys.preKey(accountId, id),
  signedPreKey: (id) => keys.signedPreKey(accountId, id),
});

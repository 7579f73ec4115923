/** Keys in links and codes: what is shown of the user's own, and what those of others say about known devices. */
import type { DeviceView, FoundKey, KeyLinkView, OwnKeysView } from '#shared/encryption.ts';
import type { AccountId } from '#shared/ids.ts';
import { formatKeyLink, type KeyClaim, type KeyLink } from '#shared/key-link.ts';
import type { OmemoDeviceRow } from '#main/store/keys.ts';
import type { DeviceDesk, DeviceDeskDependencies } from './device-desk.ts';
import { trustAfter } from './trust.ts';

type Dependencies = Omit<DeviceDeskDependencies, 'policy'> & { readonly desk: Pick<DeviceDesk, 'devices'> };

/** More devices make a code that cameras cannot read, and a link that others refuse. */
const MAX_SHARED = 16;

/** A link is worth as much as the way on which it came: only the user knows that, so that only they can `verify`. */
export class DeviceLinks {
  readonly #deps: Dependencies;

  constructor(deps: Dependencies) {
    this.#deps = deps;
  }

  /** This computer and the devices that the user has compared. @param own bare address of the account */
  own(accountId: AccountId, own: string): OwnKeysView {
    const devices = this.#deps.desk
      .devices(accountId, own, own)
      .filter(({ isThis, standing }) => isThis || standing === 'verified')
      .slice(0, MAX_SHARED);
    const keys = devices.flatMap(({ deviceId, fingerprint }) =>
      fingerprint === undefined ? [] : [{ deviceId, fingerprint }],
    );
    return { jid: own, link: formatKeyLink({ jid: own, keys }), devices };
  }

  /** Changes nothing. */
  examine(accountId: AccountId, own: string, { jid, keys }: KeyLink): KeyLinkView {
    const devices = this.#deps.desk.devices(accountId, jid, own);
    const found = keys.map((claim) => this.#find(accountId, jid, claim, devices));
    const named = new Set(found.map(({ device }) => device?.deviceId));
    return {
      jid,
      isOwn: jid === own,
      keys: found,
      unnamed: devices.filter(({ deviceId, standing }) => standing !== 'removed' && !named.has(deviceId)),
    };
  }

  /** Verifies what matches. Where a key contradicts a known one, nothing of the link is to be believed. */
  verify(
    accountId: AccountId,
    own: string,
    link: KeyLink,
  ): { readonly verified: number; readonly found: KeyLinkView } {
    const verified = this.#deps.transaction(() => {
      const { keys } = this.examine(accountId, own, link);
      if (keys.some(({ finding }) => finding === 'differs')) return 0;
      const matching = keys.flatMap(({ finding, device }) =>
        finding === 'matches' && device !== undefined ? [device] : [],
      );
      for (const { deviceId } of matching) this.#verify(accountId, link.jid, deviceId);
      return matching.length;
    });
    if (verified > 0) this.#deps.changed(accountId, link.jid);
    return { verified, found: this.examine(accountId, own, link) };
  }

  #find(accountId: AccountId, jid: string, claim: KeyClaim, devices: readonly DeviceView[]): FoundKey {
    const same = devices.find(({ deviceId }) => deviceId === claim.deviceId);
    if (same?.fingerprint !== undefined && same.fingerprint !== claim.fingerprint)
      return { ...claim, finding: 'differs', device: same };
    // The key is what counts: numbers of devices are the server's word.
    const device = same?.fingerprint === undefined ? holderOf(claim, devices) : same;
    if (device === undefined) return { ...claim, finding: 'unknown' };
    // Of the row: a removed device stands as that, verified or not.
    const row = this.#deps.store.devices.get(accountId, jid, device.deviceId);
    const isVerified = device.isThis || (row?.trust === 'verified' && row.offeredKey === undefined);
    return { ...claim, finding: isVerified ? 'verified' : 'matches', device };
  }

  #verify(accountId: AccountId, jid: string, deviceId: OmemoDeviceRow['deviceId']): void {
    const { store, clock } = this.#deps;
    const row = store.devices.get(accountId, jid, deviceId);
    if (row?.identityKey === undefined) return;
    const { identityKey, trust = 'undecided' } = row;
    store.devices.setTrust(accountId, jid, identityKey, trustAfter('verify', trust), clock.now());
    // Its owner says that the known key is the right one.
    if (row.offeredKey !== undefined) store.devices.dismissOffered(accountId, jid, deviceId);
  }
}

const holderOf = ({ fingerprint }: KeyClaim, devices: readonly DeviceView[]): DeviceView | undefined =>
  devices.find((device) => device.fingerprint === fingerprint);

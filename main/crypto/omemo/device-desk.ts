/** What the user sees of devices, and decides about them. */
import { AppError } from '#shared/errors.ts';
import type {
  ChatProtectionView,
  DeviceView,
  ProtectionOutlook,
  RecipientView,
  UnreadableView,
} from '#shared/encryption.ts';
import type { AccountId, MessageId } from '#shared/ids.ts';
import type { ProtectionChoice, Trust, TrustPolicy, UnreadableReason } from '#shared/omemo.ts';
import type { OmemoDeviceRow, OmemoStore, SessionPlace } from '#main/store/keys.ts';
import type { Clock } from '#main/util/clock.ts';
import type { Conversation } from '../scheme.ts';
import { deviceNotices, deviceView, standingFor, thisDeviceView } from './device-views.ts';
import { fingerprintOf } from './fingerprint.ts';
import { firstTrust, isTrusted, trustAfter, type TrustAct } from './trust.ts';

export interface DeviceDeskDependencies {
  readonly store: OmemoStore;
  readonly transaction: <T>(act: () => T) => T;
  readonly clock: Clock;
  readonly policy: () => TrustPolicy;
  /** What is known of the devices of an address has changed. */
  readonly changed: (accountId: AccountId, jid: string) => void;
}

/** What a new session helps against. */
const REPAIRABLE: readonly UnreadableReason[] = ['no-key', 'key-reused', 'not-for-this-device'];

/** A device with the key that the user has seen of it. */
export interface SeenDevice extends SessionPlace {
  readonly fingerprint: string;
}

/** Decides nothing by itself: what it is asked to do, the user has chosen. Fails with `not-found` throughout. */
export class DeviceDesk {
  readonly #deps: DeviceDeskDependencies;

  constructor(deps: DeviceDeskDependencies) {
    this.#deps = deps;
  }

  /** This computer first where it is one of them, then the longest known. @param own bare address of the account */
  devices(accountId: AccountId, jid: string, own: string): readonly DeviceView[] {
    const { store, clock } = this.#deps;
    const now = clock.now();
    const rows = store.devices.list(accountId, jid);
    const mine = jid === own ? store.keys.own(accountId) : undefined;
    const others = rows.filter(({ deviceId }) => deviceId !== mine?.deviceId);
    const views = others.map((row) => deviceView(row, now));
    if (mine === undefined) return views;
    const row = rows.find(({ deviceId }) => deviceId === mine.deviceId);
    return [thisDeviceView(mine, row, now), ...views];
  }

  name({ accountId, jid, deviceId }: SessionPlace, label: string): void {
    this.#deps.store.devices.setLabel(accountId, jid, deviceId, label.trim());
    this.#deps.changed(accountId, jid);
  }

  /** Trust in the key that was seen: for another one that came meanwhile, nobody has decided. */
  decide(device: SeenDevice, act: TrustAct): void {
    const { store, clock, transaction, changed } = this.#deps;
    const { accountId, jid } = device;
    transaction(() => {
      const { identityKey, trust = 'undecided' } = this.#require(device);
      if (identityKey === undefined || fingerprintOf(identityKey) !== device.fingerprint) throw notSeen();
      store.devices.setTrust(accountId, jid, identityKey, trustAfter(act, trust), clock.now());
    });
    changed(accountId, jid);
  }

  /** Takes the key that was offered for a device, or stays with the known one. */
  decideKey(device: SeenDevice, accept: boolean): void {
    const { store, clock, transaction, changed } = this.#deps;
    const { accountId, jid, deviceId } = device;
    transaction(() => {
      const { offeredKey } = this.#require(device);
      if (offeredKey === undefined || fingerprintOf(offeredKey) !== device.fingerprint) throw notSeen();
      if (!accept) return store.devices.dismissOffered(accountId, jid, deviceId);
      store.devices.acceptOffered(accountId, jid, deviceId, 'trusted', clock.now());
      // It was made with the old key.
      store.sessions.forget(device);
    });
    changed(accountId, jid);
  }

  /** What the next message of a conversation will be, from what is stored. */
  outlook(
    { accountId, peer }: Conversation,
    { choice, isOwnChoice }: { readonly choice: ProtectionChoice; readonly isOwnChoice: boolean },
  ): ChatProtectionView {
    const devices = this.#deps.store.devices.list(accountId, peer);
    const next = this.#next(accountId, peer, choice, devices.length > 0);
    const listed = devices.filter((device) => device.listed);
    return {
      choice,
      isOwnChoice,
      next,
      outlook: next === 'omemo' ? this.#reach(accountId, peer, listed) : openOutlook(next, choice),
      waiting: listed.filter((device) => ['undecided', 'key-changed'].includes(standingFor(device))).length,
      notices: devices.flatMap(deviceNotices).toSorted((a, b) => a.at - b.at),
    };
  }

  /** Who could read a message of ours; empty where it was not encrypted. */
  recipients(messageId: MessageId, accountId: AccountId, own: string): readonly RecipientView[] {
    const { store } = this.#deps;
    return store.ledger.recipients(messageId).map(({ jid, deviceId, identityKey, outcome }) => ({
      deviceId,
      isOwn: jid === own,
      label: store.devices.get(accountId, jid, deviceId)?.label ?? '',
      ...(identityKey === undefined ? {} : { fingerprint: fingerprintOf(identityKey) }),
      outcome,
    }));
  }

  /** @param sender bare address of who wrote it */
  unreadable(messageId: MessageId, accountId: AccountId, sender: string): UnreadableView {
    const { store } = this.#deps;
    const known = store.ledger.unreadable(messageId);
    if (known?.deviceId === undefined) return { reason: known?.reason ?? 'unknown', canRepair: false };
    const { reason, deviceId } = known;
    const device = store.devices.get(accountId, sender, deviceId);
    return {
      reason,
      deviceId,
      ...(device?.identityKey === undefined ? {} : { fingerprint: fingerprintOf(device.identityKey) }),
      canRepair: device !== undefined && REPAIRABLE.includes(reason),
    };
  }

  #require({ accountId, jid, deviceId }: SessionPlace): OmemoDeviceRow {
    const device = this.#deps.store.devices.get(accountId, jid, deviceId);
    if (device === undefined) throw new AppError('not-found', 'there is no such device');
    return device;
  }

  #next(
    accountId: AccountId,
    peer: string,
    choice: ProtectionChoice,
    hasDevices: boolean,
  ): ChatProtectionView['next'] {
    if (choice !== 'automatic') return choice;
    if (hasDevices) return 'omemo';
    return this.#deps.store.devices.toldAt(accountId, peer) === undefined ? 'unsettled' : 'none';
  }

  #reach(accountId: AccountId, jid: string, listed: readonly OmemoDeviceRow[]): ProtectionOutlook {
    if (listed.length === 0) return 'no-device';
    const { store, policy } = this.#deps;
    const hasVerified = store.devices.hasVerified(accountId, jid);
    const trusts = listed
      .filter(({ offeredKey }) => offeredKey === undefined)
      // A key that nobody has fetched yet is trusted as it will be then.
      .map((device) => device.trust ?? firstTrust(policy(), device, hasVerified));
    const reached = trusts.filter((trust: Trust) => isTrusted(trust));
    if (reached.length === 0) return 'no-trusted-device';
    return reached.every((trust) => trust === 'verified') ? 'verified' : 'encrypted';
  }
}

/** Of a message that is not known to be encrypted. */
const openOutlook = (next: ChatProtectionView['next'], choice: ProtectionChoice): ProtectionOutlook => {
  if (next === 'unsettled') return 'unasked';
  return choice === 'none' ? 'plain' : 'plain-no-omemo';
};

const notSeen = (): AppError => new AppError('not-found', 'the device has another key now');

/** Decisions about trust: pure, so that each can be read and tested by itself. Nothing here knows a network. */
import type { RecipientOutcome, Trust, TrustPolicy } from '#shared/omemo.ts';
import type { OmemoDeviceRow } from '#main/store/keys.ts';

/** What a device is to the user, besides the trust in its key. */
export type DeviceStanding =
  | 'trusted'
  | 'undecided'
  | 'untrusted'
  /** Somebody has offered another key for it: an installation anew, or an attack. */
  | 'identity-changed'
  /** Its owner's list does not name it. */
  | 'removed';

/** A device that was not heard for so long is shown as inactive; nothing about it is forgotten. */
const INACTIVE_AFTER_MS = 42 * 86_400_000;

/** Trust in a key that was never seen with this address before. */
export const firstTrust = (
  policy: TrustPolicy,
  device: Pick<OmemoDeviceRow, 'firstList'>,
  hasVerified: boolean,
): Trust => {
  // Blind trust ends for an address with the first verification: from then on, a new key wants one too.
  if (policy === 'blind') return hasVerified ? 'undecided' : 'blind';
  // Whoever has verified somebody does not want first use for the rest of the list either.
  return device.firstList && !hasVerified ? 'first-use' : 'undecided';
};

/** Whether we send to a key. */
export const isTrusted = (trust: Trust | undefined): boolean => {
  switch (trust) {
    case 'first-use':
    case 'blind':
    case 'trusted':
    case 'verified':
      return true;
    case 'undecided':
    case 'untrusted':
    case undefined:
      return false;
  }
};

export const standingOf = (
  device: Pick<OmemoDeviceRow, 'listed' | 'offeredKey' | 'trust'>,
): DeviceStanding => {
  if (!device.listed) return 'removed';
  // Before the trust: that was given to the other key.
  if (device.offeredKey !== undefined) return 'identity-changed';
  if (isTrusted(device.trust)) return 'trusted';
  return device.trust === 'untrusted' ? 'untrusted' : 'undecided';
};

/** For display: whether a device has been silent for long, or has never been heard since it appeared long ago. */
export const isInactive = (
  { lastHeard, firstSeen }: Pick<OmemoDeviceRow, 'lastHeard' | 'firstSeen'>,
  now: number,
): boolean => now - (lastHeard ?? firstSeen) > INACTIVE_AFTER_MS;

/** What the user does with a switch or by comparing. */
export type TrustAct = 'trust' | 'distrust' | 'verify';

export const trustAfter = (act: TrustAct, before: Trust): Trust => {
  switch (act) {
    case 'verify':
      return 'verified';
    case 'distrust':
      return 'untrusted';
    case 'trust':
      // The switch takes nothing away from a key that was compared.
      return before === 'verified' ? 'verified' : 'trusted';
  }
};

/** A device of a message's recipients, ours or theirs. */
export interface Addressee {
  readonly jid: string;
  readonly device: OmemoDeviceRow;
}

export interface Recipients {
  /** To be encrypted for. */
  readonly receive: readonly Addressee[];
  /** Listed, but left out, and why; the ledger says so. */
  readonly leftOut: readonly (Addressee & { readonly outcome: RecipientOutcome })[];
}

const outcomeOf = (standing: Exclude<DeviceStanding, 'trusted' | 'removed'>): RecipientOutcome => standing;

/** Who of all known devices gets a message. Removed ones are not part of it. */
export const chooseRecipients = (addressees: readonly Addressee[]): Recipients => {
  const receive: Addressee[] = [];
  const leftOut: (Addressee & { outcome: RecipientOutcome })[] = [];
  for (const addressee of addressees) {
    const standing = standingOf(addressee.device);
    if (standing === 'trusted') receive.push(addressee);
    else if (standing !== 'removed') leftOut.push({ ...addressee, outcome: outcomeOf(standing) });
  }
  return { receive, leftOut };
};

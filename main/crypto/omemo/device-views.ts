/** Devices, as windows show them: words instead of rows, and of keys the fingerprints only. */
import type { DeviceNotice, DeviceStanding, DeviceView } from '#shared/encryption.ts';
import type { DeviceId } from '#shared/ids.ts';
import type { OmemoDeviceRow } from '#main/store/keys.ts';
import { fingerprintOf } from './fingerprint.ts';
import { isInactive } from './trust.ts';

/** The standing of a device in words for the user; the trust in its key where nothing else comes before. */
export const standingFor = (
  device: Pick<OmemoDeviceRow, 'listed' | 'offeredKey' | 'identityKey' | 'trust'>,
): DeviceStanding => {
  if (!device.listed) return 'removed';
  if (device.offeredKey !== undefined) return 'key-changed';
  return device.identityKey === undefined ? 'unknown' : (device.trust ?? 'undecided');
};

export const deviceView = (device: OmemoDeviceRow, now: number): DeviceView => ({
  deviceId: device.deviceId,
  standing: standingFor(device),
  ...(device.identityKey === undefined ? {} : { fingerprint: fingerprintOf(device.identityKey) }),
  ...(device.offeredKey === undefined ? {} : { offeredFingerprint: fingerprintOf(device.offeredKey) }),
  label: device.label,
  isThis: false,
  isLater: !device.firstList,
  isInactive: isInactive(device, now),
  firstSeen: device.firstSeen,
  ...(device.lastHeard === undefined ? {} : { lastHeard: device.lastHeard }),
});

/** Nobody has to trust the computer they sit at. */
export const thisDeviceView = (
  own: { readonly deviceId: DeviceId; readonly identity: { readonly publicKey: Uint8Array } },
  row: OmemoDeviceRow | undefined,
  now: number,
): DeviceView => ({
  deviceId: own.deviceId,
  standing: 'verified',
  fingerprint: fingerprintOf(own.identity.publicKey),
  label: row?.label ?? '',
  isThis: true,
  isLater: row !== undefined && !row.firstList,
  isInactive: false,
  firstSeen: row?.firstSeen ?? now,
});

/** What the timeline tells of a device: that it came later than the others, and that its key is another. */
export const deviceNotices = (device: OmemoDeviceRow): readonly DeviceNotice[] => {
  const { deviceId, firstList, firstSeen, offeredAt } = device;
  const standing = standingFor(device);
  return [
    ...(firstList ? [] : [{ deviceId, standing, kind: 'added', at: firstSeen } as const]),
    ...(offeredAt === undefined ? [] : [{ deviceId, standing, kind: 'key-changed', at: offeredAt } as const]),
  ];
};

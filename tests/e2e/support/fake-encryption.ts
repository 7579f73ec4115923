/** What the scripted application knows of encryption: what it was given, and what the window decides about it. */
import type {
  ChatProtectionView,
  DeviceView,
  FoundKey,
  HealthView,
  KeyLinkView,
  RecipientsView,
  UnreadableView,
} from '#shared/encryption.ts';
import { AppError } from '#shared/errors.ts';
import type { AccountId, ChatId, DeviceId, MessageId } from '#shared/ids.ts';
import { formatKeyLink, type KeyLink } from '#shared/key-link.ts';
import type { FakeBackend, Scripted } from './fake-backend.ts';

/** What is there at the start. */
export interface FakeEncryptionData {
  /** By `deviceKey`. */
  readonly devices?: ReadonlyMap<string, readonly DeviceView[]>;
  readonly protections?: ReadonlyMap<ChatId, Partial<ChatProtectionView>>;
  readonly recipients?: ReadonlyMap<MessageId, Pick<RecipientsView, 'recipients'>>;
  readonly unreadable?: ReadonlyMap<MessageId, UnreadableView>;
  readonly health?: HealthView;
}

export const deviceKey = (accountId: AccountId, jid: string): string => `${accountId} ${jid}`;

const plain: ChatProtectionView = {
  choice: 'automatic',
  isOwnChoice: false,
  next: 'none',
  outlook: 'plain-no-omemo',
  waiting: 0,
  notices: [],
};

/** A fingerprint of one repeated digit group, so that tests can name it. */
export const fingerprintOf = (group: string): string => Array.from({ length: 8 }, () => group).join(' ');

export const newDevice = (id: number, change: Partial<DeviceView> = {}): DeviceView => ({
  deviceId: id as DeviceId,
  standing: 'first-use',
  fingerprint: fingerprintOf(id.toString(16).padStart(8, '0')),
  label: '',
  isThis: false,
  isLater: false,
  isInactive: false,
  firstSeen: 1_800_000_000_000,
  ...change,
});

/** As the real application finds them, for devices whose numbers are known. */
const examine = ({ jid, keys }: KeyLink, rows: readonly DeviceView[]): KeyLinkView => ({
  jid,
  isOwn: rows.some(({ isThis }) => isThis),
  keys: keys.map((claim): FoundKey => {
    const device = rows.find(({ deviceId }) => deviceId === claim.deviceId);
    if (device === undefined) return { ...claim, finding: 'unknown' };
    if (device.fingerprint !== claim.fingerprint) return { ...claim, device, finding: 'differs' };
    return { ...claim, device, finding: device.standing === 'verified' ? 'verified' : 'matches' };
  }),
  unnamed: rows.filter(
    ({ deviceId, standing }) => standing !== 'removed' && keys.every((claim) => claim.deviceId !== deviceId),
  ),
});

/** Keys in links, over the devices as they are then. */
const linkHandlers = (
  backend: Pick<FakeBackend, 'accounts'>,
  rowsOf: (accountId: AccountId, jid: string) => readonly DeviceView[],
  verify: (accountId: AccountId, jid: string, deviceId: DeviceId) => void,
): NonNullable<Scripted['encryption']> => ({
  ownKeys: ({ accountId }) => {
    const jid = backend.accounts.get(accountId)?.jid ?? '';
    const devices = rowsOf(accountId, jid).filter(
      ({ isThis, standing }) => isThis || standing === 'verified',
    );
    const keys = devices.flatMap(({ deviceId, fingerprint }) =>
      fingerprint === undefined ? [] : [{ deviceId, fingerprint }],
    );
    return { jid, link: formatKeyLink({ jid, keys }), devices };
  },
  examineKeys: ({ accountId, link }) => examine(link, rowsOf(accountId, link.jid)),
  verifyKeys: ({ accountId, link }) => {
    const { keys } = examine(link, rowsOf(accountId, link.jid));
    const matching = keys.filter(({ finding }) => finding === 'matches');
    for (const { deviceId } of matching) verify(accountId, link.jid, deviceId);
    return { verified: matching.length, found: examine(link, rowsOf(accountId, link.jid)) };
  },
});

export const encryptionHandlers = (
  backend: Pick<FakeBackend, 'accounts' | 'emit' | 'chats' | 'histories'>,
  data: FakeEncryptionData,
): NonNullable<Scripted['encryption']> => {
  const devices = new Map(data.devices);
  const protections = new Map(data.protections);
  const changed = (accountId: AccountId, jid: string): void =>
    backend.emit('encryption.changed', { accountId, jid });
  const change = (
    place: { readonly accountId: AccountId; readonly jid: string; readonly deviceId: DeviceId },
    values: Partial<DeviceView>,
  ): void => {
    const key = deviceKey(place.accountId, place.jid);
    const rows = devices.get(key) ?? [];
    if (!rows.some(({ deviceId }) => deviceId === place.deviceId))
      throw new AppError('not-found', 'no such device');
    devices.set(
      key,
      rows.map((row) => (row.deviceId === place.deviceId ? { ...row, ...values } : row)),
    );
    changed(place.accountId, place.jid);
  };
  const protection = (chatId: ChatId): ChatProtectionView => ({ ...plain, ...protections.get(chatId) });
  return {
    ...linkHandlers(
      backend,
      (accountId, jid) => devices.get(deviceKey(accountId, jid)) ?? [],
      (accountId, jid, deviceId) => change({ accountId, jid, deviceId }, { standing: 'verified' }),
    ),
    devices: ({ accountId, jid }) => ({ devices: devices.get(deviceKey(accountId, jid)) ?? [] }),
    nameDevice: ({ label, ...device }) => change(device, { label }),
    setTrust: ({ trusted, ...device }) => change(device, { standing: trusted ? 'trusted' : 'untrusted' }),
    compare: ({ matches, ...device }) => change(device, { standing: matches ? 'verified' : 'untrusted' }),
    decideKey: ({ accept, fingerprint, ...device }) =>
      change(device, accept ? { standing: 'trusted', fingerprint } : { standing: 'first-use' }),
    removeDevice: ({ accountId, deviceId }) => {
      for (const [key, rows] of devices)
        if (key.startsWith(accountId) && rows.some((row) => row.isThis))
          change({ accountId, jid: key.slice(accountId.length + 1), deviceId }, { standing: 'removed' });
    },
    protection: ({ chatId }) => protection(chatId),
    setProtection: ({ chatId, choice }) => {
      const next = choice === 'none' ? ('none' as const) : ('omemo' as const);
      const outlook = choice === 'none' ? ('plain' as const) : ('encrypted' as const);
      protections.set(chatId, { ...protection(chatId), choice, isOwnChoice: true, next, outlook });
      const chat = backend.chats.get(chatId);
      if (chat !== undefined) changed(chat.accountId, chat.jid);
      return protection(chatId);
    },
    recipients: ({ messageId }) => {
      const found = [...backend.histories.values()].find((history) => history.indexOf(messageId) >= 0);
      const message = found?.at(found.indexOf(messageId));
      if (message === undefined) throw new AppError('not-found', 'no such message');
      const { protection: protectedBy, state } = message;
      const recipients = data.recipients?.get(messageId)?.recipients ?? [];
      return { messageId, protection: protectedBy, state, recipients };
    },
    unreadable: ({ messageId }) => data.unreadable?.get(messageId) ?? { reason: 'unknown', canRepair: false },
    repairMessage: () => undefined,
    health: () => data.health ?? { checkedAt: Date.now(), lines: [] },
    repair: () => {
      const health = data.health ?? { checkedAt: Date.now(), lines: [] };
      return { ...health, lines: health.lines.map(({ fact }) => ({ fact, isFine: true })) };
    },
  };
};

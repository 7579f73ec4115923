import type { Handlers } from '#shared/api/contract.ts';
import type {
  ChatProtectionView,
  DeviceView,
  HealthRepair,
  HealthView,
  KeyLinkView,
  OwnKeysView,
  RecipientView,
  UnreadableView,
} from '#shared/encryption.ts';
import { AppError } from '#shared/errors.ts';
import type { AccountId, ChatId, DeviceId, MessageId } from '#shared/ids.ts';
import type { KeyLink } from '#shared/key-link.ts';
import type { ProtectionChoice } from '#shared/omemo.ts';
import type { Settings } from '#main/settings.ts';
import type { Store } from '#main/store/store.ts';

interface Device {
  readonly accountId: AccountId;
  readonly jid: string;
  readonly deviceId: DeviceId;
}

interface SeenDevice extends Device {
  readonly fingerprint: string;
}

/** What the handlers ask of encryption; nothing here names a scheme's keys. */
export interface Encryption {
  readonly desk: {
    devices(accountId: AccountId, jid: string, own: string): readonly DeviceView[];
    name(device: Device, label: string): void;
    decide(device: SeenDevice, act: 'trust' | 'distrust' | 'verify'): void;
    decideKey(device: SeenDevice, accept: boolean): void;
    outlook(
      conversation: { readonly accountId: AccountId; readonly own: string; readonly peer: string },
      chosen: { readonly choice: ProtectionChoice; readonly isOwnChoice: boolean },
    ): ChatProtectionView;
    recipients(messageId: MessageId, accountId: AccountId, own: string): readonly RecipientView[];
    unreadable(messageId: MessageId, accountId: AccountId, sender: string): UnreadableView;
  };
  readonly links: {
    own(accountId: AccountId, own: string): OwnKeysView;
    examine(accountId: AccountId, own: string, link: KeyLink): KeyLinkView;
    verify(
      accountId: AccountId,
      own: string,
      link: KeyLink,
    ): { readonly verified: number; readonly found: KeyLinkView };
  };
  readonly network: {
    refresh(accountId: AccountId, jid: string): Promise<void>;
    acquaint(accountId: AccountId, jid: string): Promise<void>;
    learn(accountId: AccountId, jid: string): Promise<void>;
    removeDevice(accountId: AccountId, deviceId: DeviceId): Promise<void>;
    repairSession(device: Device): Promise<void>;
    health(accountId: AccountId): Promise<HealthView>;
    repair(accountId: AccountId, what: 'everything' | HealthRepair): Promise<HealthView>;
  };
}

export interface EncryptionServices {
  readonly store: Store;
  readonly settings: Pick<Settings, 'view'>;
  readonly encryption: Encryption;
  readonly encryptionChanged: (accountId: AccountId, jid: string) => void;
}

type DeviceMethod = 'devices' | 'nameDevice' | 'setTrust' | 'compare' | 'decideKey' | 'removeDevice';

const deviceHandlers = ({
  store,
  encryption: { desk, network },
}: EncryptionServices): Pick<Handlers['encryption'], DeviceMethod> => ({
  devices: ({ accountId, jid, fetch }) => {
    // What is new in it is announced.
    if (fetch) void network.refresh(accountId, jid);
    return { devices: desk.devices(accountId, jid, store.accounts.require(accountId).jid) };
  },
  nameDevice: ({ label, ...device }) => desk.name(device, label),
  setTrust: ({ trusted, ...device }) => desk.decide(device, trusted ? 'trust' : 'distrust'),
  compare: ({ matches, ...device }) => desk.decide(device, matches ? 'verify' : 'distrust'),
  decideKey: ({ accept, ...device }) => desk.decideKey(device, accept),
  removeDevice: ({ accountId, deviceId }) => network.removeDevice(accountId, deviceId),
});

type LinkMethod = 'ownKeys' | 'examineKeys' | 'verifyKeys';

const linkHandlers = ({
  store,
  encryption: { links, network },
}: EncryptionServices): Pick<Handlers['encryption'], LinkMethod> => {
  const ownJid = (accountId: AccountId): string => store.accounts.require(accountId).jid;
  return {
    ownKeys: ({ accountId }) => links.own(accountId, ownJid(accountId)),
    examineKeys: async ({ accountId, link, fetch }) => {
      const own = ownJid(accountId);
      if (fetch) await network.refresh(accountId, link.jid);
      return links.examine(accountId, own, link);
    },
    verifyKeys: ({ accountId, link }) => links.verify(accountId, ownJid(accountId), link),
  };
};

export const encryptionHandlers = (services: EncryptionServices): Handlers['encryption'] => {
  const { store, encryption } = services;
  const { desk, network } = encryption;
  const ownJid = (accountId: AccountId): string => store.accounts.require(accountId).jid;
  const outlook = (chatId: ChatId): ChatProtectionView => {
    const { accountId, jid } = store.chats.properties(chatId);
    return desk.outlook({ accountId, own: ownJid(accountId), peer: jid }, choiceOf(services, chatId));
  };
  const messageOf = (messageId: MessageId, direction?: 'out') => {
    const message = store.messages.require(messageId);
    if (direction !== undefined && message.direction !== direction)
      throw new AppError('not-found', 'this is no message of the user');
    return { message, accountId: store.chats.accountOf(message.chatId) };
  };

  return {
    ...deviceHandlers(services),
    ...linkHandlers(services),
    protection: async ({ chatId }) => {
      const { accountId, jid, standing } = store.chats.properties(chatId);
      // Nobody whom the user has not let in learns by it that somebody looks.
      if (standing === 'open') {
        await network.acquaint(accountId, jid);
        void network.learn(accountId, jid);
      }
      return outlook(chatId);
    },
    setProtection: ({ chatId, choice }) => {
      const { accountId, jid } = store.chats.properties(chatId);
      store.protection.setChoice(chatId, choice);
      services.encryptionChanged(accountId, jid);
      return outlook(chatId);
    },
    recipients: ({ messageId }) => {
      const { message, accountId } = messageOf(messageId, 'out');
      const { protection, state } = message;
      return {
        messageId,
        protection,
        state,
        recipients: desk.recipients(messageId, accountId, ownJid(accountId)),
      };
    },
    unreadable: ({ messageId }) => {
      const { message, accountId } = messageOf(messageId);
      return desk.unreadable(messageId, accountId, message.senderJid);
    },
    repairMessage: async ({ messageId }) => {
      const { message, accountId } = messageOf(messageId);
      const { deviceId, canRepair } = desk.unreadable(messageId, accountId, message.senderJid);
      if (deviceId === undefined || !canRepair) throw new AppError('not-found', 'there is nothing to repair');
      await network.repairSession({ accountId, jid: message.senderJid, deviceId });
    },
    health: ({ accountId }) => network.health(accountId),
    repair: ({ accountId, what }) => network.repair(accountId, what),
  };
};

/** How a chat is to be protected: as the user has chosen for it, else as the settings say. */
export const choiceOf = (
  { store, settings }: Pick<EncryptionServices, 'store' | 'settings'>,
  chatId: ChatId,
): { readonly choice: ProtectionChoice; readonly isOwnChoice: boolean } => {
  const own = store.protection.choice(chatId);
  return { choice: own ?? settings.view().defaultProtection, isOwnChoice: own !== undefined };
};

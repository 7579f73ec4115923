import type { ContactService } from '#main/accounts/contacts.ts';
import { serverClockAhead } from '#main/accounts/server-clock.ts';
import { choiceOf, type Encryption } from '#main/api/encryption.ts';
import { DeviceDesk } from '#main/crypto/omemo/device-desk.ts';
import { DeviceLinks } from '#main/crypto/omemo/device-links.ts';
import { DeviceNetwork } from '#main/crypto/omemo/device-network.ts';
import { OmemoService } from '#main/crypto/omemo/omemo-service.ts';
import { createRatchetEngine } from '#main/crypto/omemo/ratchet/ratchet-engine.ts';
import type { Logger } from '#main/log/logger.ts';
import type { MessageEncryption } from '#main/profile-messaging.ts';
import type { Settings } from '#main/settings.ts';
import type { Store } from '#main/store/store.ts';
import type { Changes } from '#main/util/changes.ts';
import type { Clock } from '#main/util/clock.ts';
import type { XmppSession } from '#main/xmpp/session.ts';
import type { AccountId } from '#shared/ids.ts';

export interface EncryptionOptions {
  readonly store: Store;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly log: Logger;
  readonly settings: Settings;
  readonly contacts: Pick<ContactService, 'isContact'>;
  /** The stream of an account, while it is online. */
  readonly online: (accountId: AccountId) => XmppSession | undefined;
}

/** OMEMO as messages use it, and as the user sees it and decides about it. */
export const createEncryption = (
  options: EncryptionOptions,
): Encryption & {
  readonly omemo: OmemoService;
  readonly changed: (accountId: AccountId, jid: string) => void;
  readonly messages: MessageEncryption;
} => {
  const { store, changes, clock, settings, contacts, online } = options;
  const changed = (accountId: AccountId, jid: string): void =>
    changes.announce({ kind: 'encryption', accountId, jid });
  const common = {
    store: store.omemo,
    transaction: store.transaction,
    clock,
    log: options.log.child('omemo'),
    policy: () => settings.view().trustPolicy,
  };
  const omemo = new OmemoService({
    ...common,
    engine: createRatchetEngine(),
    isContact: (accountId, jid) => contacts.isContact(accountId, jid),
    mayAnswer: (accountId, jid) => settings.view().tellUnreadable && contacts.isContact(accountId, jid),
    devicesChanged: changed,
  });
  const desk = new DeviceDesk({ ...common, changed });
  return {
    omemo,
    changed,
    desk,
    links: new DeviceLinks({ ...common, changed, desk }),
    messages: {
      scheme: omemo.scheme,
      caughtUp: (accountId) => omemo.caughtUp(accountId),
      protectionOf: (chatId) => {
        const { accountId, jid: peer } = store.chats.properties(chatId);
        const own = store.accounts.require(accountId).jid;
        return desk.outlook({ accountId, own, peer }, choiceOf({ store, settings }, chatId)).next;
      },
    },
    network: new DeviceNetwork({
      ...{ ...common, changed, live: omemo.live },
      clockAhead: async (id) => {
        const session = online(id);
        return session && serverClockAhead(session, clock);
      },
      publish: (accountId) => omemo.publish(accountId),
      repair: (place) => omemo.repair(place),
      learn: (accountId, jid) => omemo.learn(accountId, jid),
    }),
  };
};

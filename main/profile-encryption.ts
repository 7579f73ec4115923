import type { ContactService } from '#main/accounts/contacts.ts';
import type { Encryption } from '#main/api/encryption.ts';
import { DeviceDesk } from '#main/crypto/omemo/device-desk.ts';
import { DeviceNetwork } from '#main/crypto/omemo/device-network.ts';
import { OmemoService } from '#main/crypto/omemo/omemo-service.ts';
import { createRatchetEngine } from '#main/crypto/omemo/ratchet/ratchet-engine.ts';
import type { Logger } from '#main/log/logger.ts';
import type { Settings } from '#main/settings.ts';
import type { Store } from '#main/store/store.ts';
import type { Changes } from '#main/util/changes.ts';
import type { Clock } from '#main/util/clock.ts';
import type { AccountId } from '#shared/ids.ts';

export interface EncryptionOptions {
  readonly store: Store;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly log: Logger;
  readonly settings: Settings;
  readonly contacts: Pick<ContactService, 'isContact'>;
  /** How far the server's clock is ahead, in milliseconds; undefined where it does not tell. */
  readonly clockAhead: (accountId: AccountId) => Promise<number | undefined>;
}

/** OMEMO as messages use it, and as the user sees it and decides about it. */
export const createEncryption = (
  options: EncryptionOptions,
): Encryption & {
  readonly omemo: OmemoService;
  readonly changed: (accountId: AccountId, jid: string) => void;
} => {
  const { store, changes, clock, settings, contacts, clockAhead } = options;
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
    mayAnswer: (accountId, jid) => settings.view().tellUnreadable && contacts.isContact(accountId, jid),
    devicesChanged: changed,
  });
  return {
    omemo,
    changed,
    desk: new DeviceDesk({ ...common, changed }),
    network: new DeviceNetwork({
      ...{ ...common, clockAhead, changed, live: omemo.live },
      publish: (accountId) => omemo.publish(accountId),
      repair: (place) => omemo.repair(place),
      learn: (accountId, jid) => omemo.learn(accountId, jid),
    }),
  };
};

import { CapsService } from '#main/accounts/caps.ts';
import { ContactService } from '#main/accounts/contacts.ts';
import { AccountManager } from '#main/accounts/manager.ts';
import { OwnPresence } from '#main/accounts/own-presence.ts';
import { PresenceBook } from '#main/accounts/presence-book.ts';
import { StreamMemory } from '#main/accounts/stream-memory.ts';
import { createWork, type WorkDependencies } from '#main/accounts/work.ts';
import { createAnnouncer } from '#main/api/announce.ts';
import { createHandlers, type Services } from '#main/api/handlers.ts';
import { createViews, type Views } from '#main/api/live-views.ts';
import { UnreadBadge } from '#main/api/unread-badge.ts';
import { AccountSecrets } from '#main/crypto/account-secrets.ts';
import type { OmemoService } from '#main/crypto/omemo/omemo-service.ts';
import type { SecretStore } from '#main/hosts/shell.ts';
import type { Logger } from '#main/log/logger.ts';
import { TypingBook } from '#main/messaging/typing-book.ts';
import { TypingService } from '#main/messaging/typing.ts';
import { createEncryption } from '#main/profile-encryption.ts';
import { createMessaging, type Messaging } from '#main/profile-messaging.ts';
import { Settings } from '#main/settings.ts';
import type { Database } from '#main/store/database.ts';
import { openStore, type Store } from '#main/store/store.ts';
import { Changes } from '#main/util/changes.ts';
import type { Clock } from '#main/util/clock.ts';
import { DisposableStore, type Disposable } from '#main/util/disposables.ts';
import { createFeatures } from '#main/xmpp/features/index.ts';
import type { OpenStream, RevokeToken } from '#main/xmpp/port.ts';
import type { XmppSession } from '#main/xmpp/session.ts';
import { NS } from '#main/xmpp/stanza.ts';
import type { EventName, Events } from '#shared/api/events.ts';
import type { AccountId } from '#shared/ids.ts';
import type { KeyProtection } from '#shared/views.ts';

export interface ProfileOptions {
  readonly database: Database;
  readonly keyProtection: KeyProtection;
  /** The system keychain; with a passphrase the passwords are in the database instead. */
  readonly keychain: SecretStore;
  readonly openStream: OpenStream;
  readonly revokeToken: RevokeToken;
  readonly clock: Clock;
  readonly log: Logger;
  readonly version: string;
  readonly extraCa?: string | undefined;
  readonly emit: <K extends EventName>(name: K, payload: Events[K]) => void;
  readonly setBadge: (unread: number) => void;
  /** Whether somebody looks at a window, for streams that begin. */
  readonly isActive: () => boolean;
}

/** An open profile: every service over its database, built by hand and in order. */
export interface Profile {
  readonly keyProtection: KeyProtection;
  readonly handlers: ReturnType<typeof createHandlers>;
  readonly views: Views;
  readonly manager: AccountManager;
  /** Tells the servers whether somebody looks at a window (XEP-0352). */
  setActive(active: boolean): void;
  /** Tells contacts, as far as the user wants. @param since as in `OwnPresence` */
  setIdle(since: number | undefined): void;
  /** Says goodbye to the servers, then closes the database. */
  close(): Promise<void>;
}

export const createProfile = (options: ProfileOptions): Profile => {
  const { database, keyProtection, clock, log } = options;
  const store = openStore(database);
  const changes = new Changes();
  const settings = new Settings(store.settings, changes);
  const features = createFeatures({ name: 'ChatSecure Desktop', version: options.version });
  const presence = new PresenceBook(() => store.revisions.next());
  const typing = new TypingBook(clock, (chatId) => changes.announce({ kind: 'chat', chatId }));
  const contacts = new ContactService({ store, changes, clock });
  const caps = new CapsService(store.caps, log.child('caps'));
  const online = (id: AccountId): XmppSession | undefined => manager.online(id);
  const encryption = createEncryption({ store, changes, clock, log, settings, contacts, online });
  const messaging = createMessaging({
    ...{ store, changes, clock, log, settings, typing, contacts },
    encryption: encryption.messages,
  });
  const ownPresence = new OwnPresence({ disco: features.disco, settings: () => settings.view() });
  const parts = {
    ...{ store, changes, features, presence, ownPresence, contacts, caps, messaging },
    omemo: encryption.omemo,
  };
  const manager = createManager(options, parts);
  const typingService = new TypingService({
    store,
    enabled: () => settings.view().sendTyping,
    stream: (id) => online(id)?.stream,
    understands: (id, jid) =>
      contacts.seesUs(id, jid) && caps.supports(presence.caps(id, jid), NS.chatStates),
  });
  const views = createViews({ store, manager, presence, typing, settings });
  const common = { store, changes, clock, manager, contacts, settings, views };
  const services: Services = {
    ...{ ...common, ...messaging, typing: typingService },
    ...{ encryption, encryptionChanged: encryption.changed },
  };

  const attached = new DisposableStore();
  attached.add(typing);
  attached.add(messaging.history);
  messaging.history.start();
  attached.add(announceTo(options, changes, views));
  attached.add({ dispose: changes.on(({ kind }) => kind === 'settings' && ownPresence.changed()) });

  return {
    keyProtection,
    handlers: createHandlers(services),
    views,
    manager,
    setActive: (active) => {
      for (const { id } of store.accounts.list()) manager.online(id)?.stream.setActive(active);
    },
    setIdle: (since) => ownPresence.setIdle(since),
    close: async () => {
      await manager.stop();
      attached.dispose();
      database.close();
    },
  };
};

interface AccountParts extends Pick<
  WorkDependencies,
  'presence' | 'ownPresence' | 'contacts' | 'caps' | 'changes'
> {
  readonly store: Store;
  readonly features: ReturnType<typeof createFeatures>;
  readonly messaging: Messaging;
  readonly omemo: OmemoService;
}

const createManager = (options: ProfileOptions, parts: AccountParts): AccountManager => {
  const { keyProtection, clock, log, openStream, revokeToken, extraCa, isActive } = options;
  const { store, changes, features, presence, messaging } = parts;
  const { inbound, outboxOf, historyOf, displayed, blocking } = messaging;
  const work: WorkDependencies = {
    ...{ ...parts, inbound, clock, log: log.child('work') },
    isActive,
    along: [parts.omemo, displayed, blocking],
  };
  return new AccountManager({
    store,
    passwords: new AccountSecrets(keyProtection === 'keychain' ? options.keychain : store.secrets),
    changes,
    clock,
    log,
    openStream,
    revokeToken,
    isActive,
    features,
    extraCa,
    workOf: ({ id }, memory) =>
      createWork(id, { outbox: outboxOf(id), history: historyOf(id), memory }, work),
    memoryOf: ({ id }) =>
      new StreamMemory(id, { store, changes, presence, outbox: outboxOf(id), log: log.child('stream') }),
  });
};

/** Announces what changes to the windows, and the unread count to the application's icon. */
const announceTo = (
  { emit, setBadge }: Pick<ProfileOptions, 'emit' | 'setBadge'>,
  changes: Changes,
  views: Views,
): Disposable => {
  const badge = new UnreadBadge(setBadge);
  badge.reset(views.chats());
  const announcer = createAnnouncer(views, (name, payload) => {
    if (name === 'chats.upserted') badge.update((payload as Events['chats.upserted']).rows);
    if (name === 'accounts.removed') badge.reset(views.chats());
    emit(name, payload);
  });
  const off = changes.on((change) => announcer.note(change));
  return {
    dispose: () => {
      off();
      announcer.dispose();
    },
  };
};

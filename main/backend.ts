import { Keyring, type OpenedKey } from '#main/crypto/keyring.ts';
import { externalUrl } from '#shared/security-policy.ts';
import type { Shell } from '#main/hosts/shell.ts';
import type { Logger } from '#main/log/logger.ts';
import { createDialer } from '#main/net/dialer.ts';
import { createProfile, type Profile } from '#main/profile.ts';
import { createRpcServer } from '#main/rpc/server.ts';
import { openDatabase } from '#main/store/database.ts';
import { claimProfile, profilePaths } from '#main/store/profile.ts';
import type { Clock } from '#main/util/clock.ts';
import { DisposableStore, type Disposable } from '#main/util/disposables.ts';
import { watchNetwork } from '#main/util/network-watch.ts';
import type { OpenStream } from '#main/xmpp/port.ts';
import { createOpenStream } from '#main/xmpp/stream.ts';
import type { Snapshot } from '#shared/api/app.ts';
import { contract, type Handlers } from '#shared/api/contract.ts';
import type { DeepLink } from '#shared/deep-link.ts';
import { AppError } from '#shared/errors.ts';
import type { Pipe } from '#shared/pipe.ts';
import type { LockView } from '#shared/views.ts';

export interface BackendOptions {
  readonly shell: Shell;
  readonly log: Logger;
  readonly clock: Clock;
  readonly version: string;
  /** An authority that is trusted besides the system's, PEM; for the demo and the tests. */
  readonly extraCa?: string | undefined;
  /** Default: real streams over our own dialer. */
  readonly openStream?: OpenStream;
}

/** The whole application, without a host. */
export interface Backend {
  /** Opens the profile as far as that goes without the user, and connects the accounts. */
  start(): Promise<void>;
  /** Ends the streams and closes the profile. Never rejects. */
  stop(): Promise<void>;
  /** Serves one window. */
  attach(pipe: Pipe): Disposable;
  /** Shows an `xmpp:` link to the windows; kept for the first one that comes. */
  handleLink(link: DeepLink): void;
}

/** Composition root: builds the application, by hand and in order; nothing runs on import. */
export const createBackend = (options: BackendOptions): Backend => {
  const { shell, log, clock, version } = options;
  const paths = profilePaths(shell.profileDir);
  const keyring = new Keyring({
    markerPath: paths.keyMarker,
    databasePath: paths.database,
    secrets: shell.secrets,
  });
  const openStream = options.openStream ?? createOpenStream({ dial: createDialer({ clock }), clock, log });
  let claim: Disposable | undefined;
  let profile: Profile | undefined;
  let lock: LockView = { state: 'broken', code: 'locked', detail: 'the profile is being opened' };
  let link: DeepLink | undefined;
  const started = Promise.withResolvers<void>();

  const snapshot = (): Snapshot => {
    const common = { host: shell.host, version };
    if (profile === undefined) return { ready: false, ...common, lock };
    const { views, keyProtection } = profile;
    const opened = link;
    link = undefined;
    return {
      ready: true,
      ...common,
      keyProtection,
      accounts: views.accounts(),
      contacts: views.contacts(),
      requests: views.requests(),
      chats: views.chats(),
      settings: views.settings(),
      ...(opened === undefined ? {} : { link: opened }),
    };
  };

  /** Opens the database with the key, or notes what the window must ask for. */
  const enter = (opened: OpenedKey | LockView): void => {
    if (opened.state !== 'ready') {
      lock = opened;
      return;
    }
    try {
      const database = openDatabase(paths.database, opened.key);
      profile = createProfile({
        database,
        keyProtection: opened.protection,
        keychain: shell.secrets,
        openStream,
        clock,
        log,
        version,
        extraCa: options.extraCa,
        emit: rpc.emit,
        setBadge: (unread) => shell.setBadge(unread),
      });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      log.error('the profile could not be opened', { code: error.code }, error);
      lock = { state: 'broken', code: error.code, detail: error.message };
      return;
    } finally {
      opened.key.fill(0);
    }
    profile.manager.start();
    rpc.emit('app.changed', {});
  };

  const rpc = createRpcServer({
    contract,
    handlers: {
      app: {
        snapshot: async () => {
          await started.promise;
          return snapshot();
        },
        unlock: async ({ passphrase }) => {
          await started.promise;
          if (profile === undefined) enter(await keyring.unlock(passphrase));
          return snapshot();
        },
        retryKeychain: async () => {
          await started.promise;
          if (profile === undefined && claim !== undefined) enter(await keyring.open());
          return snapshot();
        },
        openLink: async ({ url }) => {
          const safe = externalUrl(url);
          if (safe === undefined) throw new AppError('denied', 'this kind of link is not opened');
          await shell.openExternal(safe);
        },
      },
      ...whenOpen(() => profile?.handlers),
    },
    log: log.child('rpc'),
  });

  const attached = new DisposableStore();
  attached.add(shell.onPower((event) => profile?.manager.dispatchAll({ type: event })));
  attached.add(watchNetwork(clock, () => profile?.manager.dispatchAll({ type: 'network', up: true })));

  return {
    start: async () => {
      try {
        claim = claimProfile(shell.profileDir);
        enter(await keyring.open());
      } catch (error) {
        log.error('the profile could not be opened', {}, error);
        const code = error instanceof AppError ? error.code : 'storage';
        lock = { state: 'broken', code, detail: error instanceof AppError ? error.message : 'unexpected failure' };
      } finally {
        started.resolve();
      }
    },
    stop: async () => {
      attached.dispose();
      try {
        await profile?.close();
      } catch (error) {
        log.error('the profile was not closed cleanly', {}, error);
      }
      profile = undefined;
      rpc.dispose();
      claim?.dispose();
    },
    attach: (pipe) => rpc.attach(pipe),
    handleLink: (opened) => {
      link = opened;
      if (profile !== undefined) rpc.emit('app.changed', {});
    },
  };
};

type ProfileHandlers = Omit<Handlers, 'app'>;
type AnyHandler = (input: never) => unknown;

/**
 * Handlers that call those of the open profile, and say `locked` while there is none: the windows are
 * there before the user has given the passphrase.
 */
const whenOpen = (current: () => ProfileHandlers | undefined): ProfileHandlers => {
  const { app: _app, ...domains } = contract;
  const wrap = (domain: keyof ProfileHandlers, method: string): AnyHandler => {
    return (input) => {
      const handlers = current();
      if (handlers === undefined) throw new AppError('locked', 'the profile is not open');
      // The names come from the contract, which the handlers' type covers.
      const all: Readonly<Record<string, AnyHandler>> = handlers[domain];
      return all[method]?.(input);
    };
  };
  const wrapped = Object.entries(domains).map(([domain, methods]) => [
    domain,
    Object.fromEntries(Object.keys(methods).map((name) => [name, wrap(domain as keyof ProfileHandlers, name)])),
  ]);
  return Object.fromEntries(wrapped) as ProfileHandlers;
};

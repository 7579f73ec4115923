import { Attention } from '#main/accounts/attention.ts';
import { Idleness } from '#main/accounts/idleness.ts';
import type { Shell } from '#main/hosts/shell.ts';
import type { Logger } from '#main/log/logger.ts';
import { createDialer } from '#main/net/dialer.ts';
import { ProfileGate } from '#main/profile-gate.ts';
import { createProfile } from '#main/profile.ts';
import { createRpcServer, type RpcServer } from '#main/rpc/server.ts';
import type { Clock } from '#main/util/clock.ts';
import { DisposableStore, type Disposable } from '#main/util/disposables.ts';
import { watchNetwork } from '#main/util/network-watch.ts';
import type { OpenStream } from '#main/xmpp/port.ts';
import { createOpenStream, createRevokeToken } from '#main/xmpp/stream.ts';
import type { Snapshot } from '#shared/api/app.ts';
import { contract, type Handlers } from '#shared/api/contract.ts';
import type { DeepLink } from '#shared/deep-link.ts';
import { AppError } from '#shared/errors.ts';
import type { Pipe } from '#shared/pipe.ts';
import { externalUrl } from '#shared/security-policy.ts';

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
  const dial = createDialer({ clock });
  const attention = new Attention(clock, (active) => gate.profile?.setActive(active));
  const gate: ProfileGate = new ProfileGate({
    profileDir: shell.profileDir,
    secrets: shell.secrets,
    log,
    create: (database, keyProtection) =>
      createProfile({
        database,
        keyProtection,
        keychain: shell.secrets,
        openStream:
          options.openStream ?? createOpenStream({ dial, clock, log, durable: () => database.durable() }),
        revokeToken: createRevokeToken({ dial, clock, log, durable: () => database.durable() }),
        clock,
        log,
        version,
        extraCa: options.extraCa,
        emit: (name, payload) => rpc.emit(name, payload),
        setBadge: (unread) => shell.setBadge(unread),
        isActive: () => attention.active,
      }),
    opened: (profile) => {
      profile.manager.start();
      rpc.emit('app.changed', {});
    },
  });
  const links = new LinkBox();
  const handlers: Handlers = { app: appHandlers(gate, links, attention, options), ...whenOpen(gate) };
  const rpc: RpcServer = createRpcServer({
    contract,
    handlers,
    log: log.child('rpc'),
    gone: (window) => attention.set(window, false),
  });

  const attached = new DisposableStore();
  attached.add(attention);
  if (shell.idleSeconds !== undefined) attached.add(watchIdleness(shell.idleSeconds, clock, attention, gate));
  attached.add(shell.onPower((event) => gate.profile?.manager.dispatchAll({ type: event })));
  attached.add(watchNetwork(clock, () => gate.profile?.manager.dispatchAll({ type: 'network', up: true })));

  return {
    start: () => gate.open(),
    stop: async () => {
      attached.dispose();
      await gate.close();
      rpc.dispose();
    },
    attach: (pipe) => rpc.attach(pipe),
    handleLink: (link) => {
      links.put(link);
      if (gate.profile !== undefined) rpc.emit('app.changed', {});
    },
  };
};

/** Nobody at the computer looks at a window either, however visible it is. */
const watchIdleness = (
  seconds: () => number,
  clock: Clock,
  attention: Attention,
  gate: ProfileGate,
): Disposable =>
  new Idleness(clock, seconds, (since) => {
    attention.setIdle(since !== undefined);
    gate.profile?.setIdle(since);
  });

/** The last link that no window has shown yet. */
class LinkBox {
  #link: DeepLink | undefined;

  put(link: DeepLink): void {
    this.#link = link;
  }

  take(): DeepLink | undefined {
    const link = this.#link;
    this.#link = undefined;
    return link;
  }
}

const appHandlers = (
  gate: ProfileGate,
  links: LinkBox,
  attention: Attention,
  { shell, version }: Pick<BackendOptions, 'shell' | 'version'>,
): Handlers['app'] => {
  const snapshot = (): Snapshot => {
    const common = { host: shell.host, version };
    if (gate.profile === undefined) return { ready: false, ...common, lock: gate.lock };
    const { views, keyProtection } = gate.profile;
    const link = links.take();
    return {
      ready: true,
      ...common,
      keyProtection,
      accounts: views.accounts(),
      contacts: views.contacts(),
      requests: views.requests(),
      chats: views.chats(),
      settings: views.settings(),
      ...(link === undefined ? {} : { link }),
    };
  };
  return {
    snapshot: async () => {
      await gate.tried;
      return snapshot();
    },
    unlock: async ({ passphrase }) => {
      await gate.unlock(passphrase);
      return snapshot();
    },
    retryKeychain: async () => {
      await gate.retry();
      return snapshot();
    },
    setVisibility: ({ visible }, window) => attention.set(window, visible),
    openLink: async ({ url }) => {
      const safe = externalUrl(url);
      if (safe === undefined) throw new AppError('denied', 'this kind of link is not opened');
      await shell.openExternal(safe);
    },
  };
};

type ProfileHandlers = Omit<Handlers, 'app'>;
type AnyHandler = (input: never, caller: Pipe) => unknown;

/**
 * Handlers that call those of the open profile, and say `locked` while there is none: the windows are
 * there before the user has given the passphrase.
 */
const whenOpen = (gate: ProfileGate): ProfileHandlers => {
  const { app: _app, ...domains } = contract;
  const wrap = (domain: keyof ProfileHandlers, method: string): AnyHandler => {
    return (input, caller) => {
      const handlers = gate.profile?.handlers;
      if (handlers === undefined) throw new AppError('locked', 'the profile is not open');
      // The names come from the contract, which the handlers' type covers.
      const all: Readonly<Record<string, AnyHandler>> = handlers[domain];
      return all[method]?.(input, caller);
    };
  };
  const wrapped = Object.entries(domains).map(([domain, methods]) => [
    domain,
    Object.fromEntries(
      Object.keys(methods).map((name) => [name, wrap(domain as keyof ProfileHandlers, name)]),
    ),
  ]);
  return Object.fromEntries(wrapped) as ProfileHandlers;
};

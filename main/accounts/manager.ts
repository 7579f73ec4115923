import { randomUUID } from 'node:crypto';
import { AppError, type ErrorDetail } from '#shared/errors.ts';
import type { AccountId } from '#shared/ids.ts';
import type { Logger } from '#main/log/logger.ts';
import { newResource, type Account } from '#main/store/accounts.ts';
import type { Store } from '#main/store/store.ts';
import type { Changes } from '#main/util/changes.ts';
import type { Clock } from '#main/util/clock.ts';
import type { Feature } from '#main/xmpp/feature.ts';
import type { OwnDisco } from '#main/xmpp/features/disco.ts';
import {
  StreamError,
  type BindingKeeper,
  type FastToken,
  type LoginBinding,
  type OpenStream,
  type RevokeToken,
  type StreamOptions,
  type TokenKeeper,
} from '#main/xmpp/port.ts';
import type { XmppSession } from '#main/xmpp/session.ts';
import type { AccountEvent, AccountState } from './machine.ts';
import { AccountSession, type SessionWork } from './session.ts';
import type { StreamMemory } from './stream-memory.ts';

/** Where passwords and tokens are kept; `crypto/account-secrets.ts` implements it. */
export interface Passwords {
  password(accountId: AccountId): Promise<string | undefined>;
  setPassword(accountId: AccountId, password: string): Promise<void>;
  token(accountId: AccountId): Promise<string | undefined>;
  setToken(accountId: AccountId, token: string | undefined): Promise<void>;
  forget(accountId: AccountId): Promise<void>;
}

export interface AccountManagerDependencies {
  readonly store: Store;
  readonly passwords: Passwords;
  readonly changes: Changes;
  readonly clock: Clock;
  readonly log: Logger;
  readonly openStream: OpenStream;
  readonly revokeToken: RevokeToken;
  /** Whether somebody looks at a window (XEP-0352). */
  readonly isActive: () => boolean;
  readonly features: { readonly all: readonly Feature[]; readonly disco: OwnDisco };
  /** An authority besides the system's, PEM; demo and tests. */
  readonly extraCa?: string | undefined;
  /** What the other services do with the streams of an account. */
  readonly workOf: (account: Account, memory: StreamMemory) => SessionWork;
  readonly memoryOf: (account: Account) => StreamMemory;
  readonly random?: () => number;
}

export interface Login {
  readonly jid: string;
  readonly password: string;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly directTls: boolean;
  readonly trustSpki?: string | undefined;
}

/** A new account's first login may take this long before the form gets an answer. */
const LOGIN_TIMEOUT_MS = 60_000;

/** Nobody waits for it; a server that cannot be reached forgets the token when it expires. */
const REVOKE_TIMEOUT_MS = 10_000;

interface Live {
  readonly session: AccountSession;
  /** `rev` of the last change of state; the row has its own. */
  rev: number;
}

/** Owns one session for each account, and what the user does with accounts. */
export class AccountManager {
  readonly #deps: AccountManagerDependencies;
  readonly #live = new Map<AccountId, Live>();

  constructor(deps: AccountManagerDependencies) {
    this.#deps = deps;
  }

  /** Connects every enabled account. */
  start(): void {
    for (const account of this.#deps.store.accounts.list()) {
      const session = this.#sessionOf(account);
      if (account.enabled) session.dispatch({ type: 'enable' });
    }
  }

  /** Says goodbye everywhere. */
  async stop(): Promise<void> {
    await Promise.all([...this.#live.values()].map(({ session }) => session.close()));
  }

  /** The connection of an account and the `rev` of its last change. */
  connection(id: AccountId): { readonly state: AccountState; readonly rev: number } {
    const live = this.#live.get(id);
    return live === undefined
      ? { state: { phase: 'disabled' }, rev: 0 }
      : { state: live.session.state, rev: live.rev };
  }

  /** The router of an account's stream. @throws AppError `offline` where there is none */
  requireOnline(id: AccountId): XmppSession {
    this.#deps.store.accounts.require(id);
    const xmpp = this.#live.get(id)?.session.xmpp;
    if (xmpp === undefined) throw new AppError('offline', 'the account is not connected');
    return xmpp;
  }

  /** The router of an account's stream, while there is one. */
  online(id: AccountId): XmppSession | undefined {
    return this.#live.get(id)?.session.xmpp;
  }

  /** Tells every account what happened to this computer. */
  dispatchAll(event: Extract<AccountEvent, { type: 'suspend' | 'wake' | 'network' }>): void {
    for (const { session } of this.#live.values()) session.dispatch(event);
  }

  /**
   * Logs in, and keeps the account only when that worked.
   * @throws AppError `account-exists`, or the code of the StreamError with its parts as detail
   */
  async add(login: Login): Promise<Account> {
    const { store, passwords } = this.#deps;
    if (store.accounts.byJid(login.jid) !== undefined) {
      throw new AppError('account-exists', 'the account is already here');
    }
    const device = { resource: newResource(), userAgent: randomUUID() };
    const { token, binding } = await this.#tryLogin(login, device);
    const account = store.accounts.add({
      jid: login.jid,
      host: login.host,
      port: login.port,
      directTls: login.directTls,
      pinnedSpki: login.trustSpki,
      ...device,
      createdAt: this.#deps.clock.now(),
    });
    if (binding !== undefined) this.#binding(account.id).set(binding);
    try {
      await passwords.setPassword(account.id, login.password);
      await this.#tokens(account.id).set(token);
    } catch (error) {
      // An account without its password would fail at every start.
      store.accounts.remove(account.id);
      throw error;
    }
    this.#sessionOf(account).dispatch({ type: 'enable' });
    return account;
  }

  /** Logs out and deletes everything that is kept of the account. */
  async remove(id: AccountId): Promise<void> {
    this.#deps.store.accounts.require(id);
    await this.#live.get(id)?.session.close();
    this.#live.delete(id);
    await this.#revoke(id);
    this.#deps.store.accounts.remove(id);
    this.#deps.changes.announce({ kind: 'account-removed', accountId: id });
    await this.#deps.passwords.forget(id);
  }

  /** Lets the server forget the token too, as far as it can be reached: beside what the user waits for. */
  async #revoke(id: AccountId): Promise<void> {
    const { log, revokeToken } = this.#deps;
    try {
      const tokens = this.#tokens(id);
      const token = await tokens.get();
      if (token === undefined) return;
      const options = { ...this.#optionsOf(id), tokens: { ...tokens, get: async () => token } };
      revokeToken(options, AbortSignal.timeout(REVOKE_TIMEOUT_MS)).catch((error: unknown) =>
        log.warn('the token was not revoked', {}, error),
      );
      await tokens.set(undefined);
    } catch (error) {
      log.warn('the token cannot be read', {}, error);
    }
  }

  async setEnabled(id: AccountId, enabled: boolean): Promise<void> {
    const account = this.#deps.store.accounts.setEnabled(id, enabled);
    this.#changed(id);
    const session = this.#sessionOf(account);
    if (enabled) session.dispatch({ type: 'enable' });
    else await session.close();
  }

  async setPassword(id: AccountId, password: string): Promise<void> {
    const account = this.#deps.store.accounts.require(id);
    await this.#revoke(id);
    await this.#deps.passwords.setPassword(id, password);
    this.#sessionOf(account).dispatch({ type: 'credentials' });
  }

  /** Trusts a key. Only the one that the account's present error shows: the user has seen no other. */
  trustCertificate(id: AccountId, spki: string): void {
    const { state } = this.connection(id);
    if (!('error' in state) || state.error.certificate?.spki !== spki) {
      throw new AppError('not-found', 'the account does not ask about this certificate');
    }
    const account = this.#deps.store.accounts.setPin(id, spki);
    this.#sessionOf(account).dispatch({ type: 'credentials' });
  }

  /** Does without the channel binding that earlier logins had. Only where its absence is the present error. */
  acceptUnbound(id: AccountId): void {
    const { state } = this.connection(id);
    if (!('error' in state) || state.error.code !== 'binding-lost')
      throw new AppError('not-found', 'the account does not ask about this');
    const { store, clock } = this.#deps;
    const account = store.accounts.require(id);
    store.accounts.setLoginBinding(id, undefined, clock.now());
    this.#sessionOf(account).dispatch({ type: 'credentials' });
  }

  retryNow(id: AccountId): void {
    this.#sessionOf(this.#deps.store.accounts.require(id)).dispatch({ type: 'retry' });
  }

  #sessionOf(account: Account): AccountSession {
    const known = this.#live.get(account.id);
    if (known !== undefined) return known.session;
    const { openStream, clock, log, features } = this.#deps;
    const memory = this.#deps.memoryOf(account);
    const session = new AccountSession({
      accountId: account.id,
      options: () => this.#optionsOf(account.id),
      openStream,
      clock,
      random: this.#deps.random ?? Math.random,
      log: log.child('account'),
      features,
      work: this.#deps.workOf(account, memory),
      memory,
      changed: () => this.#changed(account.id),
    });
    this.#live.set(account.id, { session, rev: 0 });
    return session;
  }

  #changed(id: AccountId): void {
    const live = this.#live.get(id);
    if (live !== undefined) live.rev = this.#deps.store.revisions.next();
    this.#deps.changes.announce({ kind: 'account', accountId: id });
  }

  #optionsOf(id: AccountId): StreamOptions {
    const { store, passwords, extraCa, isActive } = this.#deps;
    const account = store.accounts.require(id);
    const { jid, host, port, directTls, pinnedSpki, resource, userAgent } = account;
    return {
      ...{ jid, host, port, directTls, pinnedSpki, resource, userAgent },
      password: () => passwords.password(id),
      tokens: this.#tokens(id),
      binding: this.#binding(id),
      ca: extraCa,
      active: isActive(),
    };
  }

  #tokens(id: AccountId): TokenKeeper {
    const { passwords } = this.#deps;
    return {
      get: async () => {
        const text = await passwords.token(id);
        return text === undefined ? undefined : (JSON.parse(text) as FastToken);
      },
      set: (token) => passwords.setToken(id, token && JSON.stringify(token)),
    };
  }

  #binding(id: AccountId): BindingKeeper {
    const { store, clock, log } = this.#deps;
    return {
      get: () => store.accounts.loginBinding(id),
      set: (binding) => {
        const known = store.accounts.loginBinding(id);
        const isSame = known?.mechanism === binding.mechanism && known.type === binding.type;
        if (isSame && known.tlsVersion === binding.tlsVersion) return;
        try {
          store.accounts.setLoginBinding(id, binding, clock.now());
        } catch (error) {
          // What was noted before counts on; this is no reason to be offline.
          log.error('how the account was logged in could not be kept', {}, error);
        }
      },
    };
  }

  /** @returns what is to be kept of it: the token that the server gave out, and how the login was bound */
  async #tryLogin(
    login: Login,
    device: { readonly resource: string; readonly userAgent: string },
  ): Promise<{ readonly token: FastToken | undefined; readonly binding: LoginBinding | undefined }> {
    let token: FastToken | undefined;
    let binding: LoginBinding | undefined;
    const { jid, host, port, directTls, trustSpki: pinnedSpki } = login;
    try {
      const stream = await this.#deps.openStream(
        {
          ...{ jid, host, port, directTls, pinnedSpki, ...device },
          password: async () => login.password,
          tokens: {
            get: async () => undefined,
            set: async (given) => {
              token = given;
            },
          },
          binding: {
            get: () => undefined,
            set: (given) => {
              binding = given;
            },
          },
          ca: this.#deps.extraCa,
        },
        AbortSignal.timeout(LOGIN_TIMEOUT_MS),
      );
      stream.onStanza(() => undefined);
      await stream.close();
      return { token, binding };
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      throw new AppError(error.code, error.message, { detail: detailOf(error), cause: error });
    }
  }
}

/** The parts of a StreamError as scalars, so that they cross the pipe. */
const detailOf = (error: StreamError): ErrorDetail => ({
  step: error.step,
  advice: error.advice,
  ...(error.host === undefined ? {} : { host: error.host }),
  ...(error.condition === undefined ? {} : { condition: error.condition }),
  ...error.certificate,
});

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createBackend, type Backend, type BackendOptions } from '#main/backend.ts';
import { SecretsUnavailable, type SecretStore, type Shell } from '#main/hosts/shell.ts';
import { systemClock } from '#main/util/clock.ts';
import type { ReadySnapshot, Snapshot } from '#shared/api/app.ts';
import type { ClientApi } from '#shared/api/contract.ts';
import type { Events } from '#shared/api/events.ts';
import { AppError, type ErrorData } from '#shared/errors.ts';
import type { Frame, Pipe } from '#shared/pipe.ts';
import type { AccountView, ChatView, ContactRequestView, ContactView, MessageView } from '#shared/views.ts';
import type { XmppServer } from './server.ts';
import { memoryPipes } from './memory-pipe.ts';
import { quietLog } from './test-store.ts';
import { until } from './until.ts';

/** A keychain in memory, for what is not about keychains. */
export const memorySecrets = (): SecretStore => {
  const values = new Map<string, string>();
  return {
    get: (name) => Promise.resolve(values.get(name)),
    set: (name, value) => Promise.resolve(void values.set(name, value)),
    delete: (name) => Promise.resolve(void values.delete(name)),
  };
};

export const noKeychain: SecretStore = {
  get: () => Promise.reject(new SecretsUnavailable('there is none in this test')),
  set: () => Promise.reject(new SecretsUnavailable('there is none in this test')),
  delete: () => Promise.reject(new SecretsUnavailable('there is none in this test')),
};

/** What a window knows: the snapshot, and what the events changed in it. Older revisions lose. */
export class TestWindow {
  readonly api: ClientApi;
  readonly accounts = new Map<string, AccountView>();
  readonly contacts = new Map<string, ContactView>();
  readonly requests = new Map<string, readonly ContactRequestView[]>();
  readonly chats = new Map<number, ChatView>();
  readonly messages = new Map<number, MessageView>();
  readonly #pipe: Pipe;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #close: () => void;
  #ids = 0;

  /** @param main a backend of this process, or the pipe to one in another */
  constructor(main: Backend | Pipe) {
    if ('attach' in main) {
      const [own, other] = memoryPipes();
      this.#pipe = own;
      this.#close = () => own.close();
      main.attach(other);
    } else {
      this.#pipe = main;
      this.#close = () => undefined;
    }
    this.#pipe.onFrame((frame) => this.#receive(frame as Frame));
    this.#pipe.onClose(() => {
      for (const answer of this.#waiting.values())
        answer.reject(new AppError('disconnected', 'main has ended'));
      this.#waiting.clear();
    });
    this.api = new Proxy({} as ClientApi, {
      get: (_, domain) =>
        new Proxy(
          {},
          {
            get: (__, method) => (input: unknown) => this.#call(`${String(domain)}.${String(method)}`, input),
          },
        ),
    });
  }

  async snapshot(): Promise<Snapshot> {
    const snapshot = await this.api.app.snapshot({});
    if (snapshot.ready) {
      for (const row of snapshot.accounts) upsert(this.accounts, row.id, row);
      for (const row of snapshot.contacts) upsert(this.contacts, row.jid, row);
      for (const row of snapshot.chats) upsert(this.chats, row.id, row);
      for (const { id } of snapshot.accounts) {
        this.requests.set(
          id,
          snapshot.requests.filter((request) => request.accountId === id),
        );
      }
    }
    return snapshot;
  }

  async ready(): Promise<ReadySnapshot> {
    const snapshot = await this.snapshot();
    if (!snapshot.ready) throw new Error(`the profile is not open: ${JSON.stringify(snapshot.lock)}`);
    return snapshot;
  }

  chatWith(jid: string): ChatView | undefined {
    return [...this.chats.values()].find((chat) => chat.jid === jid);
  }

  account(jid: string): AccountView | undefined {
    return [...this.accounts.values()].find((account) => account.jid === jid);
  }

  phase(jid: string, phase: AccountView['phase']): Promise<AccountView> {
    return until(`${jid} to be ${phase}, not ${JSON.stringify(this.account(jid))}`, () => {
      const account = this.account(jid);
      return account?.phase === phase && account;
    });
  }

  message(what: string, fits: (message: MessageView) => boolean): Promise<MessageView> {
    return until(`a message: ${what}`, () => [...this.messages.values()].find(fits));
  }

  close(): void {
    this.#close();
  }

  #call(method: string, input: unknown): Promise<unknown> {
    const id = ++this.#ids;
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.set(id, answer);
    answer.promise.catch(() => undefined);
    this.#pipe.send({ kind: 'call', id, method, input });
    return answer.promise;
  }

  #receive(frame: Frame): void {
    if (frame.kind === 'done') this.#waiting.get(frame.id)?.resolve(frame.output);
    else if (frame.kind === 'fail') this.#waiting.get(frame.id)?.reject(toAppError(frame.error));
    else if (frame.kind === 'event') for (const { name, payload } of frame.events) this.#event(name, payload);
  }

  #event(name: string, payload: unknown): void {
    const rows = <K extends keyof Events>(_: K): Events[K] => payload as Events[K];
    switch (name as keyof Events) {
      case 'accounts.upserted':
        for (const row of rows('accounts.upserted').rows) upsert(this.accounts, row.id, row);
        break;
      case 'accounts.removed':
        this.accounts.delete(rows('accounts.removed').accountId);
        break;
      case 'contacts.upserted':
        for (const row of rows('contacts.upserted').rows) upsert(this.contacts, row.jid, row);
        break;
      case 'contacts.removed':
        this.contacts.delete(rows('contacts.removed').jid);
        break;
      case 'requests.changed':
        this.requests.set(rows('requests.changed').accountId, rows('requests.changed').rows);
        break;
      case 'chats.upserted':
        for (const row of rows('chats.upserted').rows) upsert(this.chats, row.id, row);
        break;
      case 'messages.upserted':
        for (const row of rows('messages.upserted').rows) upsert(this.messages, row.id, row);
        break;
      default:
        break;
    }
  }
}

const toAppError = ({ code, message, detail }: ErrorData): AppError =>
  new AppError(code, message, detail === undefined ? {} : { detail });

const upsert = <K, V extends { readonly rev: number }>(map: Map<K, V>, key: K, row: V): void => {
  if ((map.get(key)?.rev ?? -1) <= row.rev) map.set(key, row);
};

export interface TestApp {
  readonly backend: Backend;
  readonly window: TestWindow;
  readonly profileDir: string;
  readonly badge: () => number;
  readonly power: (event: 'suspend' | 'wake') => void;
  readonly opened: readonly string[];
  /** Closes everything but the profile and starts again, as after a restart of the computer. */
  restart(): Promise<TestApp>;
  /** Ends the application and removes its profile. */
  stop(): Promise<void>;
}

/** The whole application over a memory pipe, with a profile of its own. */
export const startApp = async (
  options: Partial<Omit<BackendOptions, 'shell'>> & { secrets?: SecretStore; profileDir?: string } = {},
): Promise<TestApp> => {
  const {
    secrets = memorySecrets(),
    profileDir = mkdtempSync(path.join(tmpdir(), 'chatsecure-app-')),
    ...rest
  } = options;
  let badge = 0;
  let power: (event: 'suspend' | 'wake') => void = () => undefined;
  const opened: string[] = [];
  const shell: Shell = {
    host: 'loopback',
    profileDir,
    secrets,
    openExternal: (url) => Promise.resolve(void opened.push(url)),
    setBadge: (unread) => {
      badge = unread;
    },
    onPower: (listener) => {
      power = listener;
      return () => undefined;
    },
  };
  const backend = createBackend({ shell, log: quietLog, clock: systemClock, version: '0.0.0-test', ...rest });
  await backend.start();
  const window = new TestWindow(backend);
  await window.snapshot();
  const end = async (): Promise<void> => {
    await backend.stop();
    window.close();
  };
  return {
    backend,
    window,
    profileDir,
    badge: () => badge,
    power: (event) => power(event),
    opened,
    restart: async () => {
      await end();
      return startApp({ ...options, secrets, profileDir });
    },
    stop: async () => {
      await end();
      rmSync(profileDir, { recursive: true, force: true });
    },
  };
};

/** Logs an account of the private server in. */
export const logIn = async (
  app: TestApp,
  server: XmppServer,
  jid: string,
  password: string,
): Promise<AccountView> => {
  const account = await app.window.api.accounts.add({ jid, password, host: server.host, port: server.port });
  app.window.accounts.set(account.id, account);
  await app.window.phase(jid, 'online');
  return account;
};

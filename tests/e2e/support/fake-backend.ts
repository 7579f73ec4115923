/**
 * A scripted application behind the real contract: everything the window asks for is answered from memory,
 * and everything that can happen to it can be made to happen. Knows no XMPP and no store.
 */
import { createLogger } from '#main/log/logger.ts';
import { createRpcServer, type RpcServer } from '#main/rpc/server.ts';
import { contract, type Handlers } from '#shared/api/contract.ts';
import type { HostKind, Snapshot } from '#shared/api/app.ts';
import type { EventName, Events } from '#shared/api/events.ts';
import { defaultSettings } from '#shared/default-settings.ts';
import { AppError } from '#shared/errors.ts';
import type { AccountId, ChatId, MessageId } from '#shared/ids.ts';
import type {
  AccountView,
  ChatView,
  ContactRequestView,
  ContactView,
  KeyProtection,
  LockView,
  MessageView,
  SettingsView,
} from '#shared/views.ts';
import { encryptionHandlers, type FakeEncryptionData } from './fake-encryption.ts';
import { listHistory, pageOf, type History } from './fake-history.ts';
import { messageHandlers } from './fake-messages.ts';

/** What the application holds at the start. */
export interface FakeData {
  readonly accounts?: readonly AccountView[];
  readonly contacts?: readonly ContactView[];
  readonly requests?: readonly ContactRequestView[];
  readonly chats?: readonly ChatView[];
  /** In timeline order, by chat. */
  readonly histories?: ReadonlyMap<ChatId, History>;
  readonly settings?: Partial<SettingsView>;
  readonly lock?: LockView;
  readonly keyProtection?: KeyProtection;
  readonly encryption?: FakeEncryptionData;
  readonly host?: HostKind;
}

/** One call that the window has made. */
export interface RecordedCall {
  readonly method: string;
  readonly input: unknown;
}

type Overrides = { readonly [D in keyof Handlers]?: Partial<Handlers[D]> };
/** What the window does not ask for yet need not be scripted. */
export type Scripted = { readonly [D in keyof Handlers]: Partial<Handlers[D]> };

const notScripted = (): never => {
  throw new AppError('unknown-method', 'not scripted');
};

export const accountIdOf = (index: number): AccountId =>
  `00000000-0000-4000-8000-${String(index).padStart(12, '0')}` as AccountId;

export class FakeBackend {
  readonly server: RpcServer;
  readonly calls: RecordedCall[] = [];
  readonly accounts: Map<AccountId, AccountView>;
  readonly chats: Map<ChatId, ChatView>;
  readonly histories: Map<ChatId, History>;
  contacts: ContactView[];
  requests: ContactRequestView[];
  settings: SettingsView;
  lock: LockView | undefined;
  readonly #keyProtection: KeyProtection;
  readonly #encryption: FakeEncryptionData;
  readonly #host: HostKind;
  #rev = 1_000_000;
  #nextMessageId = 5_000_000;

  constructor(data: FakeData = {}, overrides: Overrides = {}) {
    this.accounts = new Map(data.accounts?.map((row) => [row.id, row]));
    this.chats = new Map(data.chats?.map((row) => [row.id, row]));
    this.contacts = [...(data.contacts ?? [])];
    this.requests = [...(data.requests ?? [])];
    this.histories = new Map(data.histories);
    this.settings = { ...defaultSettings, ...data.settings };
    this.lock = data.lock;
    this.#encryption = data.encryption ?? {};
    this.#keyProtection = data.keyProtection ?? 'keychain';
    this.#host = data.host ?? 'loopback';
    const handlers = this.#recorded(this.#handlers(), overrides);
    this.server = createRpcServer({
      contract,
      handlers,
      log: createLogger(() => undefined, 'error', 'test'),
    });
  }

  emit<K extends EventName>(name: K, payload: Events[K]): void {
    this.server.emit(name, payload);
  }

  rev(): number {
    this.#rev += 1;
    return this.#rev;
  }

  /** The inputs of all calls of one method, oldest first. */
  callsOf(method: string): readonly unknown[] {
    return this.calls.filter((call) => call.method === method).map(({ input }) => input);
  }

  changeChat(id: ChatId, change: Partial<ChatView>): void {
    const chat = this.chats.get(id);
    if (chat === undefined) throw new AppError('not-found', 'no such chat');
    const changed = { ...chat, ...change, rev: this.rev() };
    this.chats.set(id, changed);
    this.emit('chats.upserted', { rows: [changed] });
  }

  changeAccount(id: AccountId, change: Partial<AccountView>): void {
    const account = this.accounts.get(id);
    if (account === undefined) throw new AppError('not-found', 'no such account');
    const changed = { ...account, ...change, rev: this.rev() };
    this.accounts.set(id, changed);
    this.emit('accounts.upserted', { rows: [changed] });
  }

  changeMessage(message: MessageView, change: Partial<MessageView>): MessageView {
    const changed = { ...message, ...change, rev: this.rev() };
    this.histories.get(message.chatId)?.replace(changed);
    this.emit('messages.upserted', { rows: [changed] });
    return changed;
  }

  /** A message arrives, or, with direction `out`, is written on another device. */
  addMessage(chatId: ChatId, message: Partial<MessageView> & { readonly body: string }): MessageView {
    const at = message.at ?? Date.now();
    this.#nextMessageId += 1;
    const row: MessageView = {
      id: this.#nextMessageId as MessageId,
      chatId,
      direction: 'in',
      at,
      sortAt: at,
      state: message.direction === 'out' ? 'queued' : 'received',
      protection: 'none',
      rev: this.rev(),
      ...message,
    };
    const chat = this.chats.get(chatId);
    const history = this.histories.get(chatId) ?? listHistory([]);
    this.histories.set(chatId, history);
    history.push(row);
    this.emit('messages.upserted', { rows: [row] });
    if (chat !== undefined) {
      const unread = row.direction === 'in' ? chat.unread + 1 : chat.unread;
      const firstUnreadId = unread === 0 ? undefined : (chat.firstUnreadId ?? row.id);
      const last = { preview: row.body.slice(0, 200), direction: row.direction, state: row.state };
      const { firstUnreadId: _, ...rest } = chat;
      const changed = { ...rest, last, unread, activeAt: row.sortAt, rev: this.rev() };
      this.chats.set(chatId, firstUnreadId === undefined ? changed : { ...changed, firstUnreadId });
      this.emit('chats.upserted', { rows: [this.chats.get(chatId) ?? changed] });
    }
    return row;
  }

  snapshot(): Snapshot {
    const about = { host: this.#host, version: '0.1.0' } as const;
    if (this.lock !== undefined) return { ready: false, ...about, lock: this.lock };
    return {
      ready: true,
      ...about,
      keyProtection: this.#keyProtection,
      accounts: [...this.accounts.values()],
      contacts: this.contacts,
      requests: this.requests,
      chats: [...this.chats.values()],
      settings: this.settings,
    };
  }

  #recorded(handlers: Scripted, overrides: Overrides): Handlers {
    const record = (domain: string, methods: object, own: object | undefined): object =>
      Object.fromEntries(
        Object.entries({ ...methods, ...own }).map(([name, handle]) => [
          name,
          (input: unknown) => {
            this.calls.push({ method: `${domain}.${name}`, input });
            return (handle as (value: unknown) => unknown)(input);
          },
        ]),
      );
    const all = Object.entries(contract).map(([name, methods]) => {
      const domain = name as keyof Handlers;
      const unscripted = Object.fromEntries(Object.keys(methods).map((method) => [method, notScripted]));
      return [domain, record(domain, { ...unscripted, ...handlers[domain] }, overrides[domain])] as const;
    });
    // Each entry has the methods that it was made from.
    return Object.fromEntries(all) as unknown as Handlers;
  }

  #handlers(): Scripted {
    return {
      app: {
        snapshot: () => this.snapshot(),
        unlock: ({ passphrase }) => {
          if (this.lock?.state === 'enter-passphrase' && passphrase !== 'correct horse battery staple') {
            throw new AppError('wrong-passphrase', 'wrong');
          }
          this.lock = undefined;
          return this.snapshot();
        },
        retryKeychain: () => this.snapshot(),
        setVisibility: () => undefined,
        openLink: () => undefined,
      },
      accounts: this.#accountHandlers(),
      contacts: this.#contactHandlers(),
      chats: this.#chatHandlers(),
      encryption: encryptionHandlers(this, this.#encryption),
      messages: messageHandlers(this),
      settings: {
        update: (patch) => {
          const given = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
          this.settings = { ...this.settings, ...given };
          this.emit('settings.changed', { settings: this.settings });
          return this.settings;
        },
      },
    };
  }

  #accountHandlers(): Scripted['accounts'] {
    return {
      add: ({ jid, host, port, directTls }) => {
        const account: AccountView = {
          id: accountIdOf(this.accounts.size + 1),
          jid,
          enabled: true,
          phase: 'online',
          directTls,
          rev: this.rev(),
          ...(host === undefined ? {} : { host }),
          ...(port === undefined ? {} : { port }),
        };
        this.accounts.set(account.id, account);
        this.emit('accounts.upserted', { rows: [account] });
        return account;
      },
      remove: ({ accountId }) => {
        this.accounts.delete(accountId);
        for (const chat of this.chats.values()) if (chat.accountId === accountId) this.chats.delete(chat.id);
        this.emit('accounts.removed', { accountId });
      },
      setEnabled: ({ accountId, enabled }) =>
        this.changeAccount(accountId, { enabled, phase: enabled ? 'online' : 'disabled' }),
      setPassword: ({ accountId }) => this.changeAccount(accountId, { phase: 'connecting' }),
      trustCertificate: ({ accountId }) => this.changeAccount(accountId, { phase: 'connecting' }),
      acceptUnbound: ({ accountId }) => this.changeAccount(accountId, { phase: 'connecting' }),
      retryNow: ({ accountId }) => this.changeAccount(accountId, { phase: 'connecting' }),
    };
  }

  #contactHandlers(): Scripted['contacts'] {
    const change = (accountId: AccountId, jid: string, values: Partial<ContactView>): void => {
      const known = this.contacts.find((row) => row.accountId === accountId && row.jid === jid);
      const row: ContactView = {
        ...(known ?? newContact(accountId, jid)),
        ...values,
        rev: this.rev(),
      };
      this.contacts = [...this.contacts.filter((other) => other !== known), row];
      this.emit('contacts.upserted', { rows: [row] });
    };
    const setStanding = (accountId: AccountId, jid: string, standing: ChatView['standing']): void => {
      for (const chat of this.chats.values())
        if (chat.accountId === accountId && chat.jid === jid) this.changeChat(chat.id, { standing });
    };
    return {
      block: ({ accountId, jid, report }) => {
        setStanding(accountId, jid, 'blocked');
        return { reported: report !== undefined };
      },
      unblock: ({ accountId, jid }) => setStanding(accountId, jid, 'open'),
      add: ({ accountId, jid, name }) => change(accountId, jid, { name: name ?? jid, asked: true }),
      rename: ({ accountId, jid, name }) => change(accountId, jid, { name: name === '' ? jid : name }),
      remove: ({ accountId, jid }) => {
        this.contacts = this.contacts.filter((row) => row.accountId !== accountId || row.jid !== jid);
        this.emit('contacts.removed', { accountId, jid });
      },
      answerRequest: ({ accountId, jid, accept }) => {
        this.requests = this.requests.filter((row) => row.accountId !== accountId || row.jid !== jid);
        const rows = this.requests.filter((row) => row.accountId === accountId);
        this.emit('requests.changed', { accountId, rows });
        if (accept) change(accountId, jid, { subscription: 'both' });
      },
    };
  }

  #chatHandlers(): Scripted['chats'] {
    return {
      open: ({ accountId, jid }) => {
        const known = [...this.chats.values()].find((row) => row.accountId === accountId && row.jid === jid);
        if (known !== undefined) return known;
        const contact = this.contacts.find((row) => row.accountId === accountId && row.jid === jid);
        const id = (Math.max(0, ...this.chats.keys()) + 1) as ChatId;
        const name = contact?.name ?? jid;
        const chat = { ...newChat(id, accountId, jid, name), activeAt: Date.now(), rev: this.rev() };
        this.chats.set(id, chat);
        this.emit('chats.upserted', { rows: [chat] });
        return chat;
      },
      markRead: ({ chatId, upTo }) => {
        const chat = this.chats.get(chatId);
        const history = this.histories.get(chatId);
        if (chat === undefined || history === undefined) throw new AppError('not-found', 'no such chat');
        const later = pageOf(history, history.indexOf(upTo) + 1, history.length).rows;
        const unread = later.filter(({ direction }) => direction === 'in');
        const { firstUnreadId: _, ...rest } = chat;
        const first = unread[0]?.id;
        this.chats.set(chatId, first === undefined ? rest : { ...rest, firstUnreadId: first });
        this.changeChat(chatId, { unread: Math.min(unread.length, chat.unread) });
      },
      setDraft: ({ chatId, text }) => this.changeChat(chatId, { draft: text }),
      setTyping: () => undefined,
      accept: ({ chatId }) => {
        this.changeChat(chatId, { standing: 'open' });
        const chat = this.chats.get(chatId);
        if (chat === undefined) throw new AppError('not-found', 'no such chat');
        return chat;
      },
    };
  }
}

export const newChat = (id: ChatId, accountId: AccountId, jid: string, name: string): ChatView => ({
  id,
  accountId,
  jid,
  name,
  unread: 0,
  draft: '',
  typing: false,
  standing: 'open',
  retention: 'default',
  activeAt: 0,
  rev: 1,
});

export const newContact = (accountId: AccountId, jid: string): ContactView => ({
  accountId,
  jid,
  name: jid,
  groups: [],
  subscription: 'both',
  asked: false,
  availability: 'online',
  devices: 1,
  statusText: '',
  rev: 1,
});

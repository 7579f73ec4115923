/** One computer: a whole profile on files of its own, whose network is in memory. */
import { copyFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { createProfile, type Profile } from '#main/profile.ts';
import { openDatabase, type Database, type SqlParameters } from '#main/store/database.ts';
import { profilePaths } from '#main/store/profile.ts';
import { openStore } from '#main/store/store.ts';
import type { Clock } from '#main/util/clock.ts';
import type { AccountId, DeviceId, MessageId } from '#shared/ids.ts';
import type { Pipe } from '#shared/pipe.ts';
import { MemorySecrets } from '../memory-secrets.ts';
import { memoryPipes } from '../memory-pipe.ts';
import { quietLog } from '../test-store.ts';
import { TEST_KEY } from '../temporary-profile.ts';
import type { Setting } from './acts.ts';
import type { SequenceServer } from './server.ts';

/** A device as its owner or a contact sees it. */
export interface SeenDevice {
  readonly deviceId: DeviceId;
  readonly jid: string;
  readonly fingerprint: string;
}

export interface MessageRow {
  readonly id: MessageId;
  readonly body: string;
  readonly failure: string | null;
  readonly protection: string;
  readonly direction: 'in' | 'out';
  readonly state: string;
  readonly originId: string | null;
  readonly chat: string;
}

/** An empty profile, made once for all. */
export const makeTemplate = (folder: string): string => {
  const template = path.join(folder, 'template.db');
  openDatabase(template, TEST_KEY).close();
  return template;
};

/** Timers of a computer end with it. */
class ComputerClock implements Clock {
  readonly #clock: Clock;
  readonly #cancels = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  after(ms: number, act: () => void): () => void {
    const cancel = this.#clock.after(ms, () => {
      this.#cancels.delete(cancel);
      act();
    });
    this.#cancels.add(cancel);
    return () => {
      this.#cancels.delete(cancel);
      cancel();
    };
  }

  stop(): void {
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
  }
}

export interface ComputerOptions {
  readonly name: string;
  readonly jid: string;
  readonly folder: string;
  readonly template: string;
  readonly server: SequenceServer;
  readonly clock: Clock;
  readonly setting: Setting;
}

export class Computer {
  readonly name: string;
  readonly jid: string;
  /** Its owner has thrown it away. */
  isGone = false;
  readonly #options: ComputerOptions;
  readonly #file: string;
  readonly #nobody: Pipe = memoryPipes()[0];
  #running:
    | { readonly profile: Profile; readonly database: Database; readonly clock: ComputerClock }
    | undefined;
  #accountId: AccountId | undefined;

  constructor(options: ComputerOptions) {
    this.#options = options;
    this.name = options.name;
    this.jid = options.jid;
    const folder = path.join(options.folder, options.name);
    mkdirSync(folder, { recursive: true });
    this.#file = profilePaths(folder).database;
    copyFileSync(options.template, this.#file);
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  get accountId(): AccountId {
    if (this.#accountId === undefined) throw new Error(`${this.name} was never logged in`);
    return this.#accountId;
  }

  get deviceId(): number {
    return this.ask<{ id: number }>('SELECT device_id AS id FROM omemo_own')[0]?.id ?? 0;
  }

  get isOnline(): boolean {
    return this.#required().profile.manager.connection(this.accountId).state.phase === 'online';
  }

  run(): void {
    const { server, name, jid, setting } = this.#options;
    const clock = new ComputerClock(this.#options.clock);
    this.#accountId ??= firstLogin(this.#file, jid, setting);
    const database = openDatabase(this.#file, TEST_KEY);
    const profile = createProfile({
      ...{ database, clock, log: quietLog, version: '0.0.0-test' },
      keyProtection: 'keychain',
      keychain: new MemorySecrets(),
      openStream: server.openerFor(name, clock),
      revokeToken: () => Promise.resolve(),
      emit: () => undefined,
      setBadge: () => undefined,
      isActive: () => true,
    });
    this.#running = { profile, database, clock };
    profile.manager.start();
  }

  /** Says goodbye. The network has to move meanwhile. */
  async quit(): Promise<void> {
    const { profile, clock } = this.#required();
    this.#running = undefined;
    await profile.close();
    clock.stop();
  }

  /** As after a power cut: nobody says goodbye, and what is not on the disk is not there. */
  crash(): void {
    const { database, clock } = this.#required();
    this.#running = undefined;
    this.#options.server.sessionOf(this.name)?.stream?.die();
    clock.stop();
    database.close();
  }

  /** Tries at once what waits for its next attempt. */
  reconnect(): void {
    this.#required().profile.manager.retryNow(this.accountId);
  }

  /** Fails where the computer is switched off before the text is stored. */
  async send(to: string, text: string): Promise<void> {
    const { handlers } = this.#required().profile;
    const chat = await handlers.chats.open({ accountId: this.accountId, jid: to }, this.#nobody);
    await handlers.messages.send({ chatId: chat.id, text }, this.#nobody);
  }

  async edit({ id }: MessageRow, text: string): Promise<void> {
    const { handlers } = this.#required().profile;
    await handlers.messages.edit({ messageId: id, text }, this.#nobody);
  }

  async resend({ id }: MessageRow): Promise<void> {
    await this.#required().profile.handlers.messages.resend({ messageId: id }, this.#nobody);
  }

  /** Devices whose key the user could look at. */
  async devices(jid: string): Promise<readonly SeenDevice[]> {
    const { handlers } = this.#required().profile;
    const asked = { accountId: this.accountId, jid, fetch: false };
    const { devices } = await handlers.encryption.devices(asked, this.#nobody);
    return devices.flatMap(({ deviceId, fingerprint, isThis }) =>
      isThis || fingerprint === undefined ? [] : [{ deviceId, jid, fingerprint }],
    );
  }

  async decide(device: SeenDevice, what: 'trust' | 'distrust' | 'verify'): Promise<void> {
    const { handlers } = this.#required().profile;
    const place = { accountId: this.accountId, ...device };
    if (what === 'verify') await handlers.encryption.compare({ ...place, matches: true }, this.#nobody);
    else await handlers.encryption.setTrust({ ...place, trusted: what === 'trust' }, this.#nobody);
  }

  async remove(deviceId: number): Promise<void> {
    const { handlers } = this.#required().profile;
    const device = { accountId: this.accountId, deviceId: deviceId as DeviceId };
    await handlers.encryption.removeDevice(device, this.#nobody);
  }

  /** Damages the disk. @returns the device whose session is lost */
  loseSession(number: number): number | undefined {
    const all = this.ask<{ id: number }>(
      'SELECT device_id AS id FROM omemo_sessions WHERE record IS NOT NULL',
    );
    const id = all[number % Math.max(all.length, 1)]?.id;
    const { database } = this.#required();
    if (id !== undefined)
      database.run('UPDATE omemo_sessions SET record = NULL WHERE device_id = $id', { id });
    return id;
  }

  messages(): readonly MessageRow[] {
    return this.ask<MessageRow>(
      `SELECT m.id, m.body, m.failure, m.protection, m.direction, m.state, m.origin_id AS originId, c.jid AS chat
       FROM messages m JOIN chats c ON c.id = m.chat_id ORDER BY m.sort_at, m.id`,
    );
  }

  /** Reads the database of a running computer, beside the application. */
  ask<Row>(sql: string, parameters: SqlParameters = {}): readonly Row[] {
    return this.#required().database.all<Row>(sql, parameters);
  }

  #required(): { readonly profile: Profile; readonly database: Database; readonly clock: ComputerClock } {
    if (this.#running === undefined) throw new Error(`${this.name} is switched off`);
    return this.#running;
  }
}

/** What the first login and a look at the settings leave. */
const firstLogin = (file: string, jid: string, setting: Setting): AccountId => {
  const database = openDatabase(file, TEST_KEY);
  const store = openStore(database);
  const { id } = store.accounts.add({ jid, directTls: false, createdAt: 1 });
  store.settings.set({ trustPolicy: setting.policy, defaultProtection: setting.protection });
  database.close();
  return id;
};

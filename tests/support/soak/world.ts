import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ChatId, MessageId } from '#shared/ids.ts';
import type { MessageView, Protection } from '#shared/views.ts';
import { Device } from '../device.ts';
import { startFaultProxy, type FaultProxy } from '../fault-proxy.ts';
import { startServer, type XmppServer } from '../server.ts';
import { until } from '../until.ts';
import { ArchiveBook } from './archive-book.ts';
import type { Story } from './story.ts';

export const deviceNames = ['ada-laptop', 'ada-desktop', 'bob-laptop', 'bob-desktop'] as const;
export type DeviceName = (typeof deviceNames)[number];
/** What a sequence can be played with. */
export const protections = ['none', 'omemo'] as const satisfies readonly Protection[];
export type SoakProtection = (typeof protections)[number];

export const people = ['ada', 'bob'] as const;
export type Person = (typeof people)[number];

export const personOf = (name: DeviceName): Person => (name.startsWith('ada') ? 'ada' : 'bob');
export const jidOf = (person: Person): string => `${person}@localhost`;

/** Back-off, settling times and deadlines pass so many times faster. */
const HASTE = 10;
const PAGE = 200;

/** One computer behind a network that can fail. */
export class Seat {
  readonly name: DeviceName;
  readonly device: Device;
  readonly proxy: FaultProxy;
  readonly chatId: ChatId;
  /** The last row that was there before this sequence. */
  #before: MessageId | undefined;

  constructor(name: DeviceName, device: Device, proxy: FaultProxy, chatId: ChatId) {
    this.name = name;
    this.device = device;
    this.proxy = proxy;
    this.chatId = chatId;
  }

  /** What the computer shows of this sequence, in its order. */
  async rows(): Promise<readonly MessageView[]> {
    const { api } = this.device.window;
    const rows: MessageView[] = [];
    for (let anchor = this.#before; ;) {
      const where =
        anchor === undefined
          ? { kind: 'latest' as const, chatId: this.chatId, limit: PAGE }
          : { kind: 'after' as const, chatId: this.chatId, anchor, limit: PAGE };
      const page = await api.messages.page(where);
      rows.push(...page.rows);
      anchor = page.rows.at(-1)?.id;
      if (!page.hasNewer || anchor === undefined) return rows;
    }
  }

  /** From here on a new sequence begins, in which everything is to travel so. */
  async turnPage(protection: SoakProtection): Promise<void> {
    this.#before = (await this.rows()).at(-1)?.id ?? this.#before;
    await this.device.window.api.encryption.setProtection({ chatId: this.chatId, choice: protection });
  }
}

/** Two people with two computers each, on one real server; every computer is a process of its own. */
export class World {
  readonly server: XmppServer;
  readonly seats: ReadonlyMap<DeviceName, Seat>;
  readonly #books: Readonly<Record<Person, ArchiveBook>>;
  readonly #folder: string;
  /** How many messages each story had when this sequence began. */
  #told: Readonly<Record<Person, number>> = { ada: 0, bob: 0 };

  private constructor(server: XmppServer, seats: ReadonlyMap<DeviceName, Seat>, folder: string) {
    this.server = server;
    this.seats = seats;
    this.#folder = folder;
    const { port, ca } = server;
    const book = (person: Person): ArchiveBook =>
      new ArchiveBook({ jid: jidOf(person), password: person, port, ca });
    this.#books = { ada: book('ada'), bob: book('bob') };
  }

  static async start(): Promise<World> {
    const folder = mkdtempSync(path.join(tmpdir(), 'chatsecure-soak-'));
    const accounts = people.map((person) => ({ jid: jidOf(person), password: person }));
    const server = await startServer({ accounts });
    const seats = new Map<DeviceName, Seat>();
    const world = new World(server, seats, folder);
    try {
      const taking = await Promise.allSettled(deviceNames.map((name) => takeSeat(name, server, folder)));
      const taken = taking.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
      for (const seat of taken) seats.set(seat.name, seat);
      for (const one of taking) if (one.status === 'rejected') throw one.reason;
      await introduce(world);
      await Promise.all(Object.values(world.#books).map((book) => book.publishDevice()));
      await Promise.all(taken.map(trustAll));
      return world;
    } catch (error) {
      await world.stop();
      throw error;
    }
  }

  seat(name: DeviceName): Seat {
    const seat = this.seats.get(name);
    if (seat === undefined) throw new Error(`there is no ${name}`);
    return seat;
  }

  /** Asks the archives what is new in them. Rejects while the server is away. */
  async readArchives(): Promise<void> {
    await Promise.all(people.map((person) => this.#books[person].read()));
  }

  /** What a person's archive tells. */
  story(person: Person): Story {
    return this.#books[person].story;
  }

  /** The messages of this sequence as a person's archive tells them. */
  told(person: Person): Story['messages'] {
    return this.story(person).messages.slice(this.#told[person]);
  }

  /** From here on a new sequence begins: what is there by now has been looked at. */
  async turnPage(protection: SoakProtection): Promise<void> {
    await Promise.all([...this.seats.values()].map((seat) => seat.turnPage(protection)));
    this.#told = { ada: this.story('ada').messages.length, bob: this.story('bob').messages.length };
  }

  async stop(): Promise<void> {
    await Promise.all(people.map((person) => this.#books[person].close()));
    await Promise.all(
      [...this.seats.values()].map(async ({ device, proxy }) => {
        await device.kill();
        await proxy.stop();
      }),
    );
    await this.server.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

const takeSeat = async (name: DeviceName, server: XmppServer, folder: string): Promise<Seat> => {
  const person = personOf(name);
  const own = path.join(folder, name);
  mkdirSync(own);
  const proxy = await startFaultProxy(server.port);
  const options = {
    name,
    folder: own,
    ca: server.ca,
    jid: jidOf(person),
    password: person,
    port: proxy.port,
    haste: HASTE,
  };
  const device = await Device.start(options);
  const account = device.account;
  if (account === undefined) throw new Error(`${name} could not log in`);
  // Markers are part of what must come right.
  await device.window.api.settings.update({ sendReadMarkers: true, sendReceipts: true });
  const other = jidOf(person === 'ada' ? 'bob' : 'ada');
  const chat = await device.window.api.chats.open({ accountId: account.id, jid: other });
  return new Seat(name, device, proxy, chat.id);
};

/** They put each other on their lists: strangers get no receipts. */
const introduce = async (world: World): Promise<void> => {
  const [ada, bob] = [world.seat('ada-laptop').device, world.seat('bob-laptop').device];
  if (ada.account === undefined || bob.account === undefined) throw new Error('somebody has no account');
  await ada.window.api.contacts.add({ accountId: ada.account.id, jid: jidOf('bob') });
  const accountId = bob.account.id;
  await until('the request', () => (bob.window.requests.get(accountId)?.length ?? 0) > 0);
  await bob.window.api.contacts.answerRequest({ accountId, jid: jidOf('ada'), accept: true });
  for (const { name, device } of world.seats.values()) {
    const other = jidOf(personOf(name) === 'ada' ? 'bob' : 'ada');
    await until(`${name} to know ${other}`, () => device.window.contacts.get(other)?.subscription === 'both');
  }
};

/** Of each person: two computers, and what reads the archive. */
const DEVICES = 3;
/** Who looks at a chat gets the keys of the other side's devices; nobody looks more often than so. */
const LOOK_AGAIN_MS = 1_000;
const TRUST_LIMIT_MS = 60_000;

/** As the user would: looks at the devices of both people, and switches each on. */
const trustAll = async ({ name, device, chatId }: Seat): Promise<void> => {
  const accountId = device.account?.id;
  if (accountId === undefined) throw new Error(`${name} has no account`);
  const { encryption } = device.window.api;
  let lookAt = 0;
  const keysOf = async (jid: string) => {
    if (Date.now() >= lookAt) {
      lookAt = Date.now() + LOOK_AGAIN_MS;
      await encryption.protection({ chatId });
    }
    const { devices } = await encryption.devices({ accountId, jid, fetch: true });
    const listed = devices.filter(({ standing }) => standing !== 'removed');
    const others = listed.filter(({ isThis }) => !isThis);
    const keys = others.flatMap(({ deviceId, fingerprint }) =>
      fingerprint === undefined ? [] : [{ deviceId, fingerprint }],
    );
    return listed.length === DEVICES && keys.length === others.length && keys;
  };
  for (const jid of people.map(jidOf)) {
    const what = `${name} to know the devices of ${jid}`;
    for (const key of await until(what, () => keysOf(jid), TRUST_LIMIT_MS))
      await encryption.setTrust({ accountId, jid, ...key, trusted: true });
  }
};

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ChatId } from '#shared/ids.ts';
import { Device } from '../device.ts';
import { startFaultProxy, type FaultProxy } from '../fault-proxy.ts';
import { startProsody, type Prosody } from '../prosody.ts';
import { readArchive } from './read-archive.ts';

export const deviceNames = ['ada-laptop', 'ada-desktop', 'bob-laptop', 'bob-desktop'] as const;
export type DeviceName = (typeof deviceNames)[number];
export type Person = 'ada' | 'bob';

export const personOf = (name: DeviceName): Person => (name.startsWith('ada') ? 'ada' : 'bob');
export const jidOf = (person: Person): string => `${person}@localhost`;

/** One computer behind a network that can fail. */
export interface Seat {
  readonly name: DeviceName;
  readonly device: Device;
  readonly proxy: FaultProxy;
  readonly chatId: ChatId;
}

/** Two people with two computers each, on one real server; every computer is a process of its own. */
export class World {
  readonly server: Prosody;
  readonly seats: ReadonlyMap<DeviceName, Seat>;
  readonly #folder: string;

  private constructor(server: Prosody, seats: ReadonlyMap<DeviceName, Seat>, folder: string) {
    this.server = server;
    this.seats = seats;
    this.#folder = folder;
  }

  static async start(): Promise<World> {
    const folder = mkdtempSync(path.join(tmpdir(), 'chatsecure-soak-'));
    const accounts = (['ada', 'bob'] as const).map((person) => ({ jid: jidOf(person), password: person }));
    const server = await startProsody({ accounts });
    const seats = new Map<DeviceName, Seat>();
    const world = new World(server, seats, folder);
    try {
      for (const name of deviceNames) seats.set(name, await takeSeat(name, server, folder));
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

  /** The network is whole again, every computer runs and wants to be online. */
  async heal(): Promise<void> {
    for (const { proxy } of this.seats.values()) {
      proxy.refuse(false);
      proxy.chunk(undefined);
      if (proxy.isSwallowing) {
        proxy.heal();
        // What it swallowed is missing in the middle of the TLS stream: nothing good can follow.
        proxy.cut();
      }
    }
    for (const { device } of this.seats.values()) {
      if (!device.isRunning) await device.run();
      const account = device.account;
      if (account === undefined) throw new Error(`${device.options.name} has lost its account`);
      if (!account.enabled)
        await device.window.api.accounts.setEnabled({ accountId: account.id, enabled: true });
      await device.window.api.accounts.retryNow({ accountId: account.id });
    }
  }

  /** The texts of a person's archive, as the server keeps them. */
  archive(person: Person): Promise<readonly string[]> {
    return readArchive({ jid: jidOf(person), password: person, port: this.server.port, ca: this.server.ca });
  }

  async stop(): Promise<void> {
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

const takeSeat = async (name: DeviceName, server: Prosody, folder: string): Promise<Seat> => {
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
  };
  const device = await Device.start(options);
  const account = device.account;
  if (account === undefined) throw new Error(`${name} could not log in`);
  const other = jidOf(person === 'ada' ? 'bob' : 'ada');
  const chat = await device.window.api.chats.open({ accountId: account.id, jid: other });
  return { name, device, proxy, chatId: chat.id };
};

/** Dino on a display of its own. It begins with the newest page of the archive, so all are waited for. */
import { mkdir } from 'node:fs/promises';
import { DinoPeer, startDino } from '#tests/support/peers/dino.ts';
import { until } from '#tests/support/until.ts';
import type { Desk } from '../desk.ts';
import type { Side } from '../pair.ts';
import { converse, loginOf } from './converse.ts';
import { PATIENCE_MS, type CaughtUp, type EncryptedReader, type Missed, type Other } from './reader.ts';

export class DinoReader implements EncryptedReader {
  readonly name = 'Dino';
  readonly source = 'archive';
  readonly jid: string;
  readonly #desk: Desk;
  readonly #side: Side;
  readonly #home: string;

  constructor(desk: Desk, side: Side) {
    this.jid = side.jid;
    this.#desk = desk;
    this.#side = side;
    this.#home = desk.newFolder();
  }

  async meet(other: Other): Promise<void> {
    await mkdir(this.#home);
    await converse(await startDino(loginOf(this.#desk, this.#side), this.#home), this.jid, other);
  }

  async catchUp({ texts }: Missed): Promise<CaughtUp> {
    const client = await DinoPeer.startBusy(loginOf(this.#desk, this.#side), this.#home);
    try {
      const missing = (): number => {
        const read = new Set(client.read());
        return texts.filter((text) => !read.has(text)).length;
      };
      await until('Dino to read all', () => missing() === 0, PATIENCE_MS).catch((cause: unknown) => {
        throw new Error(`Dino has not read ${missing()}`, { cause });
      });
      // Its process is in a room of its own, with a display and a bus.
      return { ms: performance.now() - (client.connectedAt ?? Number.NaN), busy: undefined };
    } finally {
      await client.stop();
    }
  }
}

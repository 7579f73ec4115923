/** Profanity in a terminal: it reads no archive, so its copy is what the server has kept for its next login. */
import { mkdir } from 'node:fs/promises';
import { ProfanityPeer, startProfanity } from '#tests/support/peers/profanity.ts';
import { until } from '#tests/support/until.ts';
import type { Desk } from '../desk.ts';
import type { Side } from '../pair.ts';
import { converse, loginOf } from './converse.ts';
import { PATIENCE_MS, type CaughtUp, type EncryptedReader, type Missed, type Other } from './reader.ts';

export class ProfanityReader implements EncryptedReader {
  readonly name = 'Profanity';
  readonly source = 'offline messages';
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
    const client = await startProfanity(loginOf(this.#desk, this.#side), this.#home);
    this.#endWithDesk(client);
    await converse(client, this.jid, other);
  }

  async catchUp({ texts }: Missed): Promise<CaughtUp> {
    const client = await ProfanityPeer.startOffline(loginOf(this.#desk, this.#side), this.#home);
    this.#endWithDesk(client);
    try {
      const last = texts.at(-1) ?? '';
      const before = await client.busyMs();
      const started = performance.now();
      await client.logIn();
      await until(`Profanity to read ${last}`, async () => (await client.timesRead(last)) > 0, PATIENCE_MS);
      const ms = performance.now() - started;
      const busy = (await client.busyMs()) - before;
      const read = new Set(client.read().map((line) => line.slice(line.indexOf(': ') + 2)));
      const missing = texts.filter((text) => !read.has(text)).length;
      if (missing > 0) throw new Error(`Profanity has not read ${missing}`);
      return { ms, busy };
    } finally {
      await client.stop();
    }
  }

  /** Its terminal would go on after a Ctrl-C: tmux leaves who starts it. */
  #endWithDesk(client: ProfanityPeer): void {
    this.#desk.onClose(() => client.stop());
  }
}

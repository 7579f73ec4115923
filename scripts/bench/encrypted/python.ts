/** slixmpp with python-omemo: pages of its archive plugin, and keys and texts stored once for each page. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { startPythonPeer } from '#tests/support/peers/omemo-peer.ts';
import { slixmppPython } from '#tests/support/peers/slixmpp.ts';
import type { Desk } from '../desk.ts';
import type { Side } from '../pair.ts';
import { converse, loginOf } from './converse.ts';
import { PATIENCE_MS, type CaughtUp, type EncryptedReader, type Missed, type Other } from './reader.ts';

const SCRIPT = path.join(import.meta.dirname, '..', 'children', 'python-archive.py');

const answer = z.object({ ms: z.number(), busy: z.number(), read: z.number(), failed: z.array(z.string()) });

export class PythonReader implements EncryptedReader {
  readonly name = 'python-omemo';
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
    await converse(await startPythonPeer(loginOf(this.#desk, this.#side), this.#home), this.jid, other);
  }

  async catchUp({ texts, since }: Missed): Promise<CaughtUp> {
    const { jid, resource, server, authorityFile, password } = loginOf(this.#desk, this.#side);
    const state = path.join(this.#home, 'omemo.json');
    const child = spawn(
      slixmppPython(),
      [
        ...[SCRIPT, `${jid}/${resource}`, String(server.port), authorityFile, state],
        ...[path.join(this.#home, 'texts.db'), String(since / 1_000)],
      ],
      { stdio: ['pipe', 'pipe', 'pipe'] },
    );
    const ended = once(child, 'exit');
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-4_000)));
    child.stdin.write(`${password}\n`);
    const late = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    try {
      for await (const line of createInterface({ input: child.stdout })) {
        const told = answer.safeParse(JSON.parse(line));
        if (!told.success) continue;
        const { ms, busy, read, failed } = told.data;
        if (read === texts.length) return { ms, busy };
        throw new Error(`python-omemo has read ${read}: ${failed.slice(0, 3).join()}`);
      }
      throw new Error(`python-omemo ended early:\n${errors}`);
    } finally {
      // It ends when nobody tells it anything any more.
      child.stdin.end();
      await ended;
      clearTimeout(late);
    }
  }
}

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import type { XmppServer } from '../server.ts';
import { until } from '../until.ts';

/** Clients that other people wrote, as programs that a test drives. What they hear and do has one shape for all. */

const said = { sender: z.string(), id: z.string() };

/** What a client tells of its conversation; `about`, `replaces` and `answers` are ids on the wire. */
const heard = z.discriminatedUnion('event', [
  z.object({
    event: z.literal('text'),
    ...said,
    body: z.string(),
    receipt: z.boolean(),
    marker: z.boolean(),
  }),
  z.object({ event: z.literal('correction'), ...said, replaces: z.string() }),
  z.object({ event: z.literal('reply'), ...said, answers: z.string() }),
  z.object({ event: z.literal('retraction'), ...said, about: z.string(), form: z.enum(['old', 'current']) }),
  z.object({ event: z.literal('receipt'), ...said, about: z.string() }),
  z.object({ event: z.literal('displayed'), ...said, about: z.string() }),
  z.object({ event: z.literal('chat-state'), ...said, state: z.string() }),
  z.object({ event: z.literal('reactions'), ...said, about: z.string(), emojis: z.array(z.string()) }),
  z.object({
    event: z.literal('carbon'),
    ...said,
    to: z.string(),
    direction: z.enum(['sent', 'received']),
    body: z.string(),
  }),
  /** Of clients that encrypt: a message that they could not read, or a device that they could not encrypt for. */
  z.object({ event: z.literal('unreadable'), ...said, reason: z.string() }),
  z.object({ event: z.literal('left-out'), ...said, reason: z.string() }),
]);
export type Heard = z.infer<typeof heard>;
type HeardOf<E extends Heard['event']> = Extract<Heard, { event: E }>;

const line = z.union([
  z.object({ id: z.number(), ok: z.unknown() }),
  z.object({ id: z.number(), failed: z.string() }),
  z.object({ event: z.literal('started'), jid: z.string(), version: z.string() }),
  z.object({ event: z.literal('refused'), reason: z.string() }),
  heard,
]);

const archived = z.array(z.object({ sender: z.string(), id: z.string(), body: z.string() }));

export interface Login {
  readonly jid: string;
  readonly password: string;
  readonly resource: string;
  readonly server: XmppServer;
  /** File with the authority that signs the server's certificate. */
  readonly authorityFile: string;
}

/** How to start a client of one make. */
export interface ClientProgram {
  readonly command: string;
  readonly args: readonly string[];
}

/** One running client. It speaks the lines that `slixmpp-client.py` describes. */
export class OtherClient {
  readonly jid: string;
  readonly heard: Heard[] = [];
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #gone: Promise<unknown>;
  #ids = 0;
  #errors = '';

  private constructor(jid: string, child: ChildProcess, started: PromiseWithResolvers<void>) {
    this.jid = jid;
    this.#child = child;
    this.#gone = once(child, 'exit');
    child.stderr?.on(
      'data',
      (chunk: Buffer) => (this.#errors = (this.#errors + chunk.toString()).slice(-4000)),
    );
    // A command to a client that has just died fails by its end.
    child.stdin?.on('error', () => undefined);
    if (child.stdout !== null)
      createInterface({ input: child.stdout }).on('line', (text) => this.#read(text, started));
    void this.#gone.then(() => {
      const end = new Error(`the client of ${jid} has ended:\n${this.#errors}`);
      started.reject(end);
      for (const answer of this.#waiting.values()) answer.reject(end);
    });
  }

  /** Logs in with carbons, is available, and lets everybody see it who asks. */
  static async start(program: ClientProgram, login: Login): Promise<OtherClient> {
    const child = spawn(program.command, program.args, { stdio: ['pipe', 'pipe', 'pipe'] });
    const started = Promise.withResolvers<void>();
    const client = new OtherClient(login.jid, child, started);
    child.stdin.write(`${login.password}\n`);
    await started.promise;
    return client;
  }

  befriend(jid: string): Promise<unknown> {
    return this.#do('befriend', { jid });
  }
  /** Asks for a receipt and a marker. @returns its id on the wire */
  async text(to: string, body: string): Promise<string> {
    return z.string().parse(await this.#do('text', { to, body }));
  }
  async correct(to: string, about: string, body: string): Promise<string> {
    return z.string().parse(await this.#do('correct', { to, about, body }));
  }
  async reply(
    to: string,
    reply: {
      readonly about: string;
      readonly author: string;
      readonly quoted: string;
      readonly body: string;
    },
  ): Promise<string> {
    return z.string().parse(await this.#do('reply', { to, ...reply }));
  }
  react(to: string, about: string, emojis: readonly string[]): Promise<unknown> {
    return this.#do('react', { to, about, emojis });
  }
  retract(to: string, about: string, form: 'old' | 'current'): Promise<unknown> {
    return this.#do('retract', { to, about, form });
  }
  markDisplayed(to: string, about: string): Promise<unknown> {
    return this.#do('mark', { to, about });
  }
  type(to: string, state: 'active' | 'composing' | 'paused' | 'gone'): Promise<unknown> {
    return this.#do('state', { to, state });
  }
  /** What the own archive has of the conversation with somebody, oldest first. */
  async archive(peer: string): Promise<z.infer<typeof archived>> {
    return archived.parse(await this.#do('archive', { peer }));
  }

  /** Loses all sessions with an address, as a client does whose store was damaged. */
  forgetSessions(jid: string): Promise<unknown> {
    return this.#do('forget', { jid });
  }
  /** Sends a message that was damaged on its way. @returns its id on the wire */
  async spoil(to: string, body: string): Promise<string> {
    return z.string().parse(await this.#do('spoil', { to, body }));
  }
  /** Its own OMEMO device. */
  async device(): Promise<number> {
    return z.number().parse(await this.#do('device', {}));
  }
  /** The OMEMO devices of an address that its messages go to. */
  async knownDevices(jid: string): Promise<readonly number[]> {
    return z.array(z.number()).parse(await this.#do('knows', { jid }));
  }

  /** The first of a kind that fits, heard already or soon. */
  expect<E extends Heard['event']>(event: E, fits: (one: HeardOf<E>) => boolean): Promise<HeardOf<E>> {
    const isIt = (one: Heard): one is HeardOf<E> => one.event === event && fits(one as HeardOf<E>);
    return until(`${event}, not ${JSON.stringify(this.heard)}`, () => this.heard.find(isIt));
  }

  /** Ends its input, then it. */
  async stop(): Promise<void> {
    this.#child.stdin?.end();
    const late = setTimeout(() => this.#child.kill('SIGKILL'), 5000);
    await this.#gone;
    clearTimeout(late);
  }

  #do(name: string, args: object): Promise<unknown> {
    const id = ++this.#ids;
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.set(id, answer);
    this.#child.stdin?.write(`${JSON.stringify({ id, do: name, ...args })}\n`);
    return answer.promise.finally(() => this.#waiting.delete(id));
  }

  #read(text: string, started: PromiseWithResolvers<void>): void {
    const one = line.parse(JSON.parse(text));
    if ('failed' in one) this.#waiting.get(one.id)?.reject(new Error(one.failed));
    else if ('ok' in one) this.#waiting.get(one.id)?.resolve(one.ok);
    else if (one.event === 'started') started.resolve();
    else if (one.event === 'refused') started.reject(new Error(`the client could not log in: ${one.reason}`));
    else this.heard.push(one);
  }
}

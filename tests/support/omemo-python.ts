/** A device of python-omemo (Debian: python3-oldmemo, python3-twomemo, python3-xmlschema) in a process of its own. */
import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';

/** The Python that Debian's packages belong to. */
const PYTHON = '/usr/bin/python3';

/** Whether the packages are here. */
export const hasPythonOmemo = (): boolean =>
  spawnSync(PYTHON, ['-c', 'import oldmemo.etree, twomemo.etree']).status === 0;

/** How a payload is sealed: with an IV of 12 bytes and the tag beside the key, or as older clients did it. */
export type SealForm = 'usual' | 'long-iv' | 'tag-in-payload';

export interface PythonAnswer {
  readonly error?: string;
}

export class PythonOmemo {
  readonly jid: string;
  readonly deviceId: number;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;

  private constructor(
    jid: string,
    deviceId: number,
    child: ChildProcessWithoutNullStreams,
    lines: AsyncIterator<string>,
  ) {
    this.jid = jid;
    this.deviceId = deviceId;
    this.#child = child;
    this.#lines = lines;
  }

  /** @param state file that keeps its keys; an existing one is a restart */
  static async start(jid: string, state: string, kind: 'old' | 'two'): Promise<PythonOmemo> {
    const script = path.join(import.meta.dirname, 'children', 'omemo-peer.py');
    const child = spawn(PYTHON, [script, jid, state, kind]);
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const first = await lines.next();
    if (first.done === true) throw new Error(`the Python peer did not start:\n${errors}`);
    const { ready } = JSON.parse(first.value) as { ready: number };
    return new PythonOmemo(jid, ready, child, lines);
  }

  bundle(): Promise<{ readonly xml: string }> {
    return this.#ask({ op: 'bundle' });
  }

  /** Tells it of the devices of an address. */
  meet(jid: string, bundles: Readonly<Record<number, string>>): Promise<PythonAnswer> {
    return this.#ask({ op: 'meet', jid, bundles });
  }

  encrypt(jid: string, ...texts: readonly string[]): Promise<readonly string[]> {
    return this.encryptAs('usual', jid, ...texts);
  }

  /** In a form that older clients have used; only in the generation `old`. */
  async encryptAs(form: SealForm, jid: string, ...texts: readonly string[]): Promise<readonly string[]> {
    return (await this.#ask<{ xml: readonly string[] }>({ op: 'encrypt', jid, texts, form })).xml;
  }

  /** The texts, or what it says where it cannot read; null for empty messages. */
  async decrypt(
    jid: string,
    ...messages: readonly string[]
  ): Promise<{ readonly texts: readonly (string | null)[]; readonly outbox: readonly string[] }> {
    interface Result {
      readonly text?: string | null;
      readonly error?: string;
    }
    const { results, outbox } = await this.#ask<{ results: readonly Result[]; outbox: readonly string[] }>({
      op: 'decrypt',
      jid,
      xml: messages,
    });
    return { texts: results.map(({ text, error }) => error ?? text ?? null), outbox };
  }

  /** Keeps its state and ends. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    await this.#ask({ op: 'save' });
    const gone = once(this.#child, 'exit');
    this.#child.stdin.end();
    await gone;
  }

  async #ask<Answer extends object>(question: object): Promise<Answer> {
    this.#child.stdin.write(`${JSON.stringify(question)}\n`);
    const next = await this.#lines.next();
    if (next.done === true) throw new Error('the Python peer has ended');
    const answer = JSON.parse(next.value) as Answer & PythonAnswer;
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer;
  }
}

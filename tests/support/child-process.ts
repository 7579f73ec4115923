import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { onTestFinished } from 'vitest';

/** A process of the test's own: a TypeScript file run by plain Node. Killed when the test ends. */
export interface TestChild {
  readonly process: ChildProcess;
  /** The next line of its output; undefined when it has ended. */
  nextLine(): Promise<string | undefined>;
  /** SIGKILL, and the end of the process. */
  kill(): Promise<void>;
  /** The exit code, with everything that it wrote to standard error. */
  finished(): Promise<{ readonly code: number | null; readonly stderr: string }>;
}

/** @param command what to run; `node` is this very Node */
export const startChild = (
  command: string,
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly input?: string } = {},
): TestChild => {
  const program = command === 'node' ? process.execPath : command;
  const child = spawn(program, args, { env: options.env ?? process.env, stdio: ['pipe', 'pipe', 'pipe'] });
  // A program that reads nothing may have ended before; what matters is how it ended.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const closed = once(child, 'close') as Promise<[number | null]>;
  // A command that cannot be started rejects `finished`; nobody else need wait for it.
  closed.catch(() => undefined);
  const reader: Interface = createInterface({ input: child.stdout });
  const lines = reader[Symbol.asyncIterator]();
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await closed.catch(() => undefined);
  };
  onTestFinished(kill);
  return {
    process: child,
    nextLine: async () => {
      const next = await lines.next();
      return next.done === true ? undefined : next.value;
    },
    kill,
    finished: async () => ({ code: (await closed)[0], stderr }),
  };
};

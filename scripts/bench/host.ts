/** The built application on the loopback host. */
import { spawn, execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { root } from '../tool.ts';
import { end } from './child.ts';

const run = promisify(execFile);

export interface Host {
  /** Good for one window. */
  readonly launchUrl: string;
  /** Milliseconds from the start of the process to the launch URL. */
  readonly startMs: number;
  /** When the process was started, milliseconds since 1970. */
  readonly startedAt: number;
  /** Memory of the process that lies in RAM, in MiB. */
  residentMiB(): Promise<number>;
  /** What `loop-watch.ts` has seen; `restart` begins anew. Only of a host that is watched. */
  loop(question: LoopQuestion): Promise<LoopAnswer>;
  stop(): Promise<void>;
}

export type LoopQuestion = 'tell' | 'restart';

export interface LoopAnswer {
  /** For how long at most the event loop did not turn. */
  readonly longestMs: number;
  /** Processor time of all threads since the start. */
  readonly busyMs: number;
}

const WATCH = path.join(import.meta.dirname, 'children', 'loop-watch.ts');

/**
 * Starts the built application on a profile.
 * @param watched its event loop can be asked for
 * @throws Error with its output where it ends before it serves
 */
export const startHost = async (profile: string, env: NodeJS.ProcessEnv, watched = false): Promise<Host> => {
  const script = path.join(root, 'dist', 'main', 'web.js');
  if (!existsSync(script)) throw new Error('dist/ is missing');
  const started = performance.now();
  const child = spawn(
    process.execPath,
    [...(watched ? ['--import', WATCH] : []), script, '--print-launch-url'],
    {
      env: { ...env, CHATSECURE_PROFILE: profile },
      stdio: ['ignore', 'pipe', 'pipe', ...(watched ? (['ipc'] as const) : [])],
    },
  );
  if (child.stdout === null || child.stderr === null) throw new Error('the pipes are missing');
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const lines = createInterface({ input: child.stdout });
  const line = await Promise.race([
    once(lines, 'line').then(([first]) => String(first)),
    once(child, 'exit').then(() => {
      throw new Error(`the application ended before it served:\n${errors}`);
    }),
  ]);
  const startMs = performance.now() - started;
  return {
    launchUrl: (JSON.parse(line) as { readonly launchUrl: string }).launchUrl,
    startMs,
    startedAt: performance.timeOrigin + started,
    residentMiB: async () => Number((await run('ps', ['-o', 'rss=', '-p', String(child.pid)])).stdout) / 1024,
    loop: async (question) => {
      const answered = once(child, 'message');
      child.send(question);
      const [answer] = (await answered) as [LoopAnswer];
      return answer;
    },
    stop: () => end(child),
  };
};

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

/** Folder of the repository. */
export const root = path.resolve(import.meta.dirname, '..');

export interface Finished {
  /** Exit code; 1 where a signal ended it or it could not be started. */
  readonly code: number;
  /** Standard output and error, in the order they came; empty where they went to the terminal. */
  readonly output: string;
}

/**
 * The JavaScript file behind a command of an installed package. Started with our own Node: the shims in
 * node_modules/.bin are .cmd files on Windows, which cannot be spawned without a shell.
 * @throws Error where the package has no such command
 */
export const commandFile = (packageName: string, command = packageName): string => {
  const folder = path.join(root, 'node_modules', packageName);
  const { bin } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as {
    readonly bin?: string | Readonly<Record<string, string>>;
  };
  const file = typeof bin === 'string' ? bin : bin?.[command];
  if (file === undefined) throw new Error(`the package ${packageName} has no command ${command}`);
  return path.join(folder, file);
};

/** Runs a Node program in the folder of the repository, quietly: what it wrote comes back as text. */
export const runQuietly = (args: readonly string[], env = process.env): Promise<Finished> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const parts: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (bytes: Buffer) => parts.push(bytes));
    child.on('error', (error) => resolve({ code: 1, output: error.message }));
    child.on('close', (code) => resolve({ code: code ?? 1, output: Buffer.concat(parts).toString() }));
  });

/**
 * Runs a program with this terminal as its own. Signals that reach only us are passed on; Ctrl-C in a
 * terminal reaches the child by itself.
 */
export const runVisibly = (file: string, args: readonly string[], env = process.env): Promise<Finished> =>
  new Promise((resolve) => {
    const child = spawn(file, args, { cwd: root, env, stdio: 'inherit' });
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
    const offs = signals.map((signal) => {
      const pass = (): void => {
        if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
      };
      process.on(signal, pass);
      return (): void => void process.off(signal, pass);
    });
    const done = (finished: Finished): void => {
      for (const off of offs) off();
      resolve(finished);
    };
    child.on('error', (error) => done({ code: 1, output: error.message }));
    child.on('close', (code) => done({ code: code ?? 1, output: '' }));
  });

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Removed when the process that started the server dies without stopping it. */
  readonly dir: string;
  /** It has started when all of them accept connections. */
  readonly ports: readonly number[];
}

/** A server's process, and a watcher that ends it when our end of a pipe closes, even after SIGKILL. */
export class ServerProcess {
  readonly #options: ServerCommand;
  #child: ChildProcess | undefined;
  #watcher: ChildProcess | undefined;

  constructor(options: ServerCommand) {
    this.#options = options;
  }

  /** @throws with the last words of the server when it does not answer within half a minute */
  async start(): Promise<void> {
    const { command, args, env, dir, ports } = this.#options;
    const child = spawn(command, args, { env: env ?? process.env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const collect = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-4000);
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    await once(child, 'spawn');
    this.#child = child;
    const orphaned = 'read -r line || { kill -KILL "$1"; sleep 1; rm -rf "$2"; }';
    this.#watcher = spawn('sh', ['-c', orphaned, 'sh', String(child.pid), dir], {
      stdio: ['pipe', 'ignore', 'ignore'],
      // Its own group: Ctrl-C at a terminal reaches the tests, not it.
      detached: true,
    });
    for (const stream of [child.stdout, child.stderr, this.#watcher.stdin]) unref(stream);
    child.unref();
    this.#watcher.unref();
    for (const port of ports) {
      for (let attempt = 0; !(await accepts(port)); attempt += 1) {
        if (child.exitCode !== null || attempt > 1200) {
          await this.end('SIGKILL');
          throw new Error(`${command} did not start:\n${output}`);
        }
        await pause(25);
      }
    }
  }

  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const [child, watcher] = [this.#child, this.#watcher];
    this.#child = undefined;
    this.#watcher = undefined;
    if (child === undefined) return;
    if (child.exitCode === null && child.signalCode === null) {
      child.ref();
      const gone = once(child, 'exit');
      child.kill(signal);
      const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await gone;
      clearTimeout(late);
    }
    watcher?.stdin?.end('done\n');
  }
}

/** A pipe to a child must not keep the test process alive. */
const unref = (stream: object | null): void => {
  if (stream !== null && 'unref' in stream && typeof stream.unref === 'function') stream.unref();
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const answer = (open: boolean) => (): void => {
      socket.destroy();
      resolve(open);
    };
    socket.once('connect', answer(true));
    socket.once('error', answer(false));
  });

/** Below the range from which the kernel takes ports for outgoing connections: nobody takes them before the server does. */
export const freePorts = async (count: number): Promise<readonly number[]> => {
  const found: number[] = [];
  while (found.length < count) {
    const port = 10_000 + Math.floor(Math.random() * 22_000);
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (free && !found.includes(port)) found.push(port);
  }
  return found;
};

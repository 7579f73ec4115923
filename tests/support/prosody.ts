import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { createAuthority, type IssueOptions } from './certificates.ts';

/**
 * A private Prosody 0.12 for the suites, the demo and the bench: loopback only, free ports, its own
 * folder and its own throwaway authority. It ends with the process that started it, however that ends.
 */

const run = promisify(execFile);

export interface VirtualHost {
  readonly name: string;
  /** Lua, inside the section of this host. */
  readonly config?: string;
  readonly certificate?: IssueOptions;
}

export interface ProsodyOptions {
  /** Bare JID and password; the host must be one of `localhost`, the ready-made ones or `hosts`. */
  readonly accounts?: readonly { readonly jid: string; readonly password: string }[];
  /** Virtual hosts besides localhost, sha256.test, selfsigned.test, expired.test and wrongname.test. */
  readonly hosts?: readonly VirtualHost[];
  /** Modules of Debian's prosody and prosody-modules, besides the usual ones. */
  readonly modules?: readonly string[];
  /** Lua, in the global section; later lines win. */
  readonly extraConfig?: string;
}

export interface Prosody {
  readonly host: '127.0.0.1';
  /** STARTTLS. */
  readonly port: number;
  readonly directTlsPort: number;
  /** http_file_share answers on https://localhost:<httpsPort>/. */
  readonly httpsPort: number;
  /** PEM of the authority that signs its certificates. */
  readonly ca: string;
  /** Its folder: `prosody.cfg.lua`, `data/`, `certs/`, `log/`. */
  readonly dir: string;
  /** Makes an account, or changes its password. */
  addUser(jid: string, password: string): Promise<void>;
  removeUser(jid: string): Promise<void>;
  /** Stops and starts on the same ports and data. Default SIGTERM, which says goodbye to the clients. */
  restart(options?: { readonly kill?: 'SIGKILL' | 'SIGTERM' }): Promise<void>;
  /** Ends the server and leaves the data, for what clients see meanwhile. */
  halt(signal?: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  start(): Promise<void>;
  /** Runs one command of `prosodyctl shell`, such as `c2s:closeall()`. */
  shell(command: string): Promise<string>;
  /** What the server has logged so far, level debug. */
  log(): Promise<string>;
  /** Ends the server and removes its folder. */
  stop(): Promise<void>;
}

const BUILT_IN: readonly VirtualHost[] = [
  { name: 'localhost', certificate: { names: ['localhost', 'conference.localhost', 'upload.localhost'] } },
  // Offers SCRAM-SHA-256 and PLAIN, no SCRAM-SHA-1: internal_hashed keeps one hash per account.
  { name: 'sha256.test', config: 'password_hash = "SHA-256"' },
  { name: 'selfsigned.test', certificate: { selfSigned: true } },
  { name: 'expired.test', certificate: { expired: true } },
  { name: 'wrongname.test', certificate: { names: ['somewhere-else.test'] } },
];

const MODULES = [
  'roster',
  'saslauth',
  'tls',
  'disco',
  'ping',
  'time',
  'version',
  'register',
  'pep',
  'carbons',
  'mam',
  'smacks',
  'csi_simple',
  'vcard4',
  'vcard_legacy',
  'blocklist',
  'bookmarks',
  'private',
  'offline',
  'lastactivity',
  'http',
  'admin_shell',
];

/** Starts a server and waits until it answers. */
export const startProsody = async (options: ProsodyOptions = {}): Promise<Prosody> => {
  const dir = await mkdtemp(join(tmpdir(), 'prosody-'));
  try {
    return await setUp(dir, options);
  } catch (error) {
    await rm(dir, { recursive: true, force: true });
    throw error;
  }
};

const setUp = async (dir: string, options: ProsodyOptions): Promise<Prosody> => {
  const hosts = [...BUILT_IN, ...(options.hosts ?? [])];
  const [port, directTlsPort, httpsPort] = await freePorts();
  const authority = await createAuthority(join(dir, 'certs'));
  await Promise.all([
    ...['data', 'log'].map((name) => mkdir(join(dir, name))),
    ...hosts.filter(isExpired).map((host) => authority.issue(host.name, host.certificate)),
  ]);
  await Promise.all(
    hosts.filter((host) => !isExpired(host)).map((host) => authority.issue(host.name, host.certificate)),
  );
  const configFile = join(dir, 'prosody.cfg.lua');
  await writeFile(configFile, configText(dir, { port, directTlsPort, httpsPort }, hosts, options));

  const server = new Server(configFile, [port, directTlsPort]);
  const prosody: Prosody = {
    host: '127.0.0.1',
    port,
    directTlsPort,
    httpsPort,
    ca: authority.ca,
    dir,
    addUser: (jid, password) =>
      writeAccount(dir, jid, `return { ["password"] = ${luaString(password)}; };\n`),
    removeUser: (jid) => rm(accountFile(dir, jid), { force: true }),
    start: () => server.start(),
    halt: (signal = 'SIGTERM') => server.end(signal),
    restart: async ({ kill = 'SIGTERM' } = {}) => {
      await server.end(kill);
      await server.start();
    },
    shell: async (command) => (await run('prosodyctl', ['--config', configFile, 'shell', command])).stdout,
    log: () => readFile(join(dir, 'log', 'debug.log'), 'utf8'),
    stop: async () => {
      await server.end('SIGKILL');
      await rm(dir, { recursive: true, force: true });
    },
  };
  for (const { jid, password } of options.accounts ?? []) await prosody.addUser(jid, password);
  await server.start();
  return prosody;
};

/** `openssl ca` keeps a database, so the expired ones are made apart from the others. */
const isExpired = (host: VirtualHost): boolean => host.certificate?.expired === true;

/** The process, and a watcher that ends it when our end of a pipe closes, even after SIGKILL. */
class Server {
  readonly #configFile: string;
  readonly #ports: readonly number[];
  #child: ChildProcess | undefined;
  #watcher: ChildProcess | undefined;

  constructor(configFile: string, ports: readonly number[]) {
    this.#configFile = configFile;
    this.#ports = ports;
  }

  async start(): Promise<void> {
    const child = spawn('prosody', ['--config', this.#configFile, '-F'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const collect = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-4000);
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    await once(child, 'spawn');
    this.#child = child;
    const orphaned = 'read -r line || { kill -KILL "$1"; sleep 1; rm -rf "$2"; }';
    this.#watcher = spawn('sh', ['-c', orphaned, 'sh', String(child.pid), dirname(this.#configFile)], {
      stdio: ['pipe', 'ignore', 'ignore'],
      // Its own group: Ctrl-C at a terminal reaches the tests, not it.
      detached: true,
    });
    for (const stream of [child.stdout, child.stderr, this.#watcher.stdin]) unref(stream);
    child.unref();
    this.#watcher.unref();
    for (const port of this.#ports) {
      for (let attempt = 0; !(await accepts(port)); attempt += 1) {
        if (child.exitCode !== null || attempt > 400) {
          await this.end('SIGKILL');
          throw new Error(`prosody did not start:\n${output}`);
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
      const late = setTimeout(() => child.kill('SIGKILL'), 5000);
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

/** Below the range from which the kernel takes ports for outgoing connections: nobody takes them before Prosody does. */
const freePorts = async (): Promise<[number, number, number]> => {
  const found: number[] = [];
  while (found.length < 3) {
    const port = 10_000 + Math.floor(Math.random() * 22_000);
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (free && !found.includes(port)) found.push(port);
  }
  return found as [number, number, number];
};

/** Prosody hashes a plain stored password itself at its first use, with its own SASLprep. */
const writeAccount = async (dir: string, jid: string, lua: string): Promise<void> => {
  const file = accountFile(dir, jid);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, lua);
};

/** util.datamanager: everything but ASCII letters and digits is %-encoded. */
const accountFile = (dir: string, jid: string): string => {
  const at = jid.lastIndexOf('@');
  const encode = (text: string): string =>
    [...Buffer.from(text)]
      .map((byte) => {
        const char = String.fromCharCode(byte);
        return /[A-Za-z0-9]/.test(char) ? char : `%${byte.toString(16).padStart(2, '0')}`;
      })
      .join('');
  return join(dir, 'data', encode(jid.slice(at + 1)), 'accounts', `${encode(jid.slice(0, at))}.dat`);
};

const luaString = (text: string): string =>
  `"${[...Buffer.from(text)].map((byte) => `\\${String(byte).padStart(3, '0')}`).join('')}"`;

interface Ports {
  readonly port: number;
  readonly directTlsPort: number;
  readonly httpsPort: number;
}

const configText = (
  dir: string,
  ports: Ports,
  hosts: readonly VirtualHost[],
  options: ProsodyOptions,
): string => {
  // Named outright: the automatic choice passes over expired certificates and those of other names.
  const certificate = (name: string): string =>
    `{ certificate = "${dir}/certs/${name}.crt", key = "${dir}/certs/${name}.key" }`;
  const host = ({ name, config = '' }: VirtualHost): string =>
    `VirtualHost "${name}"\n  ssl = ${certificate(name)}\n  c2s_direct_tls_ssl = ${certificate(name)}\n  ${config}`;
  return `
run_as_root = true
data_path = "${dir}/data"
pidfile = "${dir}/prosody.pid"
certificates = "${dir}/certs"
network_backend = "epoll"
interfaces = { "127.0.0.1" }
local_interfaces = { "127.0.0.1" }
c2s_ports = { ${ports.port} }
c2s_direct_tls_ports = { ${ports.directTlsPort} }
legacy_ssl_ports = {}
http_ports = {}
https_ports = { ${ports.httpsPort} }
https_ssl = ${certificate('localhost')}
http_default_host = "localhost"
http_external_url = "https://localhost:${ports.httpsPort}/"
authentication = "internal_hashed"
storage = "internal"
archive_expires_after = "never"
max_archive_query_results = 250
c2s_require_encryption = true
allow_registration = false
c2s_timeout = 30
smacks_hibernation_time = 300
smacks_max_queue_size = 5000
log = { debug = "${dir}/log/debug.log", error = "*console" }
modules_enabled = { ${[...MODULES, ...(options.modules ?? [])].map((name) => `"${name}"`).join(', ')} }
modules_disabled = { "s2s" }
${options.extraConfig ?? ''}
${hosts.map(host).join('\n')}
Component "conference.localhost" "muc"
  name = "Rooms"
  restrict_room_creation = false
  modules_enabled = { "muc_mam", "vcard_muc" }
  muc_log_by_default = true
  muc_room_default_public_jids = false
  muc_room_locking = false
Component "upload.localhost" "http_file_share"
  http_host = "localhost"
  http_file_share_size_limit = 100*1024*1024
  http_file_share_daily_quota = 10*1024*1024*1024
`;
};

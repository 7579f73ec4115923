import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { createAuthority, type IssueOptions } from './certificates.ts';
import { freePorts, ServerProcess } from './server-process.ts';
import type { ServerOptions, XmppServer } from './server.ts';

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

export interface ProsodyOptions extends ServerOptions {
  /** Virtual hosts besides localhost, sha256.test, selfsigned.test, expired.test and wrongname.test. */
  readonly hosts?: readonly VirtualHost[];
  /** Modules of Debian's prosody and prosody-modules, besides the usual ones. */
  readonly modules?: readonly string[];
  /** SASL2, Bind 2 and FAST on every host; inline stream management needs Prosody 13. */
  readonly sasl2?: boolean;
  /** Root of another system whose Prosody is to run, such as that of `prosody13.ts`; default this one. */
  readonly root?: string;
  /** Lua, in the global section; later lines win. */
  readonly extraConfig?: string;
}

export interface Prosody extends XmppServer {
  /** Runs one command of `prosodyctl shell`, such as `c2s:closeall()`. */
  shell(command: string): Promise<string>;
}

const BUILT_IN: readonly VirtualHost[] = [
  { name: 'localhost', certificate: { names: ['localhost', 'conference.localhost', 'upload.localhost'] } },
  // Offers SCRAM-SHA-256 and PLAIN, no SCRAM-SHA-1: internal_hashed keeps one hash per account.
  { name: 'sha256.test', config: 'password_hash = "SHA-256"' },
  { name: 'selfsigned.test', certificate: { selfSigned: true } },
  { name: 'expired.test', certificate: { expired: true } },
  { name: 'wrongname.test', certificate: { names: ['somewhere-else.test'] } },
];

const LIST_SESSIONS =
  'local all = {} for jid in pairs(prosody.full_sessions) do all[#all + 1] = jid end return table.concat(all, " ")';

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
  const dir = await mkdtemp(join(options.root ?? '', tmpdir(), 'prosody-'));
  try {
    return await setUp(dir, options);
  } catch (error) {
    await rm(dir, { recursive: true, force: true });
    throw error;
  }
};

const setUp = async (dir: string, options: ProsodyOptions): Promise<Prosody> => {
  const hosts = [...BUILT_IN, ...(options.hosts ?? [])];
  const [port = 0, directTlsPort = 0, httpsPort = 0] = await freePorts(3);
  const authority = await createAuthority(join(dir, 'certs'));
  await Promise.all([
    ...['data', 'log'].map((name) => mkdir(join(dir, name))),
    ...hosts.filter(isExpired).map((host) => authority.issue(host.name, host.certificate)),
  ]);
  await Promise.all(
    hosts.filter((host) => !isExpired(host)).map((host) => authority.issue(host.name, host.certificate)),
  );
  const configFile = join(dir, 'prosody.cfg.lua');
  const { root } = options;
  const inside = (file: string): string => (root === undefined ? file : file.slice(root.length));
  if (options.sasl2 === true && root === undefined) await writeSasl2Shim(dir);
  const ports = { port, directTlsPort, httpsPort };
  await writeFile(configFile, configText(inside(dir), ports, hosts, options));

  const wrapped = (command: string, ...args: readonly string[]) => {
    const all = ['--config', inside(configFile), ...args];
    return root === undefined ? { command, args: all } : { command: 'chroot', args: [root, command, ...all] };
  };
  const server = new ServerProcess({ ...wrapped('prosody', '-F'), dir, ports: [port, directTlsPort] });
  const shell = async (text: string): Promise<string> => {
    const { command, args } = wrapped('prosodyctl', 'shell', text);
    return (await run(command, args)).stdout;
  };
  const prosody: Prosody = {
    kind: 'prosody',
    traits: {
      archiveExtended: true,
      flippedRangeByTime: true,
      tellsOwnBlock: true,
      allPublishOptions: true,
      tellsShutdown: false,
      oldUnicode: false,
    },
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
    shell,
    // The tables of its shell are cut to the width of a terminal; this is not.
    sessions: async () => (await shell(`> ${LIST_SESSIONS}`)).match(/[^\s|]+@[^\s|]+/g) ?? [],
    announceShutdown: async (fullJid) => {
      await shell(`c2s:close("${fullJid}", "maintenance", "system-shutdown")`);
    },
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

/**
 * The modules of Debian 12 are written for a newer Prosody: without this every TLS stream hangs at a traceback.
 * What they ask of the connection, of stanzas and of times does not exist in 0.12. There is no channel binding:
 * with it a login by token would end in the next traceback.
 */
const SASL2_SHIM = `
module:set_global();
local datetime = require "util.datetime";
local original = datetime.datetime;
datetime.datetime = function (time) return original(time and math.floor(time)); end
local stanzas = require "util.stanza".stanza_mt.__index;
function stanzas:get_child_attr(name, xmlns, attribute)
  local child = self:get_child(name, xmlns); return child and child.attr[attribute];
end
function module.add_host(host)
  host:hook("stream-features", function (event)
    event.stream = event.stream or { from = "anyone@"..host.host };
    local conn = event.origin.conn;
    local class = conn and getmetatable(conn);
    local methods = class and class.__index;
    if type(methods) ~= "table" or methods.ssl_info then return; end
    function methods:ssl_info() local socket = self:socket(); return socket.info and socket:info(); end
    function methods:ssl_peerfinished()
      local socket = self:socket(); return socket.getpeerfinished and socket:getpeerfinished();
    end
  end, 1000);
end
`;

const writeSasl2Shim = async (dir: string): Promise<void> => {
  await mkdir(join(dir, 'modules'));
  await writeFile(join(dir, 'modules', 'mod_sasl2_shim.lua'), SASL2_SHIM);
};

/** `openssl ca` keeps a database, so the expired ones are made apart from the others. */
const isExpired = (host: VirtualHost): boolean => host.certificate?.expired === true;

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

const modulesOf = ({ modules = [], sasl2 = false, root }: ProsodyOptions): readonly string[] => {
  const login = sasl2 ? ['sasl2', 'sasl2_bind2', 'sasl2_fast'] : [];
  // Debian 12 has no `sasl_ssdp`, and its `sasl2_sm` calls what its Prosody does not have.
  const more = root === undefined ? ['sasl2_shim'] : ['sasl2_sm', 'sasl_ssdp'];
  return [...MODULES, ...login, ...(sasl2 ? more : []), ...modules];
};

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
plugin_paths = { "${dir}/modules" }
modules_enabled = { ${modulesOf(options)
    .map((name) => `"${name}"`)
    .join(', ')} }
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

import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { createAuthority } from './certificates.ts';
import { freePorts, ServerProcess } from './server-process.ts';
import type { ServerOptions, XmppServer } from './server.ts';

/**
 * A private ejabberd 23 for the suites. Its Erlang node has no name: nothing is distributed, so it needs
 * neither the port mapper (epmd) nor a cookie, and commands go over a loopback port under a secret path.
 */

interface Ports {
  readonly port: number;
  readonly directTlsPort: number;
  readonly httpsPort: number;
  readonly commandPort: number;
}

/** Starts a server and waits until it answers. */
export const startEjabberd = async (options: ServerOptions = {}): Promise<XmppServer> => {
  const dir = await mkdtemp(join(tmpdir(), 'ejabberd-'));
  try {
    return await setUp(dir, options);
  } catch (error) {
    await rm(dir, { recursive: true, force: true });
    throw error;
  }
};

const setUp = async (dir: string, options: ServerOptions): Promise<XmppServer> => {
  const [port = 0, directTlsPort = 0, httpsPort = 0, commandPort = 0] = await freePorts(4);
  const secret = randomBytes(16).toString('hex');
  const authority = await createAuthority(join(dir, 'certs'));
  const names = ['localhost', 'conference.localhost', 'upload.localhost'];
  const { cert, key } = await authority.issue('localhost', { names });
  await Promise.all(['data', 'log', 'upload'].map((name) => mkdir(join(dir, name))));
  await writeFile(join(dir, 'certs', 'localhost.pem'), key + cert, { mode: 0o600 });
  await writeFile(join(dir, 'certs', 'authority.pem'), authority.ca);
  const configFile = join(dir, 'ejabberd.yml');
  await writeFile(configFile, configText(dir, { port, directTlsPort, httpsPort, commandPort }, secret));

  const server = new ServerProcess({
    command: 'erl',
    args: erlangArguments(dir),
    env: {
      PATH: process.env['PATH'],
      // Where Erlang would look for a cookie of the user.
      HOME: dir,
      LANG: 'C.UTF-8',
      ERL_LIBS: erlangLibraries(),
      ERL_CRASH_DUMP_BYTES: '0',
      EJABBERD_CONFIG_PATH: configFile,
      EJABBERD_LOG_PATH: join(dir, 'log', 'ejabberd.log'),
    },
    dir,
    ports: [commandPort, port, directTlsPort],
  });
  const command = commandsOf(`http://127.0.0.1:${commandPort}/${secret}`);
  const restart: XmppServer['restart'] = async ({ kill = 'SIGTERM' } = {}) => {
    await server.end(kill);
    await server.start();
  };
  const ejabberd: XmppServer = {
    kind: 'ejabberd',
    traits: {
      archiveExtended: false,
      flippedRangeByTime: false,
      tellsOwnBlock: false,
      allPublishOptions: false,
      tellsShutdown: true,
      oldUnicode: true,
    },
    host: '127.0.0.1',
    port,
    directTlsPort,
    httpsPort,
    ca: authority.ca,
    dir,
    addUser: async (jid, password) => {
      const account = accountOf(jid);
      const known = await command('check_account', account);
      if (known === 0) await command('change_password', { ...account, newpass: password });
      else await command('register', { ...account, password });
    },
    removeUser: async (jid) => void (await command('unregister', accountOf(jid))),
    start: () => server.start(),
    halt: (signal = 'SIGTERM') => server.end(signal),
    restart,
    announceShutdown: () => restart(),
    sessions: async () => z.array(z.string()).parse(await command('connected_users', {})),
    log: () => readFile(join(dir, 'log', 'ejabberd.log'), 'utf8'),
    stop: async () => {
      await server.end('SIGKILL');
      await rm(dir, { recursive: true, force: true });
    },
  };
  await server.start();
  try {
    for (const { jid, password } of options.accounts ?? []) await ejabberd.addUser(jid, password);
  } catch (error) {
    await server.end('SIGKILL');
    throw error;
  }
  return ejabberd;
};

const accountOf = (jid: string): { readonly user: string; readonly host: string } => {
  const at = jid.lastIndexOf('@');
  return { user: jid.slice(0, at), host: jid.slice(at + 1) };
};

/** Commands of ejabberd's API; the answer is what the command is documented to give. */
const commandsOf =
  (url: string) =>
  async (name: string, args: object): Promise<unknown> => {
    const answer = await fetch(`${url}/${name}`, { method: 'POST', body: JSON.stringify(args) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`ejabberd refuses ${name}: ${text}`);
    return JSON.parse(text);
  };

/** Debian keeps the libraries of ejabberd where Erlang itself does not look. */
const erlangLibraries = (): string =>
  ['/usr/lib', ...readdirSync('/usr/lib').map((name) => `/usr/lib/${name}`)]
    .filter((folder) => existsSync(folder) && hasEjabberd(folder))
    .join(':');

const hasEjabberd = (folder: string): boolean => {
  try {
    return readdirSync(folder).some((name) => /^ejabberd-\d/.test(name));
  } catch {
    // Most entries are files.
    return false;
  }
};

const erlangArguments = (dir: string): readonly string[] => [
  ...['-noinput', '-noshell', '+K', 'true', '+S', '2'],
  ...['-mnesia', 'dir', `"${dir}/data"`],
  ...['-s', 'ejabberd'],
];

/**
 * As Debian's own file has it, with an archive in SQLite, which ejabberd recommends to small servers. Left out is
 * what would slow tests down or shut them out: traffic shapers, mod_fail2ban, mod_pres_counter, federation.
 */
const configText = (dir: string, ports: Ports, secret: string): string => `
loglevel: info
log_rotate_count: 0
hosts: [localhost]
certfiles: ["${dir}/certs/localhost.pem"]
ca_file: "${dir}/certs/authority.pem"
listen:
  - port: ${ports.port}
    ip: "127.0.0.1"
    module: ejabberd_c2s
    max_stanza_size: 262144
    starttls_required: true
  - port: ${ports.directTlsPort}
    ip: "127.0.0.1"
    module: ejabberd_c2s
    max_stanza_size: 262144
    tls: true
  - port: ${ports.httpsPort}
    ip: "127.0.0.1"
    module: ejabberd_http
    tls: true
    request_handlers:
      /upload: mod_http_upload
  - port: ${ports.commandPort}
    ip: "127.0.0.1"
    module: ejabberd_http
    request_handlers:
      /${secret}: mod_http_api
disable_sasl_mechanisms: [digest-md5, X-OAUTH2]
auth_password_format: scram
default_db: sql
new_sql_schema: true
sql_type: sqlite
sql_database: "${dir}/data/ejabberd.sqlite"
s2s_access: nobody
access_rules:
  nobody:
    deny: all
  everybody:
    allow: all
api_permissions:
  tests:
    from: [mod_http_api]
    who: all
    what: "*"
modules:
  mod_admin_extra: {}
  mod_adhoc: {}
  mod_avatar: {}
  mod_blocking: {}
  mod_caps: {}
  mod_carboncopy: {}
  mod_client_state: {}
  mod_disco: {}
  mod_http_api: {}
  mod_http_upload:
    put_url: "https://localhost:${ports.httpsPort}/upload"
    docroot: "${dir}/upload"
    max_size: 104857600
  mod_last: {}
  mod_mam:
    default: always
    assume_mam_usage: true
    compress_xml: false
  mod_muc:
    access_create: everybody
    access_mam: [allow]
    default_room_options:
      mam: true
      allow_subscription: true
  mod_offline: {}
  mod_ping: {}
  mod_privacy: {}
  mod_private: {}
  mod_pubsub:
    access_createnode: everybody
    plugins: [flat, pep]
    force_node_config:
      "eu.siacs.conversations.axolotl.*":
        access_model: open
      storage:bookmarks:
        access_model: whitelist
  mod_roster:
    versioning: true
  mod_stream_mgmt:
    resend_on_timeout: if_offline
  mod_time: {}
  mod_vcard:
    search: false
  mod_vcard_xupdate: {}
  mod_version: {}
`;

import { startEjabberd } from './ejabberd.ts';
import { startProsody } from './prosody.ts';

/** What every suite needs of a server, whoever made it. Each is private: loopback only, own folder, own authority. */

export interface ServerAccount {
  /** Bare JID. */
  readonly jid: string;
  readonly password: string;
}

export interface ServerOptions {
  readonly accounts?: readonly ServerAccount[];
}

/** Where servers lawfully, or less lawfully, differ: measured by the integration suite, told in the README. */
export interface ServerTraits {
  /** XEP-0313: gives its ends, takes `after-id`, `before-id` and `ids`, and knows a position that it never gave. */
  readonly archiveExtended: boolean;
  /** XEP-0313: `first` and `last` of a flipped page are those of time, not those of the answer. */
  readonly flippedRangeByTime: boolean;
  /** XEP-0191 section 3.3: says that a message came back because we block its recipient. */
  readonly tellsOwnBlock: boolean;
  /** XEP-0060 section 7.1.5: knows more publish-options than `access_model` and `persist_items`. */
  readonly allPublishOptions: boolean;
  /** A clean end is told to the clients with `system-shutdown`. */
  readonly tellsShutdown: boolean;
  /** SASLprep of the Unicode of 2002: no emoji in passwords. */
  readonly oldUnicode: boolean;
}

export interface XmppServer {
  readonly kind: ServerKind;
  readonly traits: ServerTraits;
  readonly host: '127.0.0.1';
  /** STARTTLS. */
  readonly port: number;
  readonly directTlsPort: number;
  /** File upload answers on https://localhost:<httpsPort>/. */
  readonly httpsPort: number;
  /** PEM of the authority that signs its certificates. */
  readonly ca: string;
  /** Everything that it has on disk: configuration, data, `certs/`, `log/`. */
  readonly dir: string;
  /** Makes an account, or changes its password. */
  addUser(jid: string, password: string): Promise<void>;
  removeUser(jid: string): Promise<void>;
  /** Stops and starts on the same ports and data. Default SIGTERM, which says goodbye to the clients. */
  restart(options?: { readonly kill?: 'SIGKILL' | 'SIGTERM' }): Promise<void>;
  /** Ends the server and leaves the data, for what clients see meanwhile. */
  halt(signal?: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  start(): Promise<void>;
  /** Full JIDs that have a session. */
  sessions(): Promise<readonly string[]>;
  /** Ends a session with the error that means "the server is going away". ejabberd says so only when it does. */
  announceShutdown(fullJid: string): Promise<void>;
  /** What the server has logged so far. */
  log(): Promise<string>;
  /** Ends the server and removes its folder. */
  stop(): Promise<void>;
}

export const SERVER_KINDS = ['prosody', 'ejabberd'] as const;
export type ServerKind = (typeof SERVER_KINDS)[number];

/** The server that this run is about: environment variable CHATSECURE_SERVER, default Prosody. */
export const chosenServer = (): ServerKind => {
  const name = process.env['CHATSECURE_SERVER'] ?? 'prosody';
  const kind = SERVER_KINDS.find((one) => one === name);
  if (kind === undefined)
    throw new Error(`CHATSECURE_SERVER is "${name}", not one of ${SERVER_KINDS.join(', ')}`);
  return kind;
};

/** Starts the chosen server and waits until it answers. */
export const startServer = (options: ServerOptions = {}): Promise<XmppServer> =>
  chosenServer() === 'ejabberd' ? startEjabberd(options) : startProsody(options);

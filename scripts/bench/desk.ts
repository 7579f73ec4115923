/** What the parts of the bench share: folders, a keychain, a server, a big profile; gone at the end. */
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { rosterSet } from '#main/xmpp/features/roster.ts';
import { Peer } from '#tests/support/peer.ts';
import { startProsody, type Prosody } from '#tests/support/prosody.ts';
import { until } from '#tests/support/until.ts';
import { root } from '../tool.ts';
import { startHelper } from './child.ts';
import { startHost } from './host.ts';
import { startKeyring } from './keyring.ts';
import type { Side } from './pair.ts';
import type { ProfileOrder } from './children/fill-profile.ts';
import { openWindow } from './window.ts';

export const cast = {
  ada: { jid: 'ada@localhost', password: 'bench-ada' },
  bob: { jid: 'bob@localhost', password: 'bench-bob' },
  carol: { jid: 'carol@localhost', password: 'bench-carol' },
  dave: { jid: 'dave@localhost', password: 'bench-dave' },
  frank: { jid: 'frank@localhost', password: 'bench-frank' },
  grace: { jid: 'grace@localhost', password: 'bench-grace' },
  /** Owner of the archive that is caught up with. */
  heidi: { jid: 'heidi@localhost', password: 'bench-heidi' },
  /** Owner of the big profile. */
  erin: { jid: 'erin@localhost', password: 'bench-erin' },
} as const satisfies Readonly<Record<string, Side>>;

/** The big profile: 500 chats and 200,000 messages, of which one chat has half. */
export const BIG = { chats: 500, messages: 200_000, longest: 100_000 } as const;

/**
 * The server keeps archives in its memory. On disk it counts an archive with every message that it adds: after
 * some thousand that hides what the clients need.
 */
export const archiveInMemory = `
default_storage = "internal"
storage = { archive = "memory" }
storage_archive_item_limit = 100000`;

export class Desk {
  /** For every process that is measured: a keychain of its own, and the server's authority. */
  readonly env: NodeJS.ProcessEnv;
  readonly server: Prosody;
  readonly #folder: string;
  readonly #cleanUps: (() => Promise<void>)[];
  #folders = 0;
  #template: Promise<string> | undefined;

  private constructor(
    folder: string,
    env: NodeJS.ProcessEnv,
    server: Prosody,
    cleanUps: (() => Promise<void>)[],
  ) {
    this.#folder = folder;
    this.env = env;
    this.server = server;
    this.#cleanUps = cleanUps;
  }

  /**
   * @param say tells the user what takes its time
   * @param serverConfig more of the server's configuration
   */
  static async open(say: (line: string) => void, serverConfig = ''): Promise<Desk> {
    const cleanUps: (() => Promise<void>)[] = [];
    try {
      // Profiles belong on a real disk: in a /tmp that is memory, a commit would cost nothing.
      await mkdir(path.join(root, '.bench'), { recursive: true });
      const folder = await temporaryFolder(path.join(root, '.bench'), cleanUps);
      say('starting a keychain and a server of our own');
      const keyring = await startKeyring(await temporaryFolder(os.tmpdir(), cleanUps));
      cleanUps.push(() => keyring.stop());
      const server = await startProsody({
        accounts: Object.values(cast),
        // The log of every stanza would be a good part of what is measured.
        extraConfig: `log = { error = "*console" }\n${serverConfig}`,
      });
      cleanUps.push(() => server.stop());
      const authority = path.join(folder, 'authority.pem');
      await writeFile(authority, server.ca);
      const env = { ...keyring.env, CHATSECURE_EXTRA_CA: authority, NODE_EXTRA_CA_CERTS: authority };
      return new Desk(folder, env, server, cleanUps);
    } catch (error) {
      await cleanUp(cleanUps);
      throw error;
    }
  }

  /** A path where nothing is yet. */
  newFolder(): string {
    this.#folders += 1;
    return path.join(this.#folder, `folder-${this.#folders}`);
  }

  /** A fresh copy of the big profile, as its user left it yesterday. */
  async bigProfile(say: (line: string) => void): Promise<string> {
    this.#template ??= this.#fill(say);
    const copy = this.newFolder();
    await cp(await this.#template, copy, { recursive: true });
    return copy;
  }

  async #fill(say: (line: string) => void): Promise<string> {
    say(`filling a profile with ${BIG.chats} chats and ${BIG.messages} messages`);
    const folder = this.newFolder();
    const { host, port } = this.server;
    const filler = startHelper<ProfileOrder, { readonly done: true }>('fill-profile', this.env);
    try {
      await filler.ask({ folder, account: cast.erin, host, port, ...BIG });
    } finally {
      await filler.stop();
    }
    await this.#knowContacts();
    // Roster, capabilities and whatever else a first login brings.
    const app = await startHost(folder, this.env);
    try {
      await online(app.launchUrl);
    } finally {
      await app.stop();
    }
    return folder;
  }

  /** Every chat of the big profile is one with a contact. */
  async #knowContacts(): Promise<void> {
    const { port, ca } = this.server;
    const peer = await Peer.start({ ...cast.erin, port, ca });
    const contacts = Array.from({ length: BIG.chats }, (_, number) => `contact-${number}@example.net`);
    await Promise.all(
      contacts.map((jid, number) => peer.request(rosterSet({ jid, name: `Contact ${number}`, groups: [] }))),
    );
    await peer.close();
  }

  /** Runs at the end, the youngest first. */
  onClose(act: () => Promise<void>): void {
    this.#cleanUps.push(act);
  }

  close(): Promise<void> {
    return cleanUp(this.#cleanUps);
  }
}

const temporaryFolder = async (parent: string, cleanUps: (() => Promise<void>)[]): Promise<string> => {
  const folder = await mkdtemp(path.join(parent, 'bench-'));
  cleanUps.push(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
};

const cleanUp = async (acts: (() => Promise<void>)[]): Promise<void> => {
  for (const act of acts.splice(0).toReversed()) {
    await act().catch((error: unknown) => console.error('[bench] cleaning up failed:', error));
  }
};

/** Resolves when every account of a running host is online. @param launchUrl is used up */
export const online = async (launchUrl: string): Promise<void> => {
  const window = await openWindow(launchUrl);
  try {
    await until('the account of the big profile to be online', async () => {
      const snapshot = await window.api.app.snapshot({});
      return snapshot.ready && snapshot.accounts.every(({ phase }) => phase === 'online');
    });
  } finally {
    window.close();
  }
};

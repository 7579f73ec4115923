import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Browser, BrowserContextOptions, Page, TestInfo } from '@playwright/test';
import { Peer } from '#tests/support/peer.ts';
import { startProsody, type Prosody, type ProsodyOptions } from '#tests/support/prosody.ts';
import { test as base, expect, openAppOn, type OpenedApp } from './app-test.ts';
import { AppWindow, type LoginFields } from './app-window.ts';

/** For the specs about the application itself: a real server, the built application, people to talk to. */

export const PASSWORD = 'a password of the private server';
export const PASSPHRASE = 'correct horse battery staple';

/** The size of the window unless a story says otherwise. */
export const WIDE = { width: 1160, height: 760 } as const;
export const NARROW = { width: 400, height: 760 } as const;

interface WorkerFixtures {
  /** One private Prosody for all files of a worker; every story registers its own people on it. */
  readonly server: TestServer;
}

export const test = base.extend<object, WorkerFixtures>({
  server: [
    // Playwright reads the dependencies of a fixture from this pattern.
    // eslint-disable-next-line no-empty-pattern
    async ({}, use) => {
      const server = await TestServer.start();
      await use(server);
      await server.stop();
    },
    { scope: 'worker', timeout: 60_000 },
  ],
});

export { expect };

export class TestServer {
  readonly prosody: Prosody;
  /** PEM file of its authority, for CHATSECURE_EXTRA_CA. */
  readonly caFile: string;
  readonly #known = new Set<string>();

  private constructor(prosody: Prosody, caFile: string) {
    this.prosody = prosody;
    this.caFile = caFile;
  }

  static async start(options: ProsodyOptions = {}): Promise<TestServer> {
    const prosody = await startProsody(options);
    const caFile = path.join(prosody.dir, 'authority.pem');
    await writeFile(caFile, prosody.ca);
    return new TestServer(prosody, caFile);
  }

  /** Makes an account. Stories share the server, so a name may be taken once only. */
  async register(jid: string): Promise<string> {
    if (this.#known.has(jid)) throw new Error(`${jid} belongs to another story`);
    this.#known.add(jid);
    await this.prosody.addUser(jid, PASSWORD);
    return jid;
  }

  /** Somebody to talk to, on a client of their own. */
  async peer(jid: string, resource?: string): Promise<Peer> {
    if (!this.#known.has(jid)) await this.register(jid);
    const { port, ca } = this.prosody;
    return Peer.start({ jid, password: PASSWORD, port, ca, ...(resource === undefined ? {} : { resource }) });
  }

  /** What the login form needs, for an account of this server. */
  login(jid: string): LoginFields {
    return { jid, password: PASSWORD, host: this.prosody.host, port: this.prosody.port };
  }

  stop(): Promise<void> {
    return this.prosody.stop();
  }
}

export interface StoryOptions {
  readonly context?: BrowserContextOptions;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** A profile that is there already; the story removes it. */
  readonly profileDir?: string;
}

/** The application of one story, from its first start through restarts to its end. */
export class Story {
  readonly server: TestServer;
  readonly profileDir: string;
  /** What the window wrote to its console as a warning or an error: nothing, in a good story. */
  readonly complaints: string[] = [];
  readonly #open: () => Promise<OpenedApp>;
  readonly #peers: Peer[] = [];
  #app: OpenedApp | undefined;

  private constructor(server: TestServer, profileDir: string, open: () => Promise<OpenedApp>) {
    this.server = server;
    this.profileDir = profileDir;
    this.#open = open;
  }

  /** Starts the application, by default with a new profile. Ended by `end`. */
  static async begin(
    { browser, server }: { readonly browser: Browser; readonly server: TestServer },
    info: Pick<TestInfo, 'project'>,
    options: StoryOptions = {},
  ): Promise<Story> {
    const profileDir = options.profileDir ?? (await mkdtemp(path.join(os.tmpdir(), 'chatsecure-story-')));
    const env = { CHATSECURE_EXTRA_CA: server.caFile, ...options.env };
    const context = { viewport: WIDE, reducedMotion: 'reduce', ...options.context } as const;
    const story = new Story(server, profileDir, () =>
      openAppOn(info.project.name, browser, { profileDir, env, context }),
    );
    await story.start();
    return story;
  }

  get page(): Page {
    if (this.#app === undefined) throw new Error('the application is not running');
    return this.#app.page;
  }

  get window(): AppWindow {
    return new AppWindow(this.page);
  }

  /** Starts the application (again) on the same profile. */
  async start(): Promise<void> {
    this.#app = await this.#open();
    this.#app.page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.complaints.push(message.text());
    });
    this.#app.page.on('pageerror', (error) => this.complaints.push(String(error)));
  }

  /** Ends the program; SIGKILL for a crash. */
  async stop(signal?: NodeJS.Signals): Promise<void> {
    await this.#app?.stop(signal);
    this.#app = undefined;
  }

  /** Past the passphrase and the login form: a window with this account online. */
  async logInAs(jid: string): Promise<void> {
    await this.server.register(jid);
    await this.window.createProfile(PASSPHRASE);
    await this.window.openLogin();
    await this.window.logIn(this.server.login(jid));
    await expect(this.window.online).toBeVisible();
  }

  /** Somebody to talk to; leaves with the story. */
  async peer(jid: string, resource?: string): Promise<Peer> {
    const peer = await this.server.peer(jid, resource);
    this.#peers.push(peer);
    return peer;
  }

  /** A peer who is a contact in both directions, under a name of our choice. */
  async friend(own: string, jid: string, name: string): Promise<Peer> {
    const peer = await this.peer(jid);
    await peer.befriend(own);
    await this.window.acceptRequest(jid);
    await this.window.renameContact(jid, name);
    return peer;
  }

  async end(): Promise<void> {
    for (const peer of this.#peers) await peer.close();
    await this.stop();
    await rm(this.profileDir, { recursive: true, force: true });
  }
}

import type { Application } from '#main/hosts/application.ts';
import { createAssets } from '#main/hosts/assets.ts';
import type { SecretStore, Shell } from '#main/hosts/shell.ts';
import type { Logger } from '#main/log/logger.ts';
import type { Clock } from '#main/util/clock.ts';
import { deepLinkFromArguments, parseDeepLink, DEEP_LINK_SCHEME, type DeepLink } from '#shared/deep-link.ts';
import { createBrowser, findBrowser, type Browser } from './browser.ts';
import {
  announceInstance,
  askInstance,
  InstanceSilent,
  type InstanceReply,
  type InstanceRequest,
} from './instance.ts';
import { startWebServer, type WebServer } from './server.ts';
import { createSessions, PRINTED_LAUNCH_LIFETIME, type Sessions } from './session.ts';
import { createWebShell } from './shell.ts';

export interface WebHostOptions {
  readonly createApplication: (shell: Shell) => Application;
  readonly secrets: SecretStore;
  readonly profileDir: string;
  readonly rendererDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Without the program and the script. */
  readonly args: readonly string[];
  readonly clock: Clock;
  readonly log: Logger;
  /** What other programs read. */
  readonly print: (line: string) => void;
  /** What the user reads. */
  readonly say: (line: string) => void;
  /** Aborted to stop. */
  readonly signal: AbortSignal;
}

const PRINT_OPTION = '--print-launch-url';
/** A reload closes the window's socket and opens it again. */
const RELOAD_GRACE = 10_000;

/**
 * Runs the application with a browser window on 127.0.0.1, until the last window closes or `signal` is
 * aborted. Where an instance already runs on the profile, asks that one for a window instead.
 * @returns the exit code of the process; 2 for wrong arguments
 */
export const runWebHost = async (options: WebHostOptions): Promise<number> => {
  const { args, say } = options;
  const unknown = args.find(
    (word) => word !== PRINT_OPTION && !word.toLowerCase().startsWith(`${DEEP_LINK_SCHEME}:`),
  );
  if (unknown !== undefined) {
    say(`Unknown argument. Usage: [${PRINT_OPTION}] [${DEEP_LINK_SCHEME}:address]`);
    return 2;
  }
  try {
    const request: InstanceRequest = {
      want: args.includes(PRINT_OPTION) ? 'address' : 'window',
      link: args.find((word) => word !== PRINT_OPTION),
    };
    const reply = await askInstance(options.profileDir, request);
    if (reply === undefined) return await new WebHost(options).run();
    report(reply, options);
    return 0;
  } catch (error) {
    if (!(error instanceof InstanceSilent)) throw error;
    say(`Cannot start: ${error.message}. End that process and try again.`);
    return 1;
  }
};

const report = (reply: InstanceReply, { args, print, say }: WebHostOptions): void => {
  if (reply.launchUrl === undefined) say('ChatSecure is already running; it has opened a new window.');
  else if (args.includes(PRINT_OPTION)) print(JSON.stringify(reply));
  else say(`ChatSecure is already running, without a browser of its own. ${openByHand(reply.launchUrl)}`);
};

const openByHand = (launchUrl: string): string =>
  `Open this address in a browser on this computer within ten minutes; it works once:\n${launchUrl}`;

/** The first instance on a profile: server, application, and a browser where there is one. */
class WebHost {
  readonly #options: WebHostOptions;
  readonly #sessions: Sessions;
  readonly #ended = Promise.withResolvers<number>();
  #origin = '';
  #browser: Browser | undefined;
  #hadWindow = false;
  #cancelQuit = (): void => {};

  constructor(options: WebHostOptions) {
    this.#options = options;
    this.#sessions = createSessions(options.clock);
  }

  async run(): Promise<number> {
    const { signal, log } = this.#options;
    signal.addEventListener('abort', () => this.#end(0), { once: true });
    if (signal.aborted) return 0;
    const application = this.#options.createApplication(createWebShell(this.#options));
    const server = await this.#serve(application);
    const release = await announceInstance(this.#options.profileDir, (request) =>
      this.#answer(application, request),
    );
    const link = deepLinkFromArguments(this.#options.args);
    if (link !== undefined) application.openDeepLink(link);
    application.start().catch((error: unknown) => {
      log.error('start failed', {}, error);
      this.#options.say('ChatSecure could not start. The log above says where.');
      this.#end(1);
    });
    await this.#firstWindow();
    const code = await this.#ended.promise;
    this.#cancelQuit();
    // No new window may come to an application that is stopping.
    await release();
    await application.stop();
    await server.close();
    await this.#browser?.close();
    return code;
  }

  async #serve(application: Application): Promise<WebServer> {
    const { rendererDir, log } = this.#options;
    const server = await startWebServer({
      application,
      assets: createAssets({ rendererDir, host: 'loopback' }),
      sessions: this.#sessions,
      log: log.child('web'),
      onWindows: (count) => this.#onWindows(count),
    });
    this.#origin = server.origin;
    return server;
  }

  async #firstWindow(): Promise<void> {
    const { args, env, print, say } = this.#options;
    if (args.includes(PRINT_OPTION)) {
      const reply: InstanceReply = { pid: process.pid, launchUrl: this.#launchUrl(PRINTED_LAUNCH_LIFETIME) };
      return print(JSON.stringify(reply));
    }
    const executable = findBrowser(env);
    if (executable === undefined) {
      const problem = 'No Chromium, Chrome, Edge or Brave was found; CHATSECURE_CHROMIUM may name one.';
      return say(`${problem} ${openByHand(this.#launchUrl(PRINTED_LAUNCH_LIFETIME))}`);
    }
    this.#browser = await createBrowser({
      executable,
      env,
      onExit: (problem) => void this.#onBrowserExit(problem),
    });
    await this.#browser.open(this.#launchUrl());
  }

  async #answer(application: Application, request: InstanceRequest): Promise<InstanceReply> {
    const link: DeepLink | undefined =
      typeof request.link === 'string' ? parseDeepLink(request.link) : undefined;
    if (link !== undefined) application.openDeepLink(link);
    const { pid } = process;
    if (request.want === 'address' || this.#browser === undefined) {
      return { pid, launchUrl: this.#launchUrl(PRINTED_LAUNCH_LIFETIME) };
    }
    await this.#browser.open(this.#launchUrl());
    return { pid };
  }

  /** Without a browser of our own nobody tells us that the user has finished: then the process is ended by hand. */
  #onWindows(count: number): void {
    this.#cancelQuit();
    if (count > 0) this.#hadWindow = true;
    else if (this.#browser !== undefined)
      this.#cancelQuit = this.#options.clock.after(RELOAD_GRACE, () => this.#end(0));
  }

  async #onBrowserExit(problem: string | undefined): Promise<void> {
    if (problem === undefined || this.#hadWindow) return this.#end(0);
    const browser = this.#browser;
    this.#browser = undefined;
    await browser?.close();
    this.#options.say(
      `The browser ${problem} before it showed a window. ${openByHand(this.#launchUrl(PRINTED_LAUNCH_LIFETIME))}`,
    );
  }

  #launchUrl(lifetime?: number): string {
    return `${this.#origin}/#launch=${this.#sessions.issueLaunchToken(lifetime)}`;
  }

  #end(code: number): void {
    this.#ended.resolve(code);
  }
}

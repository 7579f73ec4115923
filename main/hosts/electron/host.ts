import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type * as Electron from 'electron';
import type { Application } from '#main/hosts/application.ts';
import { createAssets } from '#main/hosts/assets.ts';
import type { SecretStore, Shell } from '#main/hosts/shell.ts';
import type { Logger } from '#main/log/logger.ts';
import type { Clock } from '#main/util/clock.ts';
import { DEEP_LINK_SCHEME, deepLinkFromArguments, parseDeepLink, type DeepLink } from '#shared/deep-link.ts';
import { appProtocolHandler, schemes } from './app-protocol.ts';
import { windowPipe } from './ipc.ts';
import { APP_SCHEME, hardenCommandLine, hardenContents, hardenSession, PARTITION } from './security.ts';
import { createElectronShell } from './shell.ts';
import { createWindow, loadPage } from './window.ts';

/** The parts of Electron that this host uses; tests give a stub. */
export type ElectronModule = Pick<
  typeof Electron,
  | 'app'
  | 'BrowserWindow'
  | 'Menu'
  | 'nativeImage'
  | 'nativeTheme'
  | 'powerMonitor'
  | 'protocol'
  | 'session'
  | 'shell'
>;

export interface ElectronHostOptions {
  readonly electron: ElectronModule;
  readonly createApplication: (shell: Shell) => Application;
  readonly secrets: SecretStore;
  readonly profileDir: string;
  readonly rendererDir: string;
  readonly preload: string;
  /** Arguments of the process, the program included. */
  readonly argv: readonly string[];
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Composes the Electron application. Runs while the entry module is evaluated and must never be awaited
 * there: Electron emits `ready` only after an ESM entry has been evaluated (electron issue 40719).
 */
export const startElectronHost = (options: ElectronHostOptions): void => {
  const { app, protocol } = options.electron;
  hardenCommandLine(app);
  protocol.registerSchemesAsPrivileged(schemes);
  useProfile(app, options.profileDir);
  // The lock belongs to `userData`, so there is one instance for each profile.
  if (!app.requestSingleInstanceLock()) {
    app.quit();
    return;
  }
  const host = new ElectronHost(options);
  host.listen();
  app
    .whenReady()
    .then(() => host.open())
    .catch((error: unknown) => {
      options.log.error('start failed', {}, error);
      app.exit(1);
    });
};

/** What Chromium writes goes below our profile, so that both hosts and every test keep to one folder. */
const useProfile = (app: Electron.App, profileDir: string): void => {
  const folder = path.join(profileDir, 'electron');
  mkdirSync(profileDir, { recursive: true, mode: 0o700 });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  app.setPath('userData', folder);
};

/** How long streams may take to say goodbye before the program ends without it. */
const STOP_PATIENCE = 5_000;

class ElectronHost {
  readonly #options: ElectronHostOptions;
  readonly #early: DeepLink[] = [];
  #application: Application | undefined;
  #window: Electron.BrowserWindow | undefined;
  #stop: 'running' | 'stopping' | 'stopped' = 'running';

  constructor(options: ElectronHostOptions) {
    this.#options = options;
  }

  /** Everything that must be heard from the beginning. */
  listen(): void {
    const { electron, log } = this.#options;
    const { app } = electron;
    this.#openLink(deepLinkFromArguments(this.#options.argv.slice(1)));
    app.on('second-instance', (_event, argv) => {
      this.#show();
      this.#openLink(deepLinkFromArguments(argv.slice(1)));
    });
    // macOS; comes before `ready` when the link started the program.
    app.on('open-url', (event, url) => {
      event.preventDefault();
      this.#show();
      this.#openLink(parseDeepLink(url));
    });
    app.on('web-contents-created', (_event, contents) => {
      const open = (url: string): void => {
        electron.shell
          .openExternal(url)
          .catch((error: unknown) => log.warn('a link did not open', {}, error));
      };
      hardenContents(contents, open);
    });
    app.on('certificate-error', (event, _contents, _url, _error, _certificate, decide) => {
      event.preventDefault();
      decide(false);
    });
    app.on('login', (event) => event.preventDefault());
    app.on('select-client-certificate', (event, _contents, _url, _list, decide) => {
      event.preventDefault();
      // No certificate at all.
      decide();
    });
    app.on('window-all-closed', () => {
      if (process.platform !== 'darwin') app.quit();
    });
    app.on('before-quit', (event) => this.#beforeQuit(event));
    app.on('activate', () => this.#show());
  }

  /** After `ready`. */
  async open(): Promise<void> {
    const { electron, rendererDir, createApplication, profileDir, secrets } = this.#options;
    const { app, session, Menu } = electron;
    this.#claimScheme();
    app.configureHostResolver({
      secureDnsMode: 'off',
      enableBuiltInResolver: false,
      enableAdditionalDnsQueryTypes: false,
    });
    Menu.setApplicationMenu(process.platform === 'darwin' ? Menu.buildFromTemplate(macMenu) : null);
    const own = session.fromPartition(PARTITION, { cache: false });
    await hardenSession(own, this.#devTools);
    await hardenSession(session.defaultSession, false);
    own.protocol.handle(APP_SCHEME, appProtocolHandler(createAssets({ rendererDir, host: 'electron' })));

    const application = createApplication(createElectronShell({ electron, profileDir, secrets }));
    this.#application = application;
    for (const link of this.#early.splice(0)) application.openDeepLink(link);
    await Promise.all([application.start(), this.#openWindow(application)]);
  }

  get #devTools(): boolean {
    return !this.#options.electron.app.isPackaged;
  }

  async #openWindow(application: Application): Promise<void> {
    const { electron, preload, clock, log } = this.#options;
    const window = createWindow({ electron, preload, devTools: this.#devTools, clock, log });
    this.#window = window;
    window.once('closed', () => {
      this.#window = undefined;
    });
    application.attach(windowPipe(window.webContents, log));
    await loadPage(window);
  }

  /** Brings the window to the user; makes one where it was closed (macOS goes on without). */
  #show(): void {
    const window = this.#window;
    if (window !== undefined) {
      if (window.isMinimized()) window.restore();
      window.show();
      window.focus();
    } else if (this.#application !== undefined && this.#stop === 'running') {
      this.#openWindow(this.#application).catch((error: unknown) => {
        this.#options.log.error('the window did not open', {}, error);
      });
    }
  }

  #openLink(link: DeepLink | undefined): void {
    if (link === undefined) return;
    if (this.#application === undefined) this.#early.push(link);
    else this.#application.openDeepLink(link);
  }

  /** `xmpp:` may belong to another client that the user has chosen; an installed program takes it only while it is free. */
  #claimScheme(): void {
    const { app } = this.#options.electron;
    if (!app.isPackaged || app.getApplicationNameForProtocol(`${DEEP_LINK_SCHEME}://`) !== '') return;
    app.setAsDefaultProtocolClient(DEEP_LINK_SCHEME);
  }

  /** Holds the end of the program back until streams and database are closed. */
  #beforeQuit(event: { preventDefault(): void }): void {
    if (this.#stop === 'stopped' || this.#application === undefined) return;
    event.preventDefault();
    if (this.#stop === 'stopping') return;
    this.#stop = 'stopping';
    const { clock, log, electron } = this.#options;
    const end = (): void => {
      if (this.#stop === 'stopped') return;
      this.#stop = 'stopped';
      electron.app.quit();
    };
    const cancel = clock.after(STOP_PATIENCE, () => {
      log.warn('stopping took too long');
      end();
    });
    void this.#application.stop().finally(() => {
      cancel();
      end();
    });
  }
}

/** On macOS the shortcuts for copying and pasting come from the menu. */
const macMenu: Electron.MenuItemConstructorOptions[] = [
  { role: 'appMenu' },
  { role: 'editMenu' },
  { role: 'windowMenu' },
];

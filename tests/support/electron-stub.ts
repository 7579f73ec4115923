/**
 * A stub of the `electron` module: it records and never acts. What the composition depends on is kept from
 * the real one: calls that must precede `ready` throw after it and the other way round, `ready` comes only
 * when the test says so, and every default is the unsafe one that Electron has.
 */
import { EventEmitter } from 'node:events';

export type Call = readonly [name: string, ...args: unknown[]];
export const calls: Call[] = [];
const record = (name: string, ...args: unknown[]): void => void calls.push([name, ...args]);

let isReady = false;
let ready = Promise.withResolvers<void>();

const before = (what: string): void => {
  if (isReady) throw new Error(`${what} must be called before ready`);
};
const after = (what: string): void => {
  if (!isReady) throw new Error(`${what} must be called after ready`);
};

class App extends EventEmitter {
  isPackaged = true;
  /** What requestSingleInstanceLock answers. */
  lock = true;
  /** Program that has xmpp: links now. */
  schemeOwner = '';
  commandLine = {
    appendSwitch: (name: string, value?: string): void => {
      before('appendSwitch');
      record('appendSwitch', name, value);
    },
  };
  whenReady(): Promise<void> {
    return ready.promise;
  }
  enableSandbox(): void {
    before('enableSandbox');
    record('app.enableSandbox');
  }
  setPath(name: string, folder: string): void {
    before('setPath');
    record('app.setPath', name, folder);
  }
  requestSingleInstanceLock(): boolean {
    if (!calls.some(([name]) => name === 'app.setPath'))
      throw new Error('the lock would be that of another profile');
    return this.lock;
  }
  getApplicationNameForProtocol(): string {
    return this.schemeOwner;
  }
  setAsDefaultProtocolClient(scheme: string): boolean {
    record('app.setAsDefaultProtocolClient', scheme);
    return true;
  }
  configureHostResolver(options: unknown): void {
    after('configureHostResolver');
    record('app.configureHostResolver', options);
  }
  setBadgeCount(count: number): boolean {
    record('app.setBadgeCount', count);
    return true;
  }
  /** As in Electron: `before-quit` may hold it back. */
  quit(): void {
    let prevented = false;
    this.emit('before-quit', { preventDefault: () => (prevented = true) });
    record(prevented ? 'app.quit held back' : 'app.quit');
  }
  exit(code: number): void {
    record('app.exit', code);
  }
}
export const app = new App();

type Decide = (granted: boolean) => void;
interface PermissionDetails {
  readonly isMainFrame: boolean;
  readonly requestingUrl: string;
}

export class StubSession extends EventEmitter {
  readonly partition: string;
  request: (contents: unknown, permission: string, decide: Decide, details: PermissionDetails) => void = (
    _contents,
    _permission,
    decide,
  ) => decide(true);
  check: (contents: unknown, permission: string, origin: string, details: PermissionDetails) => boolean =
    () => true;
  device: (details: unknown) => boolean = () => true;
  display: ((request: unknown, decide: (streams: object) => void) => void) | undefined;
  verify: ((request: unknown, decide: (verdict: number) => void) => void) | undefined;
  beforeRequest:
    | ((details: { url: string }, decide: (answer: { cancel?: boolean }) => void) => void)
    | undefined;
  spellcheck = true;
  dictionaries = 'https://redirector.gvt1.com/edgedl/chrome/dict/';
  proxy: unknown;
  readonly handled = new Map<string, (request: Request) => Promise<Response>>();
  protocol = {
    handle: (scheme: string, handler: (request: Request) => Promise<Response>): void =>
      void this.handled.set(scheme, handler),
  };
  webRequest = {
    onBeforeRequest: (handler: NonNullable<StubSession['beforeRequest']>): void => {
      this.beforeRequest = handler;
    },
  };
  constructor(partition: string) {
    super();
    this.partition = partition;
  }
  setPermissionRequestHandler(handler: StubSession['request']): void {
    this.request = handler;
  }
  setPermissionCheckHandler(handler: StubSession['check']): void {
    this.check = handler;
  }
  setDevicePermissionHandler(handler: StubSession['device']): void {
    this.device = handler;
  }
  setDisplayMediaRequestHandler(handler: NonNullable<StubSession['display']>): void {
    this.display = handler;
  }
  setCertificateVerifyProc(handler: NonNullable<StubSession['verify']>): void {
    this.verify = handler;
  }
  setSpellCheckerEnabled(on: boolean): void {
    this.spellcheck = on;
  }
  setSpellCheckerDictionaryDownloadURL(url: string): void {
    this.dictionaries = url;
  }
  async setProxy(proxy: unknown): Promise<void> {
    this.proxy = proxy;
  }
}

export const sessions = new Map<string, StubSession>();
const sessionOf = (partition: string): StubSession => {
  after('session');
  const known = sessions.get(partition) ?? new StubSession(partition);
  sessions.set(partition, known);
  return known;
};
export const session = {
  fromPartition: (partition: string): StubSession => sessionOf(partition),
  get defaultSession(): StubSession {
    return sessionOf('');
  },
};

export class StubContents extends EventEmitter {
  readonly sent: unknown[][] = [];
  readonly ipc = new EventEmitter();
  openHandler: ((details: { url: string }) => { action: string }) | undefined;
  webrtc = 'default';
  reloads = 0;
  crashed = false;
  destroyed = false;
  mainFrame = { url: 'app://bundle/index.html', origin: 'app://bundle', parent: null, detached: false };
  send(...args: unknown[]): void {
    if (this.destroyed) throw new Error('the contents are destroyed');
    this.sent.push(structuredClone(args));
    this.emit('stub-send', ...args);
  }
  reload(): void {
    this.reloads += 1;
  }
  isDestroyed(): boolean {
    return this.destroyed;
  }
  isCrashed(): boolean {
    return this.crashed;
  }
  setWindowOpenHandler(handler: NonNullable<StubContents['openHandler']>): void {
    this.openHandler = handler;
  }
  setWebRTCIPHandlingPolicy(policy: string): void {
    this.webrtc = policy;
  }
}

export const windows: BrowserWindow[] = [];
export class BrowserWindow extends EventEmitter {
  static getAllWindows(): readonly BrowserWindow[] {
    return windows;
  }
  readonly options: { readonly webPreferences: Readonly<Record<string, unknown>> } & Readonly<
    Record<string, unknown>
  >;
  readonly webContents = new StubContents();
  readonly loaded: string[] = [];
  readonly overlays: unknown[][] = [];
  minimized = false;
  constructor(options: BrowserWindow['options']) {
    super();
    after('BrowserWindow');
    this.options = options;
    windows.push(this);
    app.emit('web-contents-created', {}, this.webContents);
  }
  async loadURL(url: string): Promise<void> {
    this.loaded.push(url);
    this.emit('ready-to-show');
  }
  loadFile(): never {
    throw new Error('file:// is never loaded');
  }
  /** The user closes the window. */
  close(): void {
    windows.splice(windows.indexOf(this), 1);
    this.webContents.destroyed = true;
    this.webContents.emit('destroyed');
    this.emit('closed');
    if (windows.length === 0) app.emit('window-all-closed');
  }
  show(): void {
    record('window.show');
  }
  focus(): void {
    record('window.focus');
  }
  restore(): void {
    record('window.restore');
    this.minimized = false;
  }
  isMinimized(): boolean {
    return this.minimized;
  }
  setOverlayIcon(...args: unknown[]): void {
    this.overlays.push(args);
  }
}

export const protocol = {
  registerSchemesAsPrivileged: (schemes: unknown): void => {
    before('registerSchemesAsPrivileged');
    record('protocol.registerSchemesAsPrivileged', schemes);
  },
};
export const shell = {
  openExternal: async (url: string): Promise<void> => record('shell.openExternal', url),
};
export const powerMonitor = Object.assign(new EventEmitter(), {
  idleSeconds: 0,
  getSystemIdleTime: (): number => powerMonitor.idleSeconds,
});
export const nativeTheme = { shouldUseDarkColors: false };
export const nativeImage = {
  createFromBitmap: (pixels: Buffer, size: { width: number; height: number }): unknown => ({ pixels, size }),
};
export const Menu = {
  setApplicationMenu: (menu: unknown): void => record('Menu.setApplicationMenu', menu),
  buildFromTemplate: (template: unknown): unknown => ({
    popup: () => record('menu.popup', template),
  }),
};

/** Fires `ready` and lets everything that waits for it run. */
export const fireReady = async (): Promise<void> => {
  isReady = true;
  ready.resolve();
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
};

/** A new program. */
export const reset = (): void => {
  calls.length = 0;
  windows.length = 0;
  sessions.clear();
  app.removeAllListeners();
  powerMonitor.removeAllListeners();
  Object.assign(app, { lock: true, isPackaged: true, schemeOwner: '' });
  isReady = false;
  ready = Promise.withResolvers<void>();
};

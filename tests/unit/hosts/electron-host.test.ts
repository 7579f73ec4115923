import { mkdtempSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startElectronHost, type ElectronModule } from '#main/hosts/electron/host.ts';
import { isTrustedFrame, webPreferences } from '#main/hosts/electron/security.ts';
import type { Shell } from '#main/hosts/shell.ts';
import { createLogger } from '#main/log/logger.ts';
import type { Clock } from '#main/util/clock.ts';
import { IPC_CHANNEL } from '#shared/pipe.ts';
import * as stub from '#tests/support/electron-stub.ts';
import { createTestApplication } from '#tests/support/test-application.ts';

const folders: string[] = [];

/** Starts the host on the stub. The clock stands still; `later` runs what waits for it. */
const start = (argv: readonly string[] = ['/opt/chatsecure', '--type=x']) => {
  const profileDir = path.join(mkdtempSync(path.join(os.tmpdir(), 'chatsecure-electron-')), 'profile');
  folders.push(path.dirname(profileDir));
  const lines: string[] = [];
  const waiting: (() => void)[] = [];
  let now = 0;
  const clock: Clock = {
    now: () => now,
    after: (_ms, act) => {
      waiting.push(act);
      return () => waiting.splice(waiting.indexOf(act), 1);
    },
  };
  const application = createTestApplication('electron');
  const shells: Shell[] = [];
  startElectronHost({
    // The stub has what the host uses; the real type has hundreds of members more.
    electron: stub as unknown as ElectronModule,
    createApplication: (shell) => {
      shells.push(shell);
      return application;
    },
    secrets: { get: async () => undefined, set: async () => {}, delete: async () => {} },
    profileDir,
    rendererDir: '/nowhere',
    preload: '/app/preload.cjs',
    argv,
    clock,
    log: createLogger((line) => lines.push(line), 'info', 'test'),
  });
  const pass = (ms: number): void => {
    now += ms;
  };
  return { application, shells, lines, profileDir, pass, later: () => waiting.splice(0).forEach((act) => act()) };
};

const run = async (...args: Parameters<typeof start>) => {
  const started = start(...args);
  await stub.fireReady();
  return started;
};

const theWindow = (): stub.BrowserWindow => {
  const [window] = stub.windows;
  if (window === undefined) throw new Error('no window is open');
  return window;
};

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
};

const named = (name: string): readonly stub.Call[] => stub.calls.filter(([call]) => call === name);

beforeEach(() => stub.reset());
afterEach(() => {
  vi.restoreAllMocks();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

describe('before ready', () => {
  it('hardens, registers the scheme, takes the lock of its profile, and opens nothing', () => {
    const { profileDir, shells } = start();
    expect(stub.calls[0]).toEqual(['app.enableSandbox']);
    expect(named('appendSwitch').map(([, ...rest]) => rest)).toEqual([
      ['host-resolver-rules', 'MAP * ~NOTFOUND'],
      ['no-proxy-server', undefined],
      ['disable-http-cache', undefined],
      ['webrtc-ip-handling-policy', 'disable_non_proxied_udp'],
    ]);
    expect(named('protocol.registerSchemesAsPrivileged')).toEqual([
      [
        'protocol.registerSchemesAsPrivileged',
        [{ scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } }],
      ],
    ]);
    expect(named('app.setPath')).toEqual([['app.setPath', 'userData', path.join(profileDir, 'electron')]]);
    expect(statSync(profileDir).mode & 0o777).toBe(0o700);
    expect([stub.windows, shells]).toEqual([[], []]);
  });

  it('leaves at once where another instance holds the profile', async () => {
    stub.app.lock = false;
    const { shells } = await run();
    expect(named('app.quit')).toHaveLength(1);
    expect([stub.windows, shells]).toEqual([[], []]);
  });
});

describe('the window', () => {
  it('has exactly these preferences and loads exactly one address', async () => {
    stub.app.isPackaged = true;
    await run();
    expect(theWindow().loaded).toEqual(['app://bundle/index.html']);
    expect(theWindow().options.webPreferences).toEqual({
      preload: '/app/preload.cjs',
      partition: 'window',
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      webviewTag: false,
      plugins: false,
      navigateOnDragDrop: false,
      spellcheck: false,
      enableWebSQL: false,
      webgl: false,
      safeDialogs: true,
      disableDialogs: true,
      autoplayPolicy: 'document-user-activation-required',
      devTools: false,
    });
    expect(Object.keys(webPreferences('/p', true))).not.toContain('enableBlinkFeatures');
  });

  it('is granted notifications and writing the clipboard, for its own page, and nothing else', async () => {
    await run();
    const own = { isMainFrame: true, requestingUrl: 'app://bundle/index.html' };
    const outcomes = (session: stub.StubSession, permission: string, details: typeof own): readonly boolean[] => {
      const decide = vi.fn<(granted: boolean) => void>();
      session.request(undefined, permission, decide, details);
      expect(decide).toHaveBeenCalledOnce();
      return [decide.mock.calls[0]?.[0] ?? true, session.check(undefined, permission, details.requestingUrl, details)];
    };
    expect([...stub.sessions.keys()].toSorted()).toEqual(['', 'window']);
    for (const session of stub.sessions.values()) {
      for (const permission of ['notifications', 'clipboard-sanitized-write']) {
        expect(outcomes(session, permission, own)).toEqual([true, true]);
        for (const requestingUrl of ['https://evil.example/', 'app://bundle.evil/', 'app://other/', '']) {
          expect(outcomes(session, permission, { ...own, requestingUrl }), requestingUrl).toEqual([false, false]);
        }
        expect(outcomes(session, permission, { ...own, isMainFrame: false })).toEqual([false, false]);
      }
      for (const permission of ['media', 'geolocation', 'clipboard-read', 'openExternal', 'fileSystem', 'midiSysex', 'local-network', 'unknown', 'constructor']) {
        expect(outcomes(session, permission, own), permission).toEqual([false, false]);
      }
      expect(session.device({})).toBe(false);
      const streams = vi.fn();
      session.display?.({}, streams);
      expect(streams).toHaveBeenCalledWith({});
    }
  });

  it('reaches its own bundle and no other address, in both sessions', async () => {
    await run();
    for (const session of stub.sessions.values()) {
      const isAllowed = (url: string): boolean => {
        let cancelled = true as boolean | undefined;
        session.beforeRequest?.({ url }, ({ cancel }) => (cancelled = cancel));
        return cancelled === false;
      };
      expect(isAllowed('app://bundle/index.html')).toBe(true);
      expect(isAllowed('blob:app://bundle/1234')).toBe(true);
      for (const url of ['https://example.org/', 'http://127.0.0.1/', 'file:///etc/passwd', 'ws://x/', 'app://other/', 'app://bundle.evil/', 'app://bundle@evil/', 'devtools://devtools/x', 'data:text/html,x', 'chrome://gpu', 'blob:https://x/1', 'nonsense']) {
        expect(isAllowed(url), url).toBe(false);
      }
      const verdict = vi.fn();
      session.verify?.({}, verdict);
      expect(verdict).toHaveBeenCalledWith(-2);
      expect([session.spellcheck, session.dictionaries, session.proxy]).toEqual([false, 'http://127.0.0.1:9/', { mode: 'direct' }]);
      const download = { preventDefault: vi.fn() };
      session.emit('will-download', download);
      expect(download.preventDefault).toHaveBeenCalled();
    }
    expect(named('app.configureHostResolver')).toEqual([
      ['app.configureHostResolver', { secureDnsMode: 'off', enableBuiltInResolver: false, enableAdditionalDnsQueryTypes: false }],
    ]);
  });

  it('lets devtools in only while it is not packaged', async () => {
    stub.app.isPackaged = false;
    await run();
    let cancelled: boolean | undefined;
    stub.sessions.get('window')?.beforeRequest?.({ url: 'devtools://devtools/x' }, ({ cancel }) => (cancelled = cancel));
    expect([cancelled, theWindow().options.webPreferences['devTools']]).toEqual([false, true]);
  });

  it('stays on its page, and sends only safe links to the system', async () => {
    await run();
    const { webContents } = theWindow();
    const isStopped = (name: string, url: string): boolean => {
      const event = { url, preventDefault: vi.fn() };
      webContents.emit(name, event);
      return event.preventDefault.mock.calls.length > 0;
    };
    for (const name of ['will-navigate', 'will-frame-navigate']) {
      expect(isStopped(name, 'app://bundle/index.html')).toBe(false);
      for (const url of ['https://evil.example/', 'file:///etc/passwd', 'app://bundle.evil/', 'javascript:1']) expect(isStopped(name, url)).toBe(true);
    }
    expect(isStopped('will-redirect', 'app://bundle/index.html')).toBe(true);
    expect(isStopped('will-attach-webview', '')).toBe(true);
    const opened = (url: string): boolean => {
      stub.calls.length = 0;
      expect(webContents.openHandler?.({ url })).toEqual({ action: 'deny' });
      return named('shell.openExternal').length > 0;
    };
    for (const url of ['https://xmpp.org/rfcs/', 'mailto:ann@example.org', 'xmpp:ann@example.org?message']) expect(opened(url), url).toBe(true);
    for (const url of ['http://xmpp.org/', 'file:///bin/sh', 'javascript:alert(1)', 'smb://x/y', 'ms-msdt:/id', 'https://u:p@x/', 'mailto:a@b?attach=/etc/passwd']) {
      expect(opened(url), url).toBe(false);
    }
    expect(webContents.webrtc).toBe('disable_non_proxied_udp');
  });

  it('comes back once when its page dies, and not for ever', async () => {
    const { pass, lines } = await run();
    const { webContents } = theWindow();
    const die = (reason: string): void => void webContents.emit('render-process-gone', {}, { reason });
    die('crashed');
    die('crashed');
    expect(webContents.reloads).toBe(1);
    pass(60_000);
    die('oom');
    expect(webContents.reloads).toBe(2);
    expect(lines.join()).toContain('reason=oom');
  });

  it('offers copying and pasting with the mouse', async () => {
    await run();
    const editFlags = { canCut: false, canCopy: true, canPaste: false, canSelectAll: true };
    const click = (isEditable: boolean, selectionText: string): unknown => theWindow().webContents.emit('context-menu', {}, { editFlags, isEditable, selectionText });
    click(false, '');
    expect(named('menu.popup')).toEqual([]);
    click(false, 'text');
    expect(named('menu.popup')[0]?.[1]).toMatchObject([
      { role: 'cut', visible: false },
      { role: 'copy', enabled: true },
      { role: 'paste', visible: false },
      { role: 'selectAll', visible: false },
    ]);
  });
});

describe('frames', () => {
  const call = { kind: 'call', id: 1, method: 'app.snapshot', input: {} };

  it('are answered over the one channel', async () => {
    await run();
    const { webContents } = theWindow();
    webContents.ipc.emit(IPC_CHANNEL, { senderFrame: webContents.mainFrame }, call);
    await settle();
    expect(webContents.sent).toMatchObject([[IPC_CHANNEL, { kind: 'done', id: 1, output: { ready: true, host: 'electron' } }]]);
  });

  it('from anything but the main frame of our own page are dropped', async () => {
    const { lines } = await run();
    const { webContents } = theWindow();
    const frame = webContents.mainFrame;
    const foreign = [
      null,
      { ...frame, parent: {} },
      { ...frame, detached: true },
      { ...frame, url: 'https://evil.example/' },
      { ...frame, url: 'app://bundle.evil/index.html' },
      { ...frame, url: 'about:blank' },
      { ...frame, origin: 'null' },
    ];
    for (const senderFrame of foreign) {
      expect(isTrustedFrame(senderFrame as never)).toBe(false);
      webContents.ipc.emit(IPC_CHANNEL, { senderFrame }, call);
    }
    await settle();
    expect(webContents.sent).toEqual([]);
    expect(lines.filter((line) => line.includes('foreign document'))).toHaveLength(foreign.length);
  });

  it('are not sent to a page that is gone', async () => {
    vi.spyOn(process, 'platform', 'get').mockReturnValue('darwin');
    await run();
    const window = theWindow();
    window.webContents.ipc.emit(IPC_CHANNEL, { senderFrame: window.webContents.mainFrame }, call);
    window.close();
    await settle();
    expect(window.webContents.sent).toEqual([]);
  });
});

describe('links of the system', () => {
  it('come from the command line, from a second start and from macOS; hostile ones do not come at all', async () => {
    const { application } = start(['/opt/chatsecure', '--flag', 'xmpp:first@example.org']);
    stub.app.emit('open-url', { preventDefault: vi.fn() }, 'xmpp:early@example.org?join');
    await stub.fireReady();
    theWindow().minimized = true;
    stub.calls.length = 0;
    stub.app.emit('second-instance', {}, ['/opt/chatsecure', '--original-process-start-time=1', 'xmpp:bo@example.org?roster;name=Bo', '--flag']);
    expect(stub.calls.map(([name]) => name)).toEqual(['window.restore', 'window.show', 'window.focus']);
    for (const hostile of ['xmpp:--inspect', 'xmpp:a b@c', 'http://x', `xmpp:${'a'.repeat(5000)}`, 'xmpp:%00', 'xmpp://host/x']) {
      stub.app.emit('open-url', { preventDefault: vi.fn() }, hostile);
      stub.app.emit('second-instance', {}, ['/opt/chatsecure', hostile]);
    }
    expect(application.links).toEqual([
      { jid: 'first@example.org', action: 'message', parameters: {} },
      { jid: 'early@example.org', action: 'join', parameters: {} },
      { jid: 'bo@example.org', action: 'roster', parameters: { name: 'Bo' } },
    ]);
  });

  it('are taken from nobody who has them', async () => {
    await run();
    expect(named('app.setAsDefaultProtocolClient')).toEqual([['app.setAsDefaultProtocolClient', 'xmpp']]);
    stub.reset();
    stub.app.schemeOwner = 'Gajim';
    await run();
    stub.reset();
    stub.app.isPackaged = false;
    await run();
    expect(named('app.setAsDefaultProtocolClient')).toEqual([]);
  });
});

describe('the life of the program', () => {
  it('starts the application once, tells it of sleep, and shows its badge', async () => {
    const { application, shells } = await run();
    expect(application.starts).toBe(1);
    const heard: string[] = [];
    const off = shells[0]?.onPower((event) => heard.push(event));
    stub.powerMonitor.emit('suspend');
    stub.powerMonitor.emit('resume');
    off?.();
    stub.powerMonitor.emit('suspend');
    expect(heard).toEqual(['suspend', 'wake']);
    vi.spyOn(process, 'platform', 'get').mockReturnValue('win32');
    shells[0]?.setBadge(3);
    shells[0]?.setBadge(0);
    expect(named('app.setBadgeCount').map(([, count]) => count)).toEqual([3, 0]);
    expect(theWindow().overlays).toMatchObject([[{ size: { width: 16, height: 16 } }, '3'], [null, '']]);
    await expect(shells[0]?.openExternal('file:///etc/passwd')).rejects.toThrow('must not be opened');
    await shells[0]?.openExternal('https://xmpp.org/');
    expect(named('shell.openExternal')).toEqual([['shell.openExternal', 'https://xmpp.org/']]);
  });

  it('ends when the window closes, after the application has stopped', async () => {
    const { application } = await run();
    const stopped = Promise.withResolvers<void>();
    application.stop = () => {
      application.stops += 1;
      return stopped.promise;
    };
    theWindow().close();
    stub.app.quit();
    expect(stub.calls.slice(-2).map(([name]) => name)).toEqual(['app.quit held back', 'app.quit held back']);
    stopped.resolve();
    await settle();
    expect([application.stops, named('app.quit').length]).toEqual([1, 1]);
  });

  it('ends without an application that does not stop', async () => {
    const { application, later, lines } = await run();
    application.stop = () => new Promise(() => {});
    theWindow().close();
    expect(named('app.quit')).toEqual([]);
    later();
    expect(named('app.quit')).toHaveLength(1);
    expect(lines.join()).toContain('took too long');
  });

  it('goes on without a window on macOS, and opens one again', async () => {
    vi.spyOn(process, 'platform', 'get').mockReturnValue('darwin');
    const { application } = await run();
    theWindow().close();
    expect([stub.windows.length, application.stops]).toEqual([0, 0]);
    stub.app.emit('activate');
    await settle();
    expect(theWindow().loaded).toEqual(['app://bundle/index.html']);
  });

  it('that cannot start ends with an error', async () => {
    const { application, lines } = start();
    application.start = () => Promise.reject(new Error('secret'));
    await stub.fireReady();
    expect(named('app.exit')).toEqual([['app.exit', 1]]);
    expect(lines.join()).toContain('start failed');
    expect(lines.join()).not.toContain('secret');
  });

  it('refuses certificates, passwords of proxies and client certificates', async () => {
    await run();
    const event = { preventDefault: vi.fn() };
    const decide = vi.fn();
    stub.app.emit('certificate-error', event, {}, '', '', {}, decide);
    expect(decide).toHaveBeenCalledWith(false);
    const choose = vi.fn();
    stub.app.emit('select-client-certificate', event, {}, '', [], choose);
    expect(choose).toHaveBeenCalledExactlyOnceWith();
    stub.app.emit('login', event);
    expect(event.preventDefault).toHaveBeenCalledTimes(3);
  });
});

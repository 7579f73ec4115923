import { describe, expect, it, vi } from 'vitest';
import { webPreferences } from '#main/hosts/electron/security.ts';
import { named, run, theWindow, useFreshProgram } from '#tests/support/electron-run.ts';
import * as stub from '#tests/support/electron-stub.ts';

useFreshProgram();

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
    const outcomes = (
      session: stub.StubSession,
      permission: string,
      details: typeof own,
    ): readonly boolean[] => {
      const decide = vi.fn<(granted: boolean) => void>();
      session.request(undefined, permission, decide, details);
      expect(decide).toHaveBeenCalledOnce();
      return [
        decide.mock.calls[0]?.[0] ?? true,
        session.check(undefined, permission, details.requestingUrl, details),
      ];
    };
    expect([...stub.sessions.keys()].toSorted()).toEqual(['', 'window']);
    for (const session of stub.sessions.values()) {
      for (const permission of ['notifications', 'clipboard-sanitized-write']) {
        expect(outcomes(session, permission, own)).toEqual([true, true]);
        for (const requestingUrl of ['https://evil.example/', 'app://bundle.evil/', 'app://other/', '']) {
          expect(outcomes(session, permission, { ...own, requestingUrl }), requestingUrl).toEqual([
            false,
            false,
          ]);
        }
        expect(outcomes(session, permission, { ...own, isMainFrame: false })).toEqual([false, false]);
      }
      for (const permission of [
        'media',
        'geolocation',
        'clipboard-read',
        'openExternal',
        'fileSystem',
        'midiSysex',
        'local-network',
        'unknown',
        'constructor',
      ]) {
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
      for (const url of [
        'https://example.org/',
        'http://127.0.0.1/',
        'file:///etc/passwd',
        'ws://x/',
        'app://other/',
        'app://bundle.evil/',
        'app://bundle@evil/',
        'devtools://devtools/x',
        'data:text/html,x',
        'chrome://gpu',
        'blob:https://x/1',
        'nonsense',
      ]) {
        expect(isAllowed(url), url).toBe(false);
      }
      const verdict = vi.fn();
      session.verify?.({}, verdict);
      expect(verdict).toHaveBeenCalledWith(-2);
      expect([session.spellcheck, session.dictionaries, session.proxy]).toEqual([
        false,
        'http://127.0.0.1:9/',
        { mode: 'direct' },
      ]);
      const mayLeave = (url: string, mimeType = 'image/png', bytes = 4000): boolean => {
        const event = { preventDefault: vi.fn() };
        const item = { getURL: () => url, getMimeType: () => mimeType, getTotalBytes: () => bytes };
        session.emit('will-download', event, item);
        return event.preventDefault.mock.calls.length === 0;
      };
      expect(mayLeave('https://example.org/file.png')).toBe(false);
      expect(mayLeave('app://bundle/index.html', 'text/html')).toBe(false);
      expect(mayLeave('blob:https://example.org/1')).toBe(false);
      expect(mayLeave('blob:app://bundle.evil/1')).toBe(false);
      expect(mayLeave('blob:app://bundle/1', 'text/html')).toBe(false);
      expect(mayLeave('blob:app://bundle/1', 'image/png', 2 ** 20 + 1)).toBe(false);
      // A picture of the own code, which the window itself has drawn.
      expect(mayLeave('blob:app://bundle/1')).toBe(true);
    }
    expect(named('app.configureHostResolver')).toEqual([
      [
        'app.configureHostResolver',
        { secureDnsMode: 'off', enableBuiltInResolver: false, enableAdditionalDnsQueryTypes: false },
      ],
    ]);
  });

  it('lets devtools in only while it is not packaged', async () => {
    stub.app.isPackaged = false;
    await run();
    let cancelled: boolean | undefined;
    stub.sessions
      .get('window')
      ?.beforeRequest?.({ url: 'devtools://devtools/x' }, ({ cancel }) => (cancelled = cancel));
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
      for (const url of ['https://evil.example/', 'file:///etc/passwd', 'app://bundle.evil/', 'javascript:1'])
        expect(isStopped(name, url)).toBe(true);
    }
    expect(isStopped('will-redirect', 'app://bundle/index.html')).toBe(true);
    expect(isStopped('will-attach-webview', '')).toBe(true);
    const opened = (url: string): boolean => {
      stub.calls.length = 0;
      expect(webContents.openHandler?.({ url })).toEqual({ action: 'deny' });
      return named('shell.openExternal').length > 0;
    };
    for (const url of ['https://xmpp.org/rfcs/', 'mailto:ann@example.org', 'xmpp:ann@example.org?message'])
      expect(opened(url), url).toBe(true);
    for (const url of [
      'http://xmpp.org/',
      'file:///bin/sh',
      'javascript:alert(1)',
      'smb://x/y',
      'ms-msdt:/id',
      'https://u:p@x/',
      'mailto:a@b?attach=/etc/passwd',
    ]) {
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
    const click = (isEditable: boolean, selectionText: string): unknown =>
      theWindow().webContents.emit('context-menu', {}, { editFlags, isEditable, selectionText });
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

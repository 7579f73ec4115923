import { statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { isTrustedFrame } from '#main/hosts/electron/security.ts';
import { IPC_CHANNEL } from '#shared/pipe.ts';
import { named, run, settle, start, theWindow, useFreshProgram } from '#tests/support/electron-run.ts';
import * as stub from '#tests/support/electron-stub.ts';

useFreshProgram();

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
        [
          {
            scheme: 'app',
            privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true },
          },
        ],
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

describe('frames', () => {
  const call = { kind: 'call', id: 1, method: 'app.snapshot', input: {} };

  it('are answered over the one channel', async () => {
    await run();
    const { webContents } = theWindow();
    webContents.ipc.emit(IPC_CHANNEL, { senderFrame: webContents.mainFrame }, call);
    await settle();
    expect(webContents.sent).toMatchObject([
      [IPC_CHANNEL, { kind: 'done', id: 1, output: { ready: true, host: 'electron' } }],
    ]);
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
    stub.app.emit('second-instance', {}, [
      '/opt/chatsecure',
      '--original-process-start-time=1',
      'xmpp:bo@example.org?roster;name=Bo',
      '--flag',
    ]);
    expect(stub.calls.map(([name]) => name)).toEqual(['window.restore', 'window.show', 'window.focus']);
    for (const hostile of [
      'xmpp:--inspect',
      'xmpp:a b@c',
      'http://x',
      `xmpp:${'a'.repeat(5000)}`,
      'xmpp:%00',
      'xmpp://host/x',
    ]) {
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
    stub.powerMonitor.idleSeconds = 400;
    expect(shells[0]?.idleSeconds?.()).toBe(400);
    vi.spyOn(process, 'platform', 'get').mockReturnValue('win32');
    shells[0]?.setBadge(3);
    shells[0]?.setBadge(0);
    expect(named('app.setBadgeCount').map(([, count]) => count)).toEqual([3, 0]);
    expect(theWindow().overlays).toMatchObject([
      [{ size: { width: 16, height: 16 } }, '3'],
      [null, ''],
    ]);
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

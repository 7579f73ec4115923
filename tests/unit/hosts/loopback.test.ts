import { EventEmitter } from 'node:events';
import { createServer, connect, type AddressInfo } from 'node:net';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { watchForCrashes } from '#main/hosts/crash.ts';
import { openerCommand, openWithSystem } from '#main/hosts/external.ts';
import { findInstallation, profileDirectory } from '#main/hosts/paths.ts';
import { browserArguments, findBrowser } from '#main/hosts/web/browser.ts';
import { announceInstance, askInstance, InstanceSilent } from '#main/hosts/web/instance.ts';
import { peerUid } from '#main/hosts/web/peer-uid.ts';
import { createSessions } from '#main/hosts/web/session.ts';
import { createWebShell } from '#main/hosts/web/shell.ts';
import { createLogger } from '#main/log/logger.ts';
import type { Clock } from '#main/util/clock.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(path.join(os.tmpdir(), 'chatsecure-loopback-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A clock that the test moves. */
const manualClock = () => {
  let now = 0;
  let waiting: { at: number; act: () => void }[] = [];
  const clock: Clock = {
    now: () => now,
    after: (ms, act) => {
      const entry = { at: now + ms, act };
      waiting.push(entry);
      return () => (waiting = waiting.filter((other) => other !== entry));
    },
  };
  const runDue = (): void => {
    const due = waiting.filter(({ at }) => at <= now);
    waiting = waiting.filter((entry) => !due.includes(entry));
    for (const { act } of due) act();
  };
  return { clock, advance: (ms: number) => ((now += ms), runDue()), waiting: () => waiting.length };
};

describe('sessions', () => {
  it('are given for a launch token, once', () => {
    const sessions = createSessions(manualClock().clock);
    const token = sessions.issueLaunchToken();
    const session = sessions.redeem(token) ?? '';
    expect([token, session]).toEqual([
      expect.stringMatching(/^[\w-]{43}$/),
      expect.stringMatching(/^[\w-]{43}$/),
    ]);
    expect(sessions.redeem(token)).toBe(undefined);
    expect([sessions.isSession(session), sessions.isSession(token), sessions.isSession('')]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('are not given for a token that is wrong or too old', () => {
    const { clock, advance } = manualClock();
    const sessions = createSessions(clock);
    const token = sessions.issueLaunchToken(1000);
    expect(sessions.redeem('A'.repeat(43))).toBe(undefined);
    advance(1001);
    expect(sessions.redeem(token)).toBe(undefined);
  });

  it('and tokens do not pile up', () => {
    const sessions = createSessions(manualClock().clock);
    const tokens = Array.from({ length: 20 }, () => sessions.issueLaunchToken());
    expect(tokens.filter((token) => sessions.redeem(token) !== undefined)).toEqual(tokens.slice(4));
  });
});

describe('the user behind a connection', () => {
  const table = [
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
    '   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1',
    '   1: 0100007F:9C40 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1000        0 2',
    '   2: 0100007F:1F90 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     7        0 3',
  ].join('\n');

  it('is that of its client end', () => {
    expect(peerUid(0x9c40, 0x1f90, () => table)).toBe(1000);
  });

  it('is unknown where the kernel says nothing', () => {
    expect(peerUid(1, 0x1f90, () => table)).toBe(undefined);
    expect(peerUid(1, 2, () => '')).toBe(undefined);
  });

  it.runIf(process.platform === 'linux')('is ours for our own connection', async () => {
    const server = createServer();
    onTestFinished(() => void server.close());
    const accepted = new Promise<number>((resolve) =>
      server.once('connection', (socket) => resolve(socket.remotePort ?? 0)),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const client = connect(port, '127.0.0.1');
    onTestFinished(() => void client.destroy());
    expect(peerUid(await accepted, port)).toBe(process.getuid?.());
  });
});

describe('the running instance', () => {
  const ask = { want: 'window' } as const;

  it('answers later starts on its profile, and on no other', async () => {
    const profile = path.join(folder, 'deep', 'profile');
    const seen: unknown[] = [];
    const release = await announceInstance(profile, async (request) => {
      seen.push(request);
      return { pid: 7, launchUrl: 'http://127.0.0.1:1/' };
    });
    expect(statSync(profile).mode & 0o777).toBe(0o700);
    expect(statSync(path.join(profile, 'instance.json')).mode & 0o777).toBe(0o600);
    expect(await askInstance(profile, { want: 'address', link: 'xmpp:a@b' })).toEqual({
      pid: 7,
      launchUrl: 'http://127.0.0.1:1/',
    });
    expect(seen).toEqual([{ want: 'address', link: 'xmpp:a@b' }]);
    expect(await askInstance(path.join(folder, 'other'), ask)).toBe(undefined);
    const { address } = JSON.parse(readFileSync(path.join(profile, 'instance.json'), 'utf8')) as {
      address: string;
    };
    expect(statSync(path.dirname(address)).mode & 0o777).toBe(0o700);
    await release();
    expect(await askInstance(profile, ask)).toBe(undefined);
    expect(() => statSync(path.dirname(address))).toThrow('ENOENT');
  });

  it('that was killed is no instance, and the next one takes its place', async () => {
    writeFileSync(
      path.join(folder, 'instance.json'),
      JSON.stringify({ pid: 1, address: path.join(folder, 'gone') }),
    );
    expect(await askInstance(folder, ask)).toBe(undefined);
    const release = await announceInstance(folder, async () => ({ pid: 2 }));
    onTestFinished(release);
    expect(await askInstance(folder, ask)).toEqual({ pid: 2 });
  });

  it.each(['', '{', 'null', '[]', '{"pid":1}', '{"pid":1,"address":7}'])(
    'is not found in a note like %j',
    async (note) => {
      writeFileSync(path.join(folder, 'instance.json'), note);
      expect(await askInstance(folder, ask)).toBe(undefined);
    },
  );

  it.runIf(process.getuid?.() === 0)('is not believed from a note of another user', async () => {
    const { chownSync } = await import('node:fs');
    const release = await announceInstance(folder, async () => ({ pid: 2 }));
    onTestFinished(release);
    chownSync(path.join(folder, 'instance.json'), 65534, 65534);
    expect(await askInstance(folder, ask)).toBe(undefined);
  });

  it('that does not answer is named', async () => {
    const release = await announceInstance(folder, () => Promise.reject(new Error('busy')));
    onTestFinished(release);
    await expect(askInstance(folder, ask)).rejects.toThrow(InstanceSilent);
    await expect(askInstance(folder, ask)).rejects.toThrow(`process ${process.pid}`);
  });

  it('survives garbage on its socket', async () => {
    const release = await announceInstance(folder, async () => ({ pid: 2 }));
    onTestFinished(release);
    const { address } = JSON.parse(readFileSync(path.join(folder, 'instance.json'), 'utf8')) as {
      address: string;
    };
    for (const garbage of ['\n', '{\n', 'null\n', 'x'.repeat(40_000)]) {
      await new Promise<void>((resolve) => {
        const socket = connect(address, () => socket.write(garbage));
        socket.once('close', () => resolve()).on('error', () => {});
        socket.resume();
      });
    }
    expect(await askInstance(folder, ask)).toEqual({ pid: 2 });
  });
});

describe('the shell without Electron', () => {
  const shellOn = (clock: Clock) =>
    createWebShell({
      profileDir: folder,
      clock,
      secrets: { get: async () => undefined, set: async () => {}, delete: async () => {} },
    });

  it('notices that the machine has slept', () => {
    const { clock, advance, waiting } = manualClock();
    const heard: string[] = [];
    const off = shellOn(clock).onPower((event) => heard.push(event));
    for (let minute = 0; minute < 12; minute++) advance(5_000);
    expect(heard).toEqual([]);
    advance(3_600_000);
    advance(5_000);
    expect(heard).toEqual(['wake']);
    off();
    expect(waiting()).toBe(0);
  });

  it('opens links without a shell in between, and only safe ones', async () => {
    expect(openerCommand('https://a/', 'linux')).toEqual(['xdg-open', ['https://a/']]);
    expect(openerCommand('https://a/', 'darwin')).toEqual(['/usr/bin/open', ['-u', 'https://a/']]);
    expect(openerCommand('https://a/?b&c', 'win32')).toEqual([
      'rundll32.exe',
      ['url.dll,FileProtocolHandler', 'https://a/?b&c'],
    ]);
    const started: unknown[] = [];
    const start = async (command: string, args: readonly string[]): Promise<void> =>
      void started.push([command, ...args]);
    for (const link of ['file:///etc/passwd', '--help', 'javascript:1', 'http://example.org/']) {
      await expect(openWithSystem(link, start)).rejects.toThrow('must not be opened');
    }
    await openWithSystem('https://example.org', start);
    expect(started).toEqual([
      [expect.any(String), ...openerCommand('https://example.org/', process.platform)[1]],
    ]);
  });

  it('says when the opener is missing', async () => {
    const { PATH } = process.env;
    process.env['PATH'] = folder;
    onTestFinished(() => void (process.env['PATH'] = PATH));
    await expect(shellOn(manualClock().clock).openExternal('https://example.org')).rejects.toThrow('ENOENT');
  });
});

describe('what nobody caught', () => {
  const watch = () => {
    const lines: string[] = [];
    const program = new EventEmitter();
    let ends = 0;
    watchForCrashes(
      program,
      createLogger((line) => lines.push(line), 'info', 'test'),
      () => (ends += 1),
    );
    return { program, lines, ends: () => ends };
  };

  it('is written down without its message', () => {
    const { program, lines, ends } = watch();
    program.emit('unhandledRejection', new TypeError('body of a message'));
    expect([lines.join(), ends()]).toEqual([expect.stringContaining('error=TypeError'), 0]);
    program.emit('uncaughtException', new RangeError('body of a message'));
    expect([lines.join(), ends()]).toEqual([expect.stringContaining('error=RangeError'), 1]);
    expect(lines.join()).not.toContain('body of a message');
  });
});

describe('places', () => {
  it('of the profile follow the system', () => {
    expect(profileDirectory({}, 'linux', '/home/ann')).toBe('/home/ann/.local/share/chatsecure-desktop');
    expect(profileDirectory({ XDG_DATA_HOME: '/data' }, 'linux', '/home/ann')).toBe(
      '/data/chatsecure-desktop',
    );
    expect(profileDirectory({ XDG_DATA_HOME: 'relative' }, 'linux', '/home/ann')).toBe(
      '/home/ann/.local/share/chatsecure-desktop',
    );
    expect(profileDirectory({}, 'darwin', '/Users/ann')).toBe(
      '/Users/ann/Library/Application Support/chatsecure-desktop',
    );
    expect(profileDirectory({ APPDATA: '/Roaming' }, 'win32', '/Users/ann')).toBe(
      '/Roaming/chatsecure-desktop',
    );
    expect(profileDirectory({ CHATSECURE_PROFILE: '/else/where' }, 'linux', '/home/ann')).toBe('/else/where');
  });

  it('of the parts are found from the sources and from the build', () => {
    const root = path.resolve(import.meta.dirname, '../../..');
    for (const from of ['main', 'dist/main', 'main/hosts']) {
      expect(findInstallation(path.join(root, from))).toEqual({
        version: expect.stringMatching(/^\d+\.\d+\.\d+/),
        rendererDir: path.join(root, 'dist/renderer'),
        preload: path.join(root, 'dist/preload/preload.cjs'),
      });
    }
    expect(() => findInstallation(os.tmpdir())).toThrow('package.json');
  });

  it('of the browser are the usual ones, or the one that is named', () => {
    const bin = path.join(folder, 'bin');
    mkdirSync(bin);
    expect(findBrowser({ PATH: bin }, 'linux')).toBe(undefined);
    for (const name of ['google-chrome', 'chromium']) writeFileSync(path.join(bin, name), '');
    expect(findBrowser({ PATH: `relative:${bin}` }, 'linux')).toBe(path.join(bin, 'chromium'));
    expect(findBrowser({ PATH: bin, CHATSECURE_CHROMIUM: path.join(bin, 'google-chrome') }, 'linux')).toBe(
      path.join(bin, 'google-chrome'),
    );
    expect(findBrowser({ PATH: bin, CHATSECURE_CHROMIUM: '/nonexistent' }, 'linux')).toBe(undefined);
  });

  it('and switches of the browser keep it silent and without traces', () => {
    const args = browserArguments('/run/profile', 'file:///run/open.html');
    expect(args).toEqual(
      expect.arrayContaining([
        '--app=file:///run/open.html',
        '--user-data-dir=/run/profile',
        '--incognito',
        '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1',
      ]),
    );
    expect(args.join(' ')).not.toMatch(/remote-debugging|no-sandbox|disable-web-security|launch=/);
  });
});

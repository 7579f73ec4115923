import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { System } from '#scripts/ensure-requirements.mjs';
import { ensureSystemPackages } from '#scripts/ensure-system-packages.mjs';
import { Stop } from '#scripts/ensure-stop.mjs';

/** A made-up system: the files that exist, and what apt-get was asked to do. */
const makeSystem = (
  parts: Partial<System> & { readonly files?: readonly string[]; readonly installs?: readonly string[] },
): System & { readonly ran: readonly string[]; readonly said: readonly string[] } => {
  const files = new Set(parts.files ?? []);
  const ran: string[] = [];
  const said: string[] = [];
  return {
    platform: 'linux',
    root: false,
    env: { PATH: '/usr/local/bin:/usr/bin' },
    osRelease: 'ID=debian\n',
    exists: (file) => files.has(file.replaceAll('\\', '/')),
    list: (folder) => [...files].filter((file) => file.startsWith(`${folder}/`)),
    run: (command, args, env) => {
      // The script around an installation says what it is for; here it is enough that there is one.
      const shown = command === '/bin/sh' ? ['sh', ...args.slice(2)] : [command, ...args];
      ran.push([...shown, env['DEBIAN_FRONTEND']].join(' '));
      if (args.includes('install')) for (const file of parts.installs ?? []) files.add(file);
      return { status: 0, output: '' };
    },
    say: (line) => said.push(line),
    ran,
    said,
    ...parts,
  };
};

const stopOf = (act: () => void): string => {
  try {
    act();
  } catch (error) {
    if (error instanceof Stop) return error.message;
    throw error;
  }
  throw new Error('nothing was missing');
};

const apt = '/usr/bin/apt-get';

describe('what is there', () => {
  it('starts nothing and says nothing', () => {
    const system = makeSystem({
      root: true,
      files: [apt, '/usr/bin/prosody', '/usr/bin/openssl', '/usr/bin/chromium'],
    });
    ensureSystemPackages(system, 'npm run demo', ['prosody', 'openssl', 'chromium']);
    expect([system.ran, system.said]).toEqual([[], []]);
  });

  it('takes any browser of the family, and the one that is named', () => {
    for (const file of ['/usr/bin/google-chrome', '/usr/local/bin/brave-browser']) {
      ensureSystemPackages(makeSystem({ files: [file] }), 'npm run demo', ['chromium']);
    }
    const named = { PATH: '/usr/bin', CHATSECURE_CHROMIUM: '/opt/my/chrome' };
    ensureSystemPackages(makeSystem({ env: named, files: ['/opt/my/chrome'] }), 'npm run demo', ['chromium']);
    const gone = makeSystem({ env: named, files: ['/usr/bin/chromium'] });
    expect(stopOf(() => ensureSystemPackages(gone, 'npm run demo', ['chromium']))).toContain('Chromium');
  });

  it('finds the Edge that every Windows has, and needs no Linux services there', () => {
    const system = makeSystem({
      platform: 'win32',
      env: { Path: 'C:\\Windows', 'PROGRAMFILES(X86)': 'C:/Program Files (x86)' },
      files: ['C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe'],
    });
    ensureSystemPackages(system, 'npm test', ['chromium', 'dbus', 'gnome-keyring', 'libsecret', 'fonts']);
    expect(system.ran).toEqual([]);
  });

  it('finds libraries and fonts where distributions put them', () => {
    for (const library of ['/usr/lib64/libsecret-1.so.0', '/usr/lib/aarch64-linux-gnu/libsecret-1.so.0']) {
      ensureSystemPackages(makeSystem({ files: [library] }), 'npm test', ['libsecret']);
    }
    const fonts = [
      '/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf',
      '/usr/share/fonts/noto/NotoColorEmoji.ttf',
    ];
    ensureSystemPackages(makeSystem({ files: fonts }), 'npm test', ['fonts', 'emoji-font']);
    expect(
      stopOf(() =>
        ensureSystemPackages(makeSystem({ files: fonts.slice(0, 1) }), 'npm test', ['emoji-font']),
      ),
    ).toContain('an emoji font');
  });
});

describe('Debian and Ubuntu as root', () => {
  it('installs exactly what is missing, without questions', () => {
    const system = makeSystem({
      root: true,
      files: [apt, '/usr/bin/openssl'],
      installs: ['/usr/bin/prosody'],
    });
    ensureSystemPackages(system, 'npm run demo', ['prosody', 'openssl']);
    expect(system.ran).toEqual([
      'apt-get update -qq noninteractive',
      'sh install prosody noninteractive',
      'systemctl disable --quiet prosody noninteractive',
    ]);
    expect(system.said).toEqual(['Installing system packages with apt-get: prosody']);
  });

  it('leaves no server running that a package would start', () => {
    const scripts: string[] = [];
    const system = makeSystem({
      root: true,
      files: [apt],
      run: (command, args) => {
        if (command === '/bin/sh') scripts.push(args[1] ?? '');
        return { status: 0, output: '' };
      },
    });
    expect(() => ensureSystemPackages(system, 'npm test', ['ejabberd'])).toThrow(Stop);
    const folder = mkdtempSync(path.join(tmpdir(), 'chatsecure-apt-'));
    try {
      const policy = path.join(folder, 'policy-rc.d');
      writeFileSync(
        path.join(folder, 'apt-get'),
        `#!/bin/sh\necho "$@"; ${policy}; echo "may start: $?"; exit 7\n`,
        { mode: 0o755 },
      );
      const done = spawnSync(
        'sh',
        ['-c', scripts[0]?.replaceAll('/usr/sbin/policy-rc.d', policy) ?? '', 'install', 'ejabberd'],
        { env: { PATH: `${folder}:${process.env['PATH']}` }, encoding: 'utf8' },
      );
      expect(done.stdout).toBe('install -y -qq --no-install-recommends ejabberd\nmay start: 101\n');
      expect(done.status).toBe(7);
      expect(existsSync(policy)).toBe(false);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('finds a module of Python and a library of Erlang', () => {
    const files = [
      apt,
      '/usr/lib/python3/dist-packages/slixmpp/__init__.py',
      '/usr/lib/erlang/lib/p1_sqlite3-1.1.14/ebin/sqlite3.app',
    ];
    ensureSystemPackages(makeSystem({ files }), 'npm test', ['slixmpp', 'ejabberd-sqlite']);
    const text = stopOf(() =>
      ensureSystemPackages(makeSystem({ files: [apt] }), 'npm test', ['slixmpp', 'ejabberd-sqlite']),
    );
    expect(text).toContain('apt-get install -y python3-slixmpp erlang-p1-sqlite3');
  });

  it('asks for Gajim on Debian 12 alone: later versions are another partner', () => {
    const on = (codename: string, ...files: readonly string[]) =>
      makeSystem({ osRelease: `ID=debian\nVERSION_CODENAME=${codename}\n`, files: [apt, ...files] });
    const text = stopOf(() => ensureSystemPackages(on('bookworm'), 'npm test', ['gajim', 'xvfb']));
    expect(text).toContain('apt-get install -y gajim gajim-omemo xvfb');
    const installed = ['/usr/share/gajim/plugins/omemo/plugin.py', '/usr/bin/Xvfb'];
    for (const system of [on('bookworm', ...installed), on('trixie')])
      ensureSystemPackages(system, 'npm test', ['gajim', 'xvfb']);
  });

  it('uses the names of Ubuntu there', () => {
    const system = makeSystem({
      root: true,
      osRelease: 'NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\n',
      files: [apt],
      installs: ['/usr/bin/chromium-browser'],
    });
    ensureSystemPackages(system, 'npm run demo', ['chromium']);
    expect(system.ran[1]).toContain(' chromium-browser ');
  });

  it('stops with what apt-get said when it fails', () => {
    const system = makeSystem({
      root: true,
      files: [apt],
      run: (_, args) =>
        args.includes('update')
          ? { status: 100, output: 'E: The repository has no Release file.\n' }
          : { status: 100, output: 'E: Unable to locate package prosody\n' },
    });
    const text = stopOf(() => ensureSystemPackages(system, 'npm run demo', ['prosody']));
    expect(text).toContain('no Release file');
    expect(text).toContain('Unable to locate package prosody');
    expect(text).toContain('run the same command again');
  });

  it('does not believe an installation after which the program is still missing', () => {
    const system = makeSystem({ root: true, files: [apt] });
    expect(stopOf(() => ensureSystemPackages(system, 'npm run demo', ['prosody']))).toContain(
      'still missing: Prosody',
    );
  });
});

describe('everywhere else the exact command is printed', () => {
  it.each([
    ['apt with sudo', apt, 'sudo apt-get update && sudo apt-get install -y prosody chromium'],
    ['dnf', '/usr/bin/dnf', 'sudo dnf install -y prosody chromium'],
    ['pacman', '/usr/bin/pacman', 'sudo pacman -S --needed prosody chromium'],
  ])('%s', (_, manager, command) => {
    const system = makeSystem({ files: [manager] });
    const text = stopOf(() => ensureSystemPackages(system, 'npm run demo', ['prosody', 'chromium']));
    expect(text).toContain(`\n  ${command}\n`);
    expect(text).toContain('"npm run demo" needs');
    expect(system.ran).toEqual([]);
  });

  it('brew, with casks for applications', () => {
    const system = makeSystem({
      platform: 'darwin',
      env: { PATH: '/opt/homebrew/bin' },
      files: ['/opt/homebrew/bin/brew'],
    });
    const text = stopOf(() => ensureSystemPackages(system, 'npm run demo', ['prosody', 'chromium', 'dbus']));
    expect(text).toContain('brew install prosody/prosody/prosody && brew install --cask google-chrome');
  });

  it('winget, and says what has no Windows package', () => {
    const system = makeSystem({
      platform: 'win32',
      env: { Path: 'C:\\Tools' },
      exists: (file) => file.endsWith('winget.exe'),
    });
    const text = stopOf(() => ensureSystemPackages(system, 'npm run demo', ['prosody', 'chromium']));
    expect(text).toContain('winget install --exact --id Google.Chrome');
    expect(text).toContain('Get Prosody from https://prosody.im/');
  });

  it('with no package manager: where to get it', () => {
    const text = stopOf(() => ensureSystemPackages(makeSystem({}), 'npm run demo', ['prosody']));
    expect(text).toContain('Get Prosody from https://prosody.im/');
    expect(text).not.toContain('Install it with');
  });
});

it('only mentions what a command likes to have', () => {
  const system = makeSystem({ root: true, files: [apt] });
  ensureSystemPackages(system, 'npm start', [], ['libsecret']);
  expect(system.ran).toEqual([]);
  expect(system.said).toEqual([
    'Note: libsecret is not installed (keeping passwords in the system keychain). The app runs without it.',
  ]);
});

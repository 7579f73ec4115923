/**
 * Packs the application for three systems and looks at what came out: around the real Electron where its
 * binary is here, else around a made-up one. Needs no network.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { extractAll, getRawHeader, listPackage, statFile } from '@electron/asar';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { wantedVersion } from '#scripts/electron-dist.ts';
import { makeElectron } from '#scripts/made-up-electron.ts';
import { pack, runBuilder } from '#scripts/pack.ts';
import { runOnStub } from '#tests/support/on-stub.ts';

const root = path.resolve(import.meta.dirname, '../..');
const work = mkdtempSync(path.join(os.tmpdir(), 'chatsecure-package-'));
const version = wantedVersion(path.join(root, 'node_modules/electron'));
const macApp = 'mac/ChatSecure Desktop.app/Contents';

interface Packed {
  readonly resources: string;
  /** The file with the fuses. */
  readonly fused: string;
  /** Prefix of its natives. */
  readonly prebuilds: string;
}

const packages = {
  linux: {
    resources: path.join(work, 'linux/linux-unpacked/resources'),
    fused: path.join(work, 'linux/linux-unpacked/chatsecure-desktop'),
    prebuilds: 'linux',
  },
  win: {
    resources: path.join(work, 'win/win-unpacked/resources'),
    fused: path.join(work, 'win/win-unpacked/ChatSecure Desktop.exe'),
    prebuilds: 'win32',
  },
  mac: {
    resources: path.join(work, `mac/${macApp}/Resources`),
    fused: path.join(
      work,
      `mac/${macApp}/Frameworks/Electron Framework.framework/Versions/A/Electron Framework`,
    ),
    prebuilds: 'darwin',
  },
} as const satisfies Record<string, Packed>;

const archiveOf = ({ resources }: Packed): string => path.join(resources, 'app.asar');
const filesIn = (archive: string): readonly string[] =>
  listPackage(archive, { isPack: false }).map((file) => file.replaceAll('\\', '/'));
const sha256 = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex');
const plainFiles = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .toSorted();

beforeAll(async () => {
  execFileSync(process.execPath, [path.join(root, 'scripts/build.ts'), '--if-stale'], { cwd: root });
  for (const system of ['linux', 'win', 'mac'] as const) await pack(system, path.join(work, system));
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

describe.each(Object.entries(packages))('the %s package', (_system, packed) => {
  it('holds the built application and its two natives, nothing else', () => {
    const files = filesIn(archiveOf(packed));
    const allowed = ['LICENSE', 'dist', 'node_modules', 'package.json'];
    expect(
      [...new Set(files.map((file) => file.split('/')[1] ?? ''))].filter((name) => !allowed.includes(name)),
    ).toEqual([]);
    expect(
      files.filter((file) => /^\/dist\/[^/]+$|^\/dist\/(?:main|preload)\//.test(file)).toSorted(),
    ).toEqual([
      '/dist/THIRD-PARTY-NOTICES.txt',
      '/dist/main',
      '/dist/main/electron.js',
      '/dist/preload',
      '/dist/preload/preload.cjs',
      '/dist/renderer',
    ]);
    expect([
      ...new Set(files.filter((file) => file.startsWith('/node_modules/')).map((file) => file.split('/')[2])),
    ]).toEqual(['better-sqlite3', 'keytar']);
    expect(
      files.filter((file) =>
        /\.(?:ts|tsx|map|tsbuildinfo|c|cc|cpp|h|hpp|gyp|md)$|\/(?:src|tests?|scripts)\//.test(file),
      ),
    ).toEqual([]);
  });

  it('keeps beside its archive only natives, and only those of its system', () => {
    const outside = plainFiles(`${archiveOf(packed)}.unpacked`);
    const natives = filesIn(archiveOf(packed)).filter((file) => file.endsWith('.node'));
    expect(outside.map((file) => `/${file.replaceAll('\\', '/')}`)).toEqual(natives.toSorted());
    for (const native of natives) {
      expect(native).toMatch(new RegExp(`/prebuilds/${packed.prebuilds}-(?:x64|arm64)(?:/keytar)?\\.node$`));
      expect(statFile(archiveOf(packed), native.slice(1))).toMatchObject({ unpacked: true });
    }
    for (const name of ['better-sqlite3', 'keytar']) {
      for (const cpu of ['x64', 'arm64'])
        expect(
          natives.some((file) => file.includes(`/${name}/`) && file.includes(`-${cpu}`)),
          `${name} ${cpu}`,
        ).toBe(true);
    }
    expect(existsSync(path.join(packed.resources, 'default_app.asar'))).toBe(false);
    expect(existsSync(path.join(packed.resources, 'app-update.yml'))).toBe(false);
  });

  it('has every fuse as decided', () => {
    expect(fusesOf(packed.fused)).toEqual({
      runAsNode: false,
      cookieEncryption: true,
      nodeOptions: false,
      inspect: false,
      archiveIntegrity: true,
      onlyArchive: true,
      ownSnapshot: false,
      filePrivileges: false,
      wasmTrapHandlers: true,
    });
  });

  it('says who it is and needs no script', () => {
    const folder = mkdtempSync(path.join(work, 'manifest-'));
    extractAll(archiveOf(packed), folder);
    const manifest = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as Record<
      string,
      unknown
    >;
    expect(manifest).toMatchObject({
      name: 'chatsecure-desktop',
      main: 'dist/main/electron.js',
      license: 'GPL-3.0-or-later',
    });
    expect(manifest).not.toHaveProperty('scripts');
    expect(manifest).not.toHaveProperty('devDependencies');
    expect(readFileSync(path.join(folder, 'dist/main/electron.js'), 'utf8')).not.toMatch(
      /WebSocketServer|--print-launch-url/,
    );
  });
});

/** Reads the wire as Electron does: sentinel, version, number of fuses, then `0` or `1` for each. */
const fusesOf = (file: string): Readonly<Record<string, boolean>> => {
  const names = [
    'runAsNode',
    'cookieEncryption',
    'nodeOptions',
    'inspect',
    'archiveIntegrity',
    'onlyArchive',
    'ownSnapshot',
    'filePrivileges',
    'wasmTrapHandlers',
  ];
  const bytes = readFileSync(file);
  const sentinel = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';
  const at = bytes.indexOf(sentinel) + sentinel.length;
  expect([at >= sentinel.length, bytes[at], bytes[at + 1]]).toEqual([true, 1, names.length]);
  return Object.fromEntries(
    names.map((name, index) => [name, String.fromCharCode(bytes[at + 2 + index] ?? 0) === '1']),
  );
};

describe('integrity', () => {
  it('on Windows: the hash of the archive is in the program', () => {
    const { NtExecutable, NtExecutableResource } = createRequire(import.meta.url)(
      'resedit',
    ) as ResourceReader;
    const { entries } = NtExecutableResource.from(
      NtExecutable.from(readFileSync(packages.win.fused), { ignoreCert: true }),
    );
    const entry = entries.find(({ type }) => String(type).toUpperCase() === 'INTEGRITY');
    const { headerString } = getRawHeader(archiveOf(packages.win));
    expect(JSON.parse(Buffer.from(entry?.bin ?? new ArrayBuffer(0)).toString('utf8'))).toContainEqual({
      file: 'resources\\app.asar',
      alg: 'SHA256',
      value: sha256(headerString),
    });
  });

  it('on macOS: the hash is in Info.plist', () => {
    expect(readFileSync(path.join(work, 'mac', macApp, 'Info.plist'), 'utf8')).toContain(
      sha256(getRawHeader(archiveOf(packages.mac)).headerString),
    );
  });

  it('everywhere: the same sources give the same archive, bit for bit', async () => {
    await pack('linux', path.join(work, 'again'));
    const again = path.join(work, 'again/linux-unpacked/resources/app.asar');
    expect(sha256(readFileSync(again))).toBe(sha256(readFileSync(archiveOf(packages.linux))));
  });
});

interface ResourceReader {
  readonly NtExecutable: { from(bytes: Buffer, options: { ignoreCert: boolean }): object };
  readonly NtExecutableResource: {
    from(program: object): {
      readonly entries: readonly { readonly type: unknown; readonly bin: ArrayBuffer }[];
    };
  };
}

describe('registration with the system', () => {
  it('on macOS: xmpp links, and no plain http', () => {
    const plist = readFileSync(path.join(work, 'mac', macApp, 'Info.plist'), 'utf8');
    expect(plist).toMatch(/<key>CFBundleURLSchemes<\/key>\s*<array>\s*<string>xmpp<\/string>\s*<\/array>/);
    expect(plist).toMatch(/<key>NSAllowsArbitraryLoads<\/key>\s*<false\/>/);
    expect(plist).toContain('<string>org.chatsecure.Desktop</string>');
    expect(statSync(path.join(packages.mac.resources, 'icon.icns')).size).toBeGreaterThan(10_000);
  });

  it('on macOS: both halves of a universal program are the same archive with the same natives', async () => {
    const out = path.join(work, 'universal');
    const electron = path.join(work, 'electron-mac');
    await makeElectron(electron, 'mac', version);
    // Merging the halves needs macOS; elsewhere the builder stops after it has made them.
    const merging = runBuilder([
      '--mac',
      '--dir',
      '--universal',
      `-c.electronDist=${electron}`,
      `-c.directories.output=${out}`,
    ]);
    if (process.platform === 'darwin') await merging;
    else await expect(merging).rejects.toThrow(/electron-builder ended with/);
    const half = (cpu: string): string =>
      path.join(out, `mac-universal-${cpu}-temp/ChatSecure Desktop.app/Contents/Resources/app.asar`);
    expect(sha256(readFileSync(half('x64')))).toBe(sha256(readFileSync(half('arm64'))));
    expect(plainFiles(`${half('x64')}.unpacked`)).toEqual(plainFiles(`${half('arm64')}.unpacked`));
  });

  it('on Linux: desktop entry, icons and dependencies of the deb package', async () => {
    const { record, environment } = recordingFpm();
    const electron = path.join(work, 'electron-linux');
    await makeElectron(electron, 'linux', version);
    await runBuilder(
      [
        '--linux',
        'deb',
        '--x64',
        `-c.electronDist=${electron}`,
        `-c.directories.output=${path.join(work, 'deb')}`,
      ],
      environment,
    );
    const entry = readFileSync(`${record}.desktop`, 'utf8');
    expect(entry).toContain('MimeType=x-scheme-handler/xmpp;');
    expect(entry).toMatch(/^Exec="?\/opt\/ChatSecure Desktop\/chatsecure-desktop"? %U$/m);
    expect(entry).toContain('StartupWMClass=chatsecure-desktop');
    expect(entry).toContain('Categories=Network;InstantMessaging;Chat;');
    const args = readFileSync(record, 'utf8');
    expect(args).toContain('libsecret-1-0');
    for (const size of [16, 32, 48, 64, 128, 256, 512])
      expect(args).toContain(`/usr/share/icons/hicolor/${size}x${size}/apps/chatsecure-desktop.png`);
  });
});

/** An fpm that writes down what it was asked for and keeps the desktop entry; the real one comes from the network. */
const recordingFpm = (): { readonly record: string; readonly environment: NodeJS.ProcessEnv } => {
  const bin = path.join(work, 'bin');
  const record = path.join(work, 'fpm');
  mkdirSync(bin);
  const script = `#!/bin/sh
printf '%s\\n' "$@" > ${record}
for argument in "$@"; do
  case "$argument" in *.desktop=*) cp "\${argument%%=*}" ${record}.desktop ;; esac
  [ "$before" = --package ] && : > "$argument"
  before="$argument"
done
`;
  writeFileSync(path.join(bin, 'fpm'), script);
  chmodSync(path.join(bin, 'fpm'), 0o755);
  return { record, environment: { USE_SYSTEM_FPM: 'true', PATH: `${bin}:${process.env['PATH'] ?? ''}` } };
};

it('what was packed runs: it opens its window on the stub, and both natives load', () => {
  const folder = path.join(work, 'run');
  extractAll(archiveOf(packages.linux), folder);
  const { stdout, stderr } = runOnStub(
    path.join(folder, 'dist/main/electron.js'),
    path.join(work, 'profile'),
    `const Database = require('better-sqlite3');
     const database = new Database(':memory:');
     database.pragma("cipher='sqlcipher'");
     const { sqlite } = database.prepare('select sqlite_version() as sqlite').get();
     database.close();
     const [{ loaded }] = stub.windows;
     const page = await stub.sessions.get('window').handled.get('app')(new Request('app://bundle/'));
     console.log(JSON.stringify({ loaded, page: page.status, sqlite, keytar: typeof require('keytar').getPassword }));`,
  );
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual({
    loaded: ['app://bundle/index.html'],
    page: 200,
    sqlite: expect.stringMatching(/^3\.\d+\.\d+$/),
    keytar: 'function',
  });
});

/**
 * The way into every command, on a scratch copy of a repository: the real run.mjs and ensure*.mjs, a
 * recording npm, and a search path that holds nothing but what a test puts there.
 */
import { spawn, spawnSync, type SpawnSyncReturns } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const repository = path.resolve(import.meta.dirname, '../../..');

let root: string;
const at = (...parts: string[]): string => path.join(root, ...parts);
const write = (file: string, text: string): void => {
  mkdirSync(path.dirname(at(file)), { recursive: true });
  writeFileSync(at(file), text);
};

const manifest = {
  name: 'scratch',
  devDependencies: { zod: '4.6.7', node: '24.21.0' },
  allowScripts: { node: true, other: false },
};
const packages = {
  '': { devDependencies: manifest.devDependencies },
  'node_modules/node': { version: '24.21.0', integrity: 'sha512-n' },
  'node_modules/zod': { version: '4.6.7', integrity: 'sha512-z' },
  'node_modules/@zod/win32': { version: '4.6.7', integrity: 'sha512-w', optional: true },
};

/** Installs empty packages by the lock file, as npm does: the hidden lock file comes last. */
const recordingNpm = `
const fs = require('node:fs');
const args = process.argv.slice(2);
fs.appendFileSync('npm-calls', args.filter((arg) => !arg.startsWith('--loglevel')).join(' ') + '\\n');
if (fs.existsSync('npm-fails')) { console.error('npm error network ENOTFOUND registry'); process.exit(1); }
if (args[0] === 'ci') {
  fs.rmSync('node_modules', { recursive: true, force: true });
  const lock = JSON.parse(fs.readFileSync('package-lock.json', 'utf8'));
  delete lock.packages[''];
  for (const [place, entry] of Object.entries(lock.packages)) {
    if (entry.optional) { delete lock.packages[place]; continue; }
    fs.mkdirSync(place, { recursive: true });
    fs.writeFileSync(place + '/package.json', '{}');
  }
  fs.writeFileSync('node_modules/.package-lock.json', JSON.stringify(lock));
} else {
  fs.mkdirSync('node_modules/node/bin', { recursive: true });
  const own = '#!/bin/sh\\necho our own node\\nexec ' + process.execPath + ' "$@"\\n';
  fs.writeFileSync('node_modules/node/bin/node', own, { mode: 0o755 });
}
`;

const environment = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  PATH: at('bin'),
  npm_execpath: at('npm-cli.js'),
  npm_node_execpath: process.execPath,
  ...more,
});

const run = (...args: string[]): SpawnSyncReturns<string> =>
  spawnSync(process.execPath, [at('scripts/run.mjs'), ...args], {
    cwd: root,
    env: environment(),
    encoding: 'utf8',
  });

/** What npm was asked to do since the last time we looked. */
const npmCalls = (): readonly string[] => {
  const file = at('npm-calls');
  const calls = existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
  rmSync(file, { force: true });
  return calls;
};

const INSTALL = ['ci --ignore-scripts', 'rebuild node'];

beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'run-'));
  mkdirSync(at('scripts'));
  mkdirSync(at('bin'));
  for (const file of readdirSync(path.join(repository, 'scripts'))) {
    if (/^(?:run|ensure.*)\.mjs$/.test(file))
      cpSync(path.join(repository, 'scripts', file), at('scripts', file));
  }
  write('npm-cli.js', recordingNpm);
  write('package.json', JSON.stringify(manifest));
  write('package-lock.json', JSON.stringify({ packages }));
  const command = `const text: string = process.argv.slice(2).join(' ');
    console.log('format', text);
    process.exitCode = text === 'fail' ? 7 : 0;`;
  write('scripts/format.ts', command);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('a fresh clone', () => {
  it('gets its packages and its Node, then runs the command with its arguments', () => {
    const first = run('format', 'main', '--all');
    expect(first.stderr).toBe('Installing the Node packages (first run). This takes about a minute.\n');
    expect(first.stdout).toBe('our own node\nformat main --all\n');
    expect(first.status).toBe(0);
    expect(npmCalls()).toEqual(INSTALL);
  });

  it('is quiet and quick the next time', () => {
    run('format');
    npmCalls();
    expect(run('format').stderr).toBe('');
    expect(npmCalls()).toEqual([]);
  });

  it('passes on how the command ended', () => {
    expect(run('format', 'fail').status).toBe(7);
  });

  it('says what npm said when it fails, and exits with 2', () => {
    write('npm-fails', '');
    const failed = run('format');
    expect(failed.status).toBe(2);
    expect(failed.stderr).toContain('npm error network ENOTFOUND registry');
    expect(failed.stderr).toContain('run the same command again');
    expect(failed.stdout).toBe('');
  });
});

describe('packages that are no longer what the lock file says', () => {
  const lock = (changes: object): string => JSON.stringify({ packages: { ...packages, ...changes } });

  beforeEach(() => {
    run('format');
    npmCalls();
  });

  it.each([
    [
      'a newer lock file',
      () =>
        write('package-lock.json', lock({ 'node_modules/zod': { version: '4.6.8', integrity: 'sha512-y' } })),
      'the lock file has changed',
    ],
    [
      'the same version with other contents',
      () =>
        write('package-lock.json', lock({ 'node_modules/zod': { version: '4.6.7', integrity: 'sha512-x' } })),
      'the lock file has changed',
    ],
    [
      'one package more',
      () =>
        write('package-lock.json', lock({ 'node_modules/ws': { version: '8.0.0', integrity: 'sha512-s' } })),
      'the lock file has changed',
    ],
    [
      'a package that was deleted',
      () => rmSync(at('node_modules/zod'), { recursive: true }),
      'node_modules/zod is missing',
    ],
    [
      'an installation that was interrupted',
      () => rmSync(at('node_modules/.package-lock.json')),
      'node_modules is not complete',
    ],
    [
      'a hidden lock file that was cut',
      () => write('node_modules/.package-lock.json', '{"packages":'),
      'node_modules is not complete',
    ],
    [
      'a dependency added by hand',
      () => write('package.json', JSON.stringify({ ...manifest, dependencies: { ws: '8.0.0' } })),
      'package.json has changed',
    ],
  ])('%s', (_, change, reason) => {
    change();
    expect(run('format').stderr).toContain(`(${reason})`);
    expect(npmCalls()).toEqual(INSTALL);
  });

  it('a missing Node binary alone is made again alone', () => {
    rmSync(at('node_modules/node/bin'), { recursive: true });
    expect(run('format').status).toBe(0);
    expect(npmCalls()).toEqual(['rebuild node']);
  });

  it('an optional package of another system may be absent', () => {
    expect(existsSync(at('node_modules/@zod/win32'))).toBe(false);
    expect(run('format').stderr).toBe('');
  });

  it('a lock file that cannot be read stops everything', () => {
    write('package-lock.json', '<<<<<<< HEAD');
    const stopped = run('format');
    expect([stopped.status, stopped.stdout]).toEqual([2, '']);
    expect(stopped.stderr).toContain('package-lock.json is missing or not readable');
    expect(npmCalls()).toEqual([]);
  });
});

describe('what was typed', () => {
  it.each([
    [['nonsense'], 'There is no command "nonsense".'],
    [[], 'Which command?'],
    [['__proto__'], 'There is no command'],
  ])('%j lists the commands and installs nothing', (args, text) => {
    const stopped = run(...args);
    expect(stopped.status).toBe(2);
    expect(stopped.stderr).toContain(text);
    for (const name of ['start', 'demo', 'test', 'check'])
      expect(stopped.stderr).toMatch(new RegExp(`^ {2}${name} `, 'm'));
    expect(npmCalls()).toEqual([]);
  });

  it('says so when the script of a command is missing', () => {
    expect(run('bench').stderr).toContain('scripts/bench.ts is missing');
  });

  it('says so, and nothing else, when Node is too old', () => {
    const pretend =
      "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.4' } });";
    const preload = `data:text/javascript,${encodeURIComponent(pretend)}`;
    const old = spawnSync(process.execPath, ['--import', preload, at('scripts/run.mjs'), 'format'], {
      encoding: 'utf8',
    });
    expect(old.status).toBe(2);
    expect(old.stderr).toMatch(
      /^This needs Node\.js 20 or newer, and .* is 18\.20\.4\.\nInstall a current one/,
    );
    expect(old.stdout).toBe('');
  });
});

describe.skipIf(process.platform === 'win32')('system packages', () => {
  const fake = (name: string, script: string): void => {
    write(`bin/${name}`, `#!/bin/sh\n${script}\n`);
    chmodSync(at('bin', name), 0o755);
  };

  beforeEach(() => write('scripts/demo.ts', "console.log('the demo runs');"));

  it('are installed by apt-get for root, once', (context) => {
    if (process.getuid?.() !== 0) context.skip('not root: apt-get would not be run');
    fake(
      'apt-get',
      `echo "$@" >> '${at('apt-calls')}'; for p in prosody openssl chromium; do : > '${at('bin')}'/$p; done`,
    );
    const first = run('demo');
    expect(first.stderr).toContain('Installing system packages with apt-get: prosody openssl chromium\n');
    expect(first.stdout).toContain('the demo runs\n');
    expect(run('demo').stderr).toBe('');
    expect(readFileSync(at('apt-calls'), 'utf8')).toBe(
      'update -qq\ninstall -y -qq --no-install-recommends prosody openssl chromium\n',
    );
  });

  it('are only named where there is no apt-get, and nothing runs', () => {
    fake('dnf', 'exit 99');
    const stopped = run('demo');
    expect([stopped.status, stopped.stdout]).toEqual([2, '']);
    expect(stopped.stderr).toContain('dnf install -y prosody openssl chromium');
  });
});

describe.skipIf(process.platform === 'win32')('signals', () => {
  let group: number | undefined;

  afterEach(() => {
    try {
      if (group !== undefined) process.kill(-group, 'SIGKILL');
    } catch {
      // As it should be: all of it has ended.
    }
    group = undefined;
  });

  const ended = async (script: string, signal: NodeJS.Signals): Promise<readonly unknown[]> => {
    run('format');
    write('scripts/format.ts', script);
    const child = spawn(process.execPath, [at('scripts/run.mjs'), 'format'], {
      env: environment(),
      stdio: ['ignore', 'pipe', 'ignore'],
      // A group of its own, so that nothing is left of a test that fails.
      detached: true,
    });
    group = child.pid;
    const end = new Promise<readonly unknown[]>((resolve) =>
      child.on('exit', (code, by) => resolve([code, by])),
    );
    await new Promise<void>((resolve) => {
      child.stdout.on('data', (bytes: Buffer) => (bytes.includes('ready') ? resolve() : undefined));
    });
    child.kill(signal);
    return end;
  };

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    '%s reaches the command, whose exit code counts',
    async (signal) => {
      const script = `process.on('${signal}', () => process.exit(5)); setInterval(() => {}, 1000); console.log('ready');`;
      expect(await ended(script, signal)).toEqual([5, null]);
    },
  );

  it('a command that dies of a signal makes us die of the same one', async () => {
    expect(await ended("setInterval(() => {}, 1000); console.log('ready');", 'SIGTERM')).toEqual([
      null,
      'SIGTERM',
    ]);
  });
});

/** Tests of what is built, not of the sources. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import vm from 'node:vm';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Bridge } from '#shared/pipe.ts';
import { runOnStub } from '#tests/support/on-stub.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const dist = path.join(root, 'dist');
const read = (name: string): string => readFileSync(path.join(dist, name), 'utf8');

beforeAll(() => {
  execFileSync(process.execPath, [path.join(root, 'scripts/build.ts'), '--if-stale'], { cwd: root });
}, 120_000);

/** Everything that a bundle loads when it runs. */
const externals = (source: string): readonly string[] => {
  const named = source.matchAll(
    /^(?:import|export)\s(?:[^'"\n]*?\sfrom\s)?["']([^"']+)["'];?$|\bimport\(["']([^"']+)["']\)|(?<![.\w])(?:__)?require\(["']([^"']+)["']\)/gm,
  );
  return [
    ...new Set([...named].map(([, from, dynamic, required]) => from ?? dynamic ?? required ?? '')),
  ].toSorted();
};

const packagesOf = (source: string): readonly string[] =>
  externals(source).filter((name) => !name.startsWith('node:') && !builtins.has(name));
const builtins = new Set(process.getBuiltinModule('node:module').builtinModules);

describe('the bundle of main', () => {
  it('for Electron loads electron and the natives, and has no trace of the loopback host', () => {
    const source = read('main/electron.js');
    expect(packagesOf(source)).toEqual(['better-sqlite3', 'electron', 'keytar']);
    expect(externals(source)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(?:node:)?https?$/)]),
    );
    expect(source).not.toMatch(/WebSocketServer|node:http"|launch token|--print-launch-url/);
  });

  it('for loopback loads the natives and never electron, whose import would start a download', () => {
    const source = read('main/web.js');
    expect(packagesOf(source)).toEqual(['better-sqlite3', 'keytar']);
    expect(source).toContain('--print-launch-url');
  });

  it('consists of one file for each host', () => {
    expect(readdirSync(path.join(dist, 'main')).toSorted()).toEqual(['electron.js', 'web.js']);
  });

  it('for Electron is evaluated before ready, and then opens one window and serves it', () => {
    const profile = mkdtempSync(path.join(os.tmpdir(), 'chatsecure-bundle-'));
    onTestFinished(() => rmSync(profile, { recursive: true, force: true }));
    const { stdout, stderr } = runOnStub(
      path.join(dist, 'main/electron.js'),
      profile,
      `const [{ loaded, options }] = stub.windows;
       const page = await stub.sessions.get('window').handled.get('app')(new Request('app://bundle/index.html'));
       console.log(JSON.stringify({ loaded, preload: options.webPreferences.preload, sandbox: options.webPreferences.sandbox, status: page.status, root: (await page.text()).includes('<div id="root">') }));`,
    );
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({
      loaded: ['app://bundle/index.html'],
      preload: path.join(dist, 'preload/preload.cjs'),
      sandbox: true,
      status: 200,
      root: true,
    });
  }, 30_000);
});

describe('the bundle of the preload', () => {
  /** Runs it as Electron's sandbox does: a function body with these parameters and a `require` of a few names. */
  const load = () => {
    const exposed: Record<string, Bridge> = {};
    const ipcRenderer = { on: vi.fn(), send: vi.fn() };
    const contextBridge = { exposeInMainWorld: (key: string, value: Bridge) => void (exposed[key] = value) };
    const require = (name: string): unknown => {
      if (name !== 'electron') throw new Error(`module not found: ${name}`);
      return { contextBridge, ipcRenderer };
    };
    const parameters = [
      'require',
      'process',
      'exports',
      'module',
      'Buffer',
      'global',
      'setImmediate',
      'clearImmediate',
    ];
    vm.compileFunction(read('preload/preload.cjs'), parameters)(require, {}, {}, {});
    const bridge = exposed['bridge'];
    if (bridge === undefined) throw new Error('no bridge');
    const deliver = ipcRenderer.on.mock.calls[0]?.[1] as (event: unknown, frame: unknown) => void;
    return { exposed, bridge, ipcRenderer, deliver };
  };

  it('is one CommonJS file that requires electron alone', () => {
    const source = read('preload/preload.cjs');
    expect(readdirSync(path.join(dist, 'preload'))).toEqual(['preload.cjs']);
    expect(source).not.toMatch(/^\s*(?:import|export)\s/m);
    expect(externals(source)).toEqual(['electron']);
  });

  it('exposes two functions and nothing else', () => {
    const { exposed, bridge } = load();
    expect(Object.keys(exposed)).toEqual(['bridge']);
    expect(Object.entries(bridge).map(([key, value]) => [key, typeof value])).toEqual([
      ['send', 'function'],
      ['onFrame', 'function'],
    ]);
  });

  it('carries frames over the one channel, and never the event object', () => {
    const { bridge, ipcRenderer, deliver } = load();
    const frame = { kind: 'call', id: 1, method: 'app.snapshot', input: {} } as const;
    bridge.send(frame);
    expect(ipcRenderer.send.mock.calls).toEqual([['chatsecure:frame', frame]]);
    expect(ipcRenderer.on.mock.calls.map(([channel]) => channel as string)).toEqual(['chatsecure:frame']);
    const received: unknown[][] = [];
    deliver({ sender: 'leak' }, 'nobody listens yet');
    bridge.onFrame((...args) => received.push(args));
    deliver({ sender: 'leak' }, { kind: 'done', id: 1 });
    expect(received).toEqual([[{ kind: 'done', id: 1 }]]);
    expect(() => bridge.onFrame('x' as never)).toThrow(TypeError);
  });
});

describe('the bundle of the window', () => {
  it('has no inline script or style, no foreign address in the document, and no eval', () => {
    const html = read('renderer/index.html');
    expect(html).not.toMatch(/<script(?![^>]*\bsrc=)/);
    expect(html).not.toMatch(/<style|\sstyle=|\son\w+=|https?:\/\/|data:/);
    const scripts = readdirSync(path.join(dist, 'renderer/assets')).filter((name) => name.endsWith('.js'));
    expect(scripts.length).toBeGreaterThan(0);
    for (const name of scripts)
      expect(read(`renderer/assets/${name}`)).not.toMatch(/\beval\(|new Function\(|sourceMappingURL/);
  });

  it('loads the list of emoji when it is opened, not at its start', () => {
    const script = /src="\.\/(assets\/[^"]+\.js)"/.exec(read('renderer/index.html'))?.[1] ?? '';
    const others = readdirSync(path.join(dist, 'renderer/assets')).filter((name) => name.endsWith('.js'));
    expect(read(`renderer/${script}`)).not.toContain('hedgehog');
    expect(others.filter((name) => read(`renderer/assets/${name}`).includes('hedgehog'))).toHaveLength(1);
  });

  it('has neither the schemas of main nor files that would not be served', () => {
    const files = readdirSync(path.join(dist, 'renderer'), { recursive: true, withFileTypes: true }).filter(
      (entry) => entry.isFile(),
    );
    for (const { name } of files) expect(name).toMatch(/\.(?:html|js|css|json|svg|png|webp|woff2|ico)$/);
    const scripts = files.filter(({ name }) => name.endsWith('.js'));
    for (const { parentPath, name } of scripts)
      expect(readFileSync(path.join(parentPath, name), 'utf8')).not.toContain('ZodError');
  });
});

/**
 * Builds dist/ with Vite alone: main (ESM for Node 24), preload (one CommonJS file), renderer.
 *
 *   node scripts/build.ts [--dev] [--if-stale]
 *
 * --dev keeps source maps in the renderer; --if-stale builds only where a source has changed.
 */
import { existsSync } from 'node:fs';
import { readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import react from '@vitejs/plugin-react';
import { build as vite, type InlineConfig } from 'vite';
import { collectNotices, type Notices } from './notices.ts';

const root = path.resolve(import.meta.dirname, '..');
const at = (...parts: string[]): string => path.join(root, ...parts);

/** Loaded by the running program, never bundled: natives cannot be, and `electron` exists only inside Electron. */
const external = ['electron', 'better-sqlite3', 'keytar'];

const common: InlineConfig = {
  configFile: false,
  envDir: false,
  logLevel: 'warn',
  clearScreen: false,
  publicDir: false,
};

/**
 * One file for each host, so that what one does not use cannot come along with the other. Packages of pure
 * JavaScript are bundled: the shipped node_modules holds the two natives only.
 */
const main = (out: string, entry: 'electron' | 'web', notices: Notices): InlineConfig => ({
  ...common,
  plugins: [notices.plugin],
  root,
  ssr: { target: 'node', noExternal: true, external },
  // `ws` looks for optional native speed-ups; without these it neither finds nor misses them.
  define: { 'process.env.WS_NO_BUFFER_UTIL': '"1"', 'process.env.WS_NO_UTF_8_VALIDATE': '"1"' },
  build: {
    ssr: true,
    outDir: path.join(out, 'main'),
    emptyOutDir: false,
    target: 'node24',
    minify: false,
    sourcemap: false,
    reportCompressedSize: false,
    rolldownOptions: {
      input: { [entry]: at(`main/${entry}.ts`) },
      output: { format: 'esm', entryFileNames: '[name].js', codeSplitting: false },
    },
  },
});

/** A sandboxed preload has no ESM, and of all packages only `electron`. */
const preload = (out: string): InlineConfig => ({
  ...common,
  root,
  build: {
    outDir: path.join(out, 'preload'),
    target: 'chrome150',
    minify: false,
    sourcemap: false,
    reportCompressedSize: false,
    lib: { entry: at('preload/index.ts'), formats: ['cjs'], fileName: () => 'preload.cjs' },
    rolldownOptions: { external: ['electron'], output: { codeSplitting: false } },
  },
});

/** Relative addresses serve both `app://` and http; nothing is inlined, because the policy has no `data:`. */
const renderer = (out: string, dev: boolean, notices: Notices): InlineConfig => ({
  ...common,
  root: at('renderer'),
  base: './',
  publicDir: 'public',
  plugins: [react(), notices.plugin],
  build: {
    outDir: path.join(out, 'renderer'),
    emptyOutDir: true,
    target: 'chrome150',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    sourcemap: dev,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 2048,
  },
});

/** What dist/ is made of; a change in any of these makes it stale. */
const sources = [
  'main',
  'preload',
  'renderer',
  'shared',
  'resources',
  'package-lock.json',
  'scripts/build.ts',
  'scripts/notices.ts',
];
const STAMP = '.built';

/**
 * Builds dist/. The parts are built beside it and moved into place at the end, so that a running program
 * and a parallel test never see half of it. Rejects with Vite's error, and then leaves dist/ as it was.
 */
export const build = async (options: { readonly dev?: boolean } = {}): Promise<void> => {
  const started = new Date();
  const next = at(`.tsbuild/dist-${process.pid}`);
  try {
    const notices = collectNotices(root);
    const configs = [
      main(next, 'electron', notices),
      main(next, 'web', notices),
      preload(next),
      renderer(next, options.dev === true, notices),
    ];
    const parts = await Promise.allSettled(configs.map((config) => vite(config)));
    for (const part of parts) if (part.status === 'rejected') throw part.reason;
    await writeFile(path.join(next, 'THIRD-PARTY-NOTICES.txt'), await notices.text());
    await writeFile(path.join(next, STAMP), '');
    // A source that changes during the build is younger than the stamp.
    await utimes(path.join(next, STAMP), started, started);
    await moveIntoPlace(next);
  } finally {
    await rm(next, { recursive: true, force: true });
  }
};

/** Two renames instead of a removal: who reads dist/ meets the old one or the new one. */
const moveIntoPlace = async (next: string): Promise<void> => {
  const old = `${next}-old`;
  await rename(at('dist'), old).catch(() => {});
  try {
    await rename(next, at('dist'));
  } catch (error) {
    // Another build was quicker, with the same sources.
    if (!existsSync(at('dist', STAMP))) throw error;
  }
  await rm(old, { recursive: true, force: true });
};

/** Builds where dist/ is missing or older than a source. Answers whether it did. */
export const buildIfStale = async (options: { readonly dev?: boolean } = {}): Promise<boolean> => {
  const built = await stat(at('dist', STAMP)).catch(() => undefined);
  const newest = Math.max(...(await Promise.all(sources.map((source) => newestChange(at(source))))));
  if (built !== undefined && built.mtimeMs >= newest) return false;
  await build(options);
  return true;
};

/** Milliseconds since 1970 of the youngest file in a tree. */
const newestChange = async (file: string): Promise<number> => {
  const info = await stat(file);
  if (!info.isDirectory()) return info.mtimeMs;
  const entries = await readdir(file);
  return Math.max(
    info.mtimeMs,
    ...(await Promise.all(entries.map((entry) => newestChange(path.join(file, entry))))),
  );
};

if (import.meta.main) {
  const started = performance.now();
  const options = { dev: process.argv.includes('--dev') };
  const isBuilt = process.argv.includes('--if-stale')
    ? await buildIfStale(options)
    : await build(options).then(() => true);
  console.log(
    isBuilt ? `built dist/ in ${Math.round(performance.now() - started)} ms` : 'dist/ is up to date',
  );
}

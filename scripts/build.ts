/**
 * Builds dist/ with Vite alone: main (ESM for Node 24), preload (one CommonJS file), renderer.
 *
 *   node scripts/build.ts [--dev]     --dev keeps source maps in the renderer
 */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import react from '@vitejs/plugin-react';
import { build, type InlineConfig } from 'vite';

const root = path.resolve(import.meta.dirname, '..');
const at = (...parts: string[]): string => path.join(root, ...parts);

/** Loaded by the running program, never bundled: natives cannot be, and `electron` exists only inside Electron. */
const external = ['electron', 'better-sqlite3', 'keytar'];

const common: InlineConfig = { configFile: false, envFile: false, logLevel: 'warn', publicDir: false };

/** Packages of pure JavaScript are bundled, so that the shipped node_modules holds the two natives only. */
const main = (): InlineConfig => ({
  ...common,
  root,
  ssr: { target: 'node', noExternal: true, external },
  // `ws` looks for optional native speed-ups; without these it neither finds nor misses them.
  define: { 'process.env.WS_NO_BUFFER_UTIL': '"1"', 'process.env.WS_NO_UTF_8_VALIDATE': '"1"' },
  build: {
    ssr: true,
    outDir: at('dist/main'),
    target: 'node24',
    minify: false,
    sourcemap: false,
    reportCompressedSize: false,
    rolldownOptions: {
      input: { electron: at('main/electron.ts'), web: at('main/web.ts') },
      output: { format: 'esm', entryFileNames: '[name].js', chunkFileNames: 'chunk-[name]-[hash].js' },
    },
  },
});

/** A sandboxed preload has no ESM, and of all packages only `electron`. */
const preload = (): InlineConfig => ({
  ...common,
  root,
  build: {
    outDir: at('dist/preload'),
    target: 'chrome150',
    minify: false,
    sourcemap: false,
    reportCompressedSize: false,
    lib: { entry: at('preload/index.ts'), formats: ['cjs'], fileName: () => 'preload.cjs' },
    rolldownOptions: { external: ['electron'], output: { codeSplitting: false } },
  },
});

/** Relative addresses serve both `app://` and http; nothing is inlined, because the policy has no `data:`. */
const renderer = (dev: boolean): InlineConfig => ({
  ...common,
  root: at('renderer'),
  base: './',
  plugins: [react()],
  build: {
    outDir: at('dist/renderer'),
    emptyOutDir: true,
    target: 'chrome150',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    sourcemap: dev,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 2048,
  },
});

/** Builds everything into dist/, which is emptied first. Rejects with Vite's error. */
export const buildAll = async (options: { readonly dev: boolean }): Promise<void> => {
  await rm(at('dist'), { recursive: true, force: true });
  await Promise.all([build(main()), build(preload()), build(renderer(options.dev))]);
};

if (import.meta.main) {
  const started = performance.now();
  await buildAll({ dev: process.argv.includes('--dev') });
  console.log(`built dist/ in ${Math.round(performance.now() - started)} ms`);
}

/**
 * Packs the application for Linux, Windows and macOS, unpacked (`release/<system>`), without an installer.
 * Around the real Electron where its binary is here for the system; otherwise around a made-up one: such a
 * package shows what would be shipped, and does not run.
 *
 *   node scripts/pack.ts [--linux] [--win] [--mac] [--out <folder>]     default: all three, release/
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { buildIfStale } from './build.ts';
import { findElectronDist, wantedVersion } from './electron-dist.ts';
import { makeElectron, type PackSystem } from './made-up-electron.ts';

const root = path.resolve(import.meta.dirname, '..');
const systems: readonly PackSystem[] = ['linux', 'win', 'mac'];

/** The system that a binary in node_modules/electron belongs to. */
export const ownSystem: PackSystem =
  process.platform === 'darwin' ? 'mac' : process.platform === 'win32' ? 'win' : 'linux';

/**
 * Runs electron-builder with our configuration, offline and without publishing.
 * @throws Error with the output where it fails
 */
export const runBuilder = async (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<void> => {
  const child = spawn(
    process.execPath,
    [path.join(root, 'node_modules/electron-builder/cli.js'), ...args, '--publish=never'],
    {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, CSC_IDENTITY_AUTO_DISCOVERY: 'false', ELECTRON_BUILDER_OFFLINE: 'true', ...env },
    },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`electron-builder ended with ${code}:\n${output}`);
};

/** Packs one system into `out`. Answers whether the Electron in it is the real one. */
export const pack = async (system: PackSystem, out: string): Promise<boolean> => {
  const version = wantedVersion(path.join(root, 'node_modules/electron'));
  const real = system === ownSystem ? findElectronDist(root) : undefined;
  const work = await mkdtemp(path.join(os.tmpdir(), 'chatsecure-pack-'));
  try {
    const electron = real?.folder ?? path.join(work, system);
    if (real === undefined) await makeElectron(electron, system, version);
    await runBuilder([
      `--${system}`,
      '--dir',
      '--x64',
      `-c.electronDist=${electron}`,
      `-c.directories.output=${out}`,
    ]);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return real !== undefined;
};

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      linux: { type: 'boolean' },
      win: { type: 'boolean' },
      mac: { type: 'boolean' },
      out: { type: 'string', default: path.join(root, 'release') },
    },
  });
  const chosen = systems.filter((system) => values[system] === true);
  await buildIfStale();
  for (const system of chosen.length === 0 ? systems : chosen) {
    const out = path.resolve(values.out, system);
    const isReal = await pack(system, out);
    console.log(
      `${system}: packed in ${path.relative(process.cwd(), out) || '.'}${isReal ? '' : ' around a made-up Electron: its contents are right, it does not run'}`,
    );
  }
}

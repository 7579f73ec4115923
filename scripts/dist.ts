/**
 * Makes the installers of this system in release/: AppImage, deb, rpm and Flatpak on Linux, dmg and zip on
 * macOS, NSIS, MSI and portable on Windows. Needs the real Electron and the tools of electron-builder, both
 * of which it downloads (Electron's archives are checked against the checksums of its npm package).
 *
 *   node scripts/dist.ts [target …]     for example: node scripts/dist.ts deb rpm
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { build } from './build.ts';
import { findElectronDist } from './electron-dist.ts';
import { ownSystem, runBuilder } from './pack.ts';

const root = path.resolve(import.meta.dirname, '..');
const out = path.join(root, 'release', 'installers');
const DOWNLOAD_SECONDS = 300;

/** Fetches the binary of this system, where it is not here. Answers why it cannot be had, or undefined. */
const missingElectron = (): string | undefined => {
  if (findElectronDist(root) !== undefined) return undefined;
  console.log('Electron is not here yet; downloading it …');
  const installer = path.join(root, 'node_modules/electron/install.js');
  const { status, stderr, error } = spawnSync(process.execPath, [installer], {
    encoding: 'utf8',
    timeout: DOWNLOAD_SECONDS * 1000,
  });
  if (status === 0 && findElectronDist(root) !== undefined) return undefined;
  if (error !== undefined && 'code' in error && error.code === 'ETIMEDOUT')
    return `the download did not end within ${DOWNLOAD_SECONDS} seconds`;
  return (
    stderr
      .split('\n')
      .find((line) => /Error|ECONN|ENOTFOUND|EAI_AGAIN|HTTP/.test(line))
      ?.trim() ?? `its installer ended with ${status}`
  );
};

/** The artefacts, with what `sha256sum --check` reads beside them. */
const writeChecksums = async (): Promise<readonly string[]> => {
  const entries = await readdir(out, { withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile() && !/^(?:builder-|SHA256SUMS)/.test(entry.name))
    .map(({ name }) => name)
    .toSorted();
  const lines = await Promise.all(
    names.map(async (name) => {
      const hash = createHash('sha256');
      await pipeline(createReadStream(path.join(out, name)), hash);
      return `${hash.digest('hex')}  ${name}\n`;
    }),
  );
  await writeFile(path.join(out, 'SHA256SUMS'), lines.join(''));
  return names;
};

/** Our configuration, and in it the checksums of Electron's archives, which came with its npm package. */
const writeConfig = async (folder: string): Promise<string> => {
  const checksums: unknown = JSON.parse(
    await readFile(path.join(root, 'node_modules/electron/checksums.json'), 'utf8'),
  );
  const file = path.join(folder, 'config.json');
  await writeFile(
    file,
    JSON.stringify({ extends: path.join(root, 'electron-builder.yml'), electronDownload: { checksums } }),
  );
  return file;
};

const reason = missingElectron();
if (reason !== undefined) {
  console.error(
    `No installer was made: Electron cannot be had here (${reason}).\n` +
      'Make the installers on a machine that reaches github.com, or name a mirror in ELECTRON_MIRROR.\n' +
      'What would be in them can be seen without it: node scripts/run.mjs pack',
  );
  process.exit(1);
}
await build();
const work = await mkdtemp(path.join(os.tmpdir(), 'chatsecure-dist-'));
try {
  const config = await writeConfig(work);
  await runBuilder(
    [`--${ownSystem}`, ...process.argv.slice(2), '--config', config, `-c.directories.output=${out}`],
    { ELECTRON_BUILDER_OFFLINE: 'false' },
  );
} finally {
  await rm(work, { recursive: true, force: true });
}
for (const name of await writeChecksums()) console.log(path.join('release', 'installers', name));

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

export interface ElectronDist {
  readonly folder: string;
  readonly executable: string;
}

const executables: Partial<Record<NodeJS.Platform, string>> = {
  darwin: 'Electron.app/Contents/MacOS/Electron',
  win32: 'electron.exe',
};

/**
 * The Electron binary of the installed `electron` package for this system, found by looking at files only:
 * importing the package would start a download. ELECTRON_OVERRIDE_DIST_PATH names another folder.
 * @returns undefined where it has not been downloaded, or is of another version
 */
export const findElectronDist = (
  root: string,
  env: NodeJS.ProcessEnv = process.env,
): ElectronDist | undefined => {
  const packaged = path.join(root, 'node_modules', 'electron');
  const override = env['ELECTRON_OVERRIDE_DIST_PATH'];
  const folder = override !== undefined && override !== '' ? override : path.join(packaged, 'dist');
  const executable = path.join(folder, executables[process.platform] ?? 'electron');
  if (!existsSync(executable)) return undefined;
  return folder === override || versionOf(folder) === wantedVersion(packaged)
    ? { folder, executable }
    : undefined;
};

/** The version that package.json pins. */
export const wantedVersion = (packaged: string): string =>
  (JSON.parse(readFileSync(path.join(packaged, 'package.json'), 'utf8')) as { version: string }).version;

const versionOf = (folder: string): string | undefined => {
  try {
    return readFileSync(path.join(folder, 'version'), 'utf8').trim().replace(/^v/, '');
  } catch {
    return undefined;
  }
};

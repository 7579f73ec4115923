import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const PROFILE_NAME = 'chatsecure-desktop';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The folder of the user's profile: CHATSECURE_PROFILE, or the system's usual place for application data.
 * @returns an absolute path; the folder need not exist
 */
export const profileDirectory = (
  env: Environment = process.env,
  platform: NodeJS.Platform = process.platform,
  home: string = os.homedir(),
): string => {
  const given = env['CHATSECURE_PROFILE'];
  if (given !== undefined && given !== '') return path.resolve(given);
  if (platform === 'darwin') return path.join(home, 'Library', 'Application Support', PROFILE_NAME);
  if (platform === 'win32')
    return path.join(env['APPDATA'] ?? path.join(home, 'AppData', 'Roaming'), PROFILE_NAME);
  const data = env['XDG_DATA_HOME'];
  // XDG Base Directory Specification: relative values must be ignored.
  const base = data !== undefined && path.isAbsolute(data) ? data : path.join(home, '.local', 'share');
  return path.join(base, PROFILE_NAME);
};

export interface Installation {
  readonly version: string;
  readonly rendererDir: string;
  readonly preload: string;
}

/**
 * Where the parts of the program lie, seen from an entry: `main/` when run from the sources, `dist/main/`
 * when built, the same inside app.asar.
 * @throws Error where there is no package.json above `from`
 */
export const findInstallation = (from: string): Installation => {
  for (let folder = from; ; folder = path.dirname(folder)) {
    const manifest = readManifest(path.join(folder, 'package.json'));
    if (manifest?.name === PROFILE_NAME) {
      return {
        version: manifest.version,
        rendererDir: path.join(folder, 'dist', 'renderer'),
        preload: path.join(folder, 'dist', 'preload', 'preload.cjs'),
      };
    }
    if (path.dirname(folder) === folder) throw new Error('the package.json of the application is missing');
  }
};

const readManifest = (file: string): { readonly name: string; readonly version: string } | undefined => {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as { name: string; version: string };
  } catch {
    return undefined;
  }
};

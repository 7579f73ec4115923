import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Plugin } from 'vite';

/** Gathers the licences of every package that ends up in a bundle; most of them must be shipped with it. */
export interface Notices {
  /** Notes which packages a build takes its modules from. */
  readonly plugin: Plugin;
  /** The notices, sorted by package; call it after the builds. */
  text(): Promise<string>;
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

/**
 * @param root the folder with node_modules
 * @throws Error (from `text`) where a package names no licence at all
 */
export const collectNotices = (root: string): Notices => {
  const folders = new Set<string>();
  return {
    plugin: {
      name: 'notices',
      generateBundle(_options, bundle) {
        for (const output of Object.values(bundle)) {
          if (output.type !== 'chunk') continue;
          for (const id of output.moduleIds) {
            const folder = packageFolder(id);
            if (folder !== undefined) folders.add(folder);
          }
        }
      },
    },
    text: async () => {
      // The natives are not bundled but shipped as they are.
      for (const name of ['better-sqlite3', 'keytar']) folders.add(path.join(root, 'node_modules', name));
      const notices = await Promise.all([...folders].map((folder) => notice(folder)));
      return notices.toSorted().join(`\n${'='.repeat(80)}\n\n`);
    },
  };
};

/**
 * The folder of the package that a module belongs to; virtual modules begin with NUL. The names of emoji are data
 * of others, kept here with their licence.
 */
const packageFolder = (id: string): string | undefined =>
  /^\0?(.*[\\/](?:node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+|resources[\\/]emoji))[\\/]/.exec(id)?.[1];

const notice = async (folder: string): Promise<string> => {
  const manifest = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8')) as Manifest;
  const file = (await readdir(folder)).find((name) =>
    /^(?:licen[cs]e|copying|unlicense)(?:\.|-|$)/i.test(name),
  );
  if (file === undefined && manifest.license === undefined)
    throw new Error(`${manifest.name} names no licence`);
  const licence = file === undefined ? '' : `\n${(await readFile(path.join(folder, file), 'utf8')).trim()}\n`;
  return `${manifest.name} ${manifest.version}\nLicence: ${manifest.license ?? 'see below'}\n${licence}`;
};

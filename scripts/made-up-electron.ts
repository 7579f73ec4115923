import { chmod, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { createPackage } from '@electron/asar';

/**
 * A made-up Electron distribution: the files that electron-builder looks at, with a real fuse wire, and no
 * program in them. With it the contents of a package can be made and examined where no Electron can be had.
 */

export type PackSystem = 'linux' | 'win' | 'mac';

/** How @electron/fuses finds the fuses in a binary: this text, version, number of fuses, one digit each. */
const SENTINEL = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';
/** The fuses of Electron 45 as it is delivered. */
const DELIVERED_FUSES = '101100011';

const fuseWire = Buffer.concat([
  Buffer.alloc(64),
  Buffer.from(SENTINEL, 'latin1'),
  Buffer.from([1, DELIVERED_FUSES.length]),
  Buffer.from(DELIVERED_FUSES, 'latin1'),
  Buffer.alloc(64),
]);

type Put = (name: string, content?: string | Buffer, mode?: number) => Promise<void>;

const putInto =
  (folder: string): Put =>
  async (name, content = 'made up', mode) => {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
    if (mode !== undefined) await chmod(file, mode);
  };

/** Makes the distribution of one system in `folder`, which is emptied first. */
export const makeElectron = async (folder: string, system: PackSystem, version: string): Promise<void> => {
  await rm(folder, { recursive: true, force: true });
  const put = putInto(folder);
  const application = path.join(folder, '.application');
  await putInto(application)('main.js', '');
  const archive = path.join(folder, 'default_app.asar');
  await createPackage(application, archive);
  const defaultApp = await readFile(archive);
  await rm(archive);
  await rm(application, { recursive: true });
  for (const name of ['LICENSE', 'LICENSES.chromium.html']) await put(name);
  await put('version', `v${version}`);
  await makers[system](put, defaultApp, version, folder);
};

const makeLinux = async (put: Put, defaultApp: Buffer): Promise<void> => {
  await put('electron', Buffer.concat([Buffer.from('#!/bin/sh\nexit 0\n'), fuseWire]), 0o755);
  for (const name of [
    'chrome-sandbox',
    'chrome_crashpad_handler',
    'libffmpeg.so',
    'icudtl.dat',
    'resources.pak',
    'locales/en-US.pak',
    'locales/de.pak',
    'locales/fr.pak',
  ])
    await put(name);
  await put('resources/default_app.asar', defaultApp);
};

const makeWindows = async (put: Put, defaultApp: Buffer, version: string): Promise<void> => {
  await put('electron.exe', Buffer.concat([windowsProgram(version), fuseWire]));
  for (const name of ['ffmpeg.dll', 'icudtl.dat', 'resources.pak', 'locales/en-US.pak', 'locales/fr.pak'])
    await put(name);
  await put('resources/default_app.asar', defaultApp);
};

/** The parts of `pe-library` and `resedit` that are used; both are CommonJS. */
interface ResourceTools {
  readonly NtExecutable: { createEmpty(is32Bit: boolean, isDll: boolean): { generate(): ArrayBuffer } };
  readonly NtExecutableResource: {
    from(program: object): { readonly entries: object[]; outputResource(program: object): void };
  };
  readonly Resource: {
    readonly VersionInfo: {
      createEmpty(): {
        setFileVersion(major: number, minor: number, micro: number, revision: number, lang: number): void;
        setStringValues(language: { lang: number; codepage: number }, values: Record<string, string>): void;
        outputToResourceEntries(entries: object[]): void;
      };
    };
  };
}

/** An empty PE program with a version resource, which electron-builder replaces. */
const windowsProgram = (version: string): Buffer => {
  const require = createRequire(import.meta.url);
  const { NtExecutable, NtExecutableResource, Resource } = require('resedit') as ResourceTools;
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  const program = NtExecutable.createEmpty(false, false);
  const resources = NtExecutableResource.from(program);
  const info = Resource.VersionInfo.createEmpty();
  const english = 1033;
  info.setFileVersion(major, minor, patch, 0, english);
  info.setStringValues(
    { lang: english, codepage: 1200 },
    { FileDescription: 'Electron', ProductName: 'Electron' },
  );
  info.outputToResourceEntries(resources.entries);
  resources.outputResource(program);
  return Buffer.from(program.generate());
};

const makeMac = async (put: Put, defaultApp: Buffer, version: string, folder: string): Promise<void> => {
  const contents = 'Electron.app/Contents';
  await put(
    `${contents}/Info.plist`,
    propertyList({
      CFBundleExecutable: 'Electron',
      CFBundleIdentifier: 'com.github.Electron',
      CFBundleName: 'Electron',
      CFBundleVersion: version,
      NSPrincipalClass: 'AtomApplication',
    }),
  );
  await put(`${contents}/MacOS/Electron`, 'made up', 0o755);
  await put(`${contents}/Resources/default_app.asar`, defaultApp);
  await put(`${contents}/Resources/en.lproj/locale.pak`);
  const framework = `${contents}/Frameworks/Electron Framework.framework`;
  await put(`${framework}/Versions/A/Electron Framework`, fuseWire, 0o755);
  for (const language of ['en', 'de', 'fr'])
    await put(`${framework}/Versions/A/Resources/${language}.lproj/locale.pak`);
  const link = (target: string, name: string): Promise<void> =>
    symlink(target, path.join(folder, framework, name));
  await link('A', 'Versions/Current');
  await link('Versions/Current/Resources', 'Resources');
  await link('Versions/Current/Electron Framework', 'Electron Framework');
  for (const kind of ['', ' (Renderer)', ' (GPU)', ' (Plugin)']) {
    const helper = `${contents}/Frameworks/Electron Helper${kind}.app/Contents`;
    await put(
      `${helper}/Info.plist`,
      propertyList({
        CFBundleExecutable: `Electron Helper${kind}`,
        CFBundleIdentifier: 'com.github.Electron.helper',
        CFBundleName: 'Electron Helper',
      }),
    );
    await put(`${helper}/MacOS/Electron Helper${kind}`, 'made up', 0o755);
  }
};

const makers: Readonly<
  Record<PackSystem, (put: Put, defaultApp: Buffer, version: string, folder: string) => Promise<void>>
> = {
  linux: makeLinux,
  win: makeWindows,
  mac: makeMac,
};

const propertyList = (values: Readonly<Record<string, string>>): string => {
  const entries = Object.entries(values).map(([key, value]) => `<key>${key}</key><string>${value}</string>`);
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict>${entries.join('')}</dict></plist>
`;
};

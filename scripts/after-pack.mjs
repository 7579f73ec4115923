// electron-builder calls this between packing and signing.
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { flipFuses, FuseV1Options, FuseVersion } from '@electron/fuses';

/** Strict: an Electron with one fuse more fails here, until somebody has decided on it. */
const fuses = {
  version: FuseVersion.V1,
  strictlyRequireAllFuses: true,
  // A signed messenger must not be a general Node.
  [FuseV1Options.RunAsNode]: false,
  [FuseV1Options.EnableCookieEncryption]: true,
  [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: false,
  [FuseV1Options.EnableNodeCliInspectArguments]: false,
  [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: true,
  [FuseV1Options.OnlyLoadAppFromAsar]: true,
  [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
  // Nothing is loaded from file:.
  [FuseV1Options.GrantFileProtocolExtraPrivileges]: false,
  [FuseV1Options.WasmTrapHandlers]: true,
};

/** @param {import('electron-builder').AfterPackContext} context */
export default async function afterPack({ appOutDir, electronPlatformName, packager }) {
  const executable = path.join(appOutDir, executableName(appOutDir, electronPlatformName, packager));
  await flipFuses(executable, fuses);
  // Electron's own demonstration; electron-builder leaves it where the distribution was unpacked before.
  rmSync(path.join(packager.getResourcesDir(appOutDir), 'default_app.asar'), { force: true });
  if (electronPlatformName === 'darwin')
    forbidArbitraryLoads(path.join(executable, 'Contents', 'Info.plist'));
}

/** @type {(folder: string, platform: string, packager: import('electron-builder').AfterPackContext['packager']) => string} */
const executableName = (folder, platform, packager) => {
  if (platform === 'darwin') return readdirSync(folder).find((name) => name.endsWith('.app')) ?? '';
  if (platform === 'win32') return `${packager.appInfo.productFilename}.exe`;
  // linux.executableName of electron-builder.yml
  return 'chatsecure-desktop';
};

/**
 * electron-builder allows plain http to everywhere, after it has read `extendInfo`.
 * @type {(file: string) => void}
 */
const forbidArbitraryLoads = (file) => {
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace(/(<key>NSAllowsArbitraryLoads<\/key>\s*)<true\/>/, '$1<false/>'));
};

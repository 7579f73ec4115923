import { execFile } from 'node:child_process';
import { accessSync, existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

/**
 * A Debian 13 beside this system, with its Prosody 13: the first that speaks inline stream management (XEP-0388,
 * XEP-0386, XEP-0198 section 9) and downgrade protection (XEP-0474). Its packages do not run on Debian 12. Made
 * once, in about a minute, in the cache folder of the user (300 MB); to be removed by hand.
 */

const run = promisify(execFile);

const PACKAGES = ['prosody', 'prosody-modules', 'lua-unbound', 'lua5.4'];

const cacheFolder = (): string =>
  path.join(process.env['XDG_CACHE_HOME'] ?? path.join(os.homedir(), '.cache'), 'chatsecure-desktop');

const root = (): string => path.join(cacheFolder(), 'prosody13-trixie');

/** Why there can be none here; undefined where there is one, or one can be made. */
export const reasonForNoProsody13 = (): string | undefined => {
  if (process.platform !== 'linux') return 'only Linux can run a Debian beside itself';
  if (process.getuid?.() !== 0) return 'not root: a Debian 13 with Prosody 13 cannot be made or entered';
  if (existsSync(root())) return undefined;
  return isInstalled('debootstrap') ? undefined : 'debootstrap is not installed';
};

const isInstalled = (command: string): boolean =>
  ['/usr/sbin', '/usr/bin', '/sbin'].some((folder) => {
    try {
      accessSync(path.join(folder, command));
      return true;
    } catch {
      return false;
    }
  });

/**
 * Makes it where it is not there yet.
 * @returns its root, for `startProsody`
 * @throws where a package cannot be had
 */
export const prosody13Root = async (): Promise<string> => {
  if (existsSync(root())) return root();
  await mkdir(cacheFolder(), { recursive: true });
  const unfinished = `${root()}.${process.pid}`;
  try {
    await run('debootstrap', ['--variant=minbase', 'trixie', unfinished], { maxBuffer: 64 << 20 });
    await install(unfinished);
    // Another run may have been faster.
    await rename(unfinished, root()).catch((error: unknown) => {
      if (!existsSync(root())) throw error;
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return root();
};

const install = async (folder: string): Promise<void> => {
  // Nothing that is installed in there may start.
  const policy = path.join(folder, 'usr/sbin/policy-rc.d');
  await writeFile(policy, '#!/bin/sh\nexit 101\n');
  await chmod(policy, 0o755);
  await copyFile('/etc/resolv.conf', path.join(folder, 'etc/resolv.conf'));
  const apt = (...args: readonly string[]): Promise<unknown> =>
    run('chroot', [folder, 'apt-get', '-q', ...args], {
      env: { PATH: process.env['PATH'], DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' },
      maxBuffer: 64 << 20,
    });
  await apt('update');
  await apt('install', '-y', '--no-install-recommends', ...PACKAGES);
  await apt('clean');
};

import { spawn } from 'node:child_process';
import { externalUrl } from '#shared/security-policy.ts';

/** Program and arguments that open a link with the system. No shell sees the link, on no system. */
export const openerCommand = (
  url: string,
  platform: NodeJS.Platform,
): readonly [string, readonly string[]] => {
  switch (platform) {
    case 'darwin':
      return ['/usr/bin/open', ['-u', url]];
    // `cmd /c start` would interpret `&` and `%`.
    case 'win32':
      return ['rundll32.exe', ['url.dll,FileProtocolHandler', url]];
    default:
      return ['xdg-open', [url]];
  }
};

/**
 * Opens a link with the system's own program for it.
 * @throws Error where the link must not be opened, or where the opener cannot be started
 */
export const openWithSystem = async (
  text: string,
  start: (command: string, args: readonly string[]) => Promise<void> = startDetached,
): Promise<void> => {
  const url = externalUrl(text);
  if (url === undefined) throw new Error('this link must not be opened');
  await start(...openerCommand(url, process.platform));
};

/** Resolves when the program runs; it outlives us. */
const startDetached = (command: string, args: readonly string[]): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'ignore', detached: true, windowsHide: true });
    child.once('error', reject);
    child.once('spawn', () => {
      child.unref();
      resolve();
    });
  });

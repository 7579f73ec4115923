/**
 * Opens the app: in Electron where its binary is here or can be fetched, else in an installed browser.
 *
 *   npm start [-- xmpp:address]
 *
 * Environment:
 *   CHATSECURE_HOST                     auto (default), electron or loopback
 *   CHATSECURE_ELECTRON_FETCH_SECONDS   how long a download of Electron may take; default 90
 * and what main/web.ts and main/electron.ts read.
 */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { buildIfStale } from './build.ts';
import { findElectronDist } from './electron-dist.ts';
import { root, runVisibly, type Finished } from './tool.ts';

type HostChoice = 'auto' | 'electron' | 'loopback';

/** What the outside world gives to `start`; the tests give another one. */
export interface StartParts {
  /** Path of the Electron binary, undefined where there is none. */
  readonly findElectron: () => string | undefined;
  /** Downloads it. Resolves with the reason where that failed. */
  readonly fetchElectron: (seconds: number) => Promise<string | undefined>;
  readonly run: (file: string, args: readonly string[]) => Promise<Finished>;
  readonly say: (line: string) => void;
}

const choices: readonly string[] = ['auto', 'electron', 'loopback'] satisfies readonly HostChoice[];
const isChoice = (text: string): text is HostChoice => choices.includes(text);

/**
 * Chooses the host, says in one line why it is not Electron, and runs it to its end.
 * Never imports `electron`: outside Electron that starts a download.
 * @returns the exit code; 2 for a setting that does not exist
 */
export const start = async (
  env: NodeJS.ProcessEnv,
  args: readonly string[],
  parts: StartParts,
): Promise<number> => {
  const choice = env['CHATSECURE_HOST'] ?? 'auto';
  if (!isChoice(choice)) {
    parts.say(`CHATSECURE_HOST is "${choice}"; it may be auto, electron or loopback.`);
    return 2;
  }
  const seconds = Number(env['CHATSECURE_ELECTRON_FETCH_SECONDS'] ?? 90);
  const electron =
    choice === 'loopback' ? { why: 'CHATSECURE_HOST is loopback' } : await obtain(seconds, parts);
  if ('binary' in electron) return finish(await parts.run(electron.binary, [root, ...args]), parts);
  if (choice === 'electron') {
    parts.say(
      `Cannot start in Electron: ${electron.why}. CHATSECURE_HOST=auto opens the app in a browser instead.`,
    );
    return 1;
  }
  parts.say(
    `Opening the app in a browser window (${electron.why}): no tray icon and no system notifications.`,
  );
  return finish(await parts.run(process.execPath, [path.join(root, 'dist/main/web.js'), ...args]), parts);
};

const obtain = async (seconds: number, parts: StartParts): Promise<{ binary: string } | { why: string }> => {
  const present = parts.findElectron();
  if (present !== undefined) return { binary: present };
  if (!(seconds > 0)) return { why: 'Electron is not downloaded' };
  const failure = await parts.fetchElectron(seconds);
  const fetched = parts.findElectron();
  return fetched === undefined
    ? { why: `Electron could not be downloaded: ${failure ?? 'no binary for this system'}` }
    : { binary: fetched };
};

const finish = ({ code, output }: Finished, { say }: StartParts): number => {
  if (output !== '') say(output);
  return code;
};

/** The package's own installer: it checks the download against the checksums that it ships. */
const fetchElectron = (seconds: number): Promise<string | undefined> =>
  new Promise((resolve) => {
    const installer = path.join(root, 'node_modules/electron/install.js');
    const child = spawn(process.execPath, [installer], { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
    let errors = '';
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill();
    }, seconds * 1000);
    child.stderr.on('data', (bytes: Buffer) => {
      errors += bytes.toString();
    });
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve(code === 0 ? undefined : late ? `not done within ${seconds} s` : reasonIn(errors));
    });
  });

/** The one line of a stack trace that says what happened. */
export const reasonIn = (errors: string): string => {
  if (errors.includes('fetch failed')) return 'its download server cannot be reached';
  const lines = errors.split('\n').map((line) => line.trim());
  const telling = lines.find((line) =>
    /ECONN|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|CERT|HTTP ?Error|status code/i.test(line),
  );
  return (telling ?? lines.find((line) => /error/i.test(line)) ?? 'the installer failed').slice(0, 200);
};

if (import.meta.main) {
  if (await buildIfStale()) console.error('Built the app.');
  process.exitCode = await start(process.env, process.argv.slice(2), {
    findElectron: () => findElectronDist(root)?.executable,
    fetchElectron,
    run: runVisibly,
    say: console.error,
  });
}

import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The installed browser of the Chromium family: CHATSECURE_CHROMIUM, else the usual names and places.
 * @returns undefined where there is none
 */
export const findBrowser = (
  env: Environment,
  platform: NodeJS.Platform = process.platform,
): string | undefined => {
  const named = env['CHATSECURE_CHROMIUM'];
  if (named !== undefined && named !== '') return existsSync(named) ? named : undefined;
  return candidates(env, platform).find((file) => existsSync(file));
};

const candidates = (env: Environment, platform: NodeJS.Platform): readonly string[] => {
  if (platform === 'darwin') {
    const applications = ['Chromium', 'Google Chrome', 'Microsoft Edge', 'Brave Browser'];
    return applications.map((name) => `/Applications/${name}.app/Contents/MacOS/${name}`);
  }
  if (platform === 'win32') {
    const programs = [
      'Google\\Chrome\\Application\\chrome.exe',
      'Microsoft\\Edge\\Application\\msedge.exe',
      'Chromium\\Application\\chrome.exe',
    ];
    const bases = ['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA'].flatMap((name) => env[name] ?? []);
    return bases.flatMap((base) => programs.map((program) => path.win32.join(base, program)));
  }
  const names = [
    'chromium',
    'chromium-browser',
    'google-chrome-stable',
    'google-chrome',
    'microsoft-edge-stable',
    'brave-browser',
  ];
  const folders = (env['PATH'] ?? '').split(path.delimiter).filter((folder) => path.isAbsolute(folder));
  return names.flatMap((name) => folders.map((folder) => path.join(folder, name)));
};

/** A browser that talks to nothing but us; the resolver rule does the work, the rest keeps it from trying. */
export const quietSwitches: readonly string[] = [
  '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1',
  '--no-proxy-server',
  '--no-first-run',
  '--no-default-browser-check',
  '--no-service-autorun',
  '--no-pings',
  '--disable-background-networking',
  '--disable-breakpad',
  '--disable-client-side-phishing-detection',
  '--disable-component-update',
  '--disable-default-apps',
  '--disable-domain-reliability',
  '--disable-extensions',
  '--disable-sync',
  '--disable-features=Translate,OptimizationHints,MediaRouter,DialMediaRouteProvider,AutofillServerCommunication,CertificateTransparencyComponentUpdater',
  // `--force-webrtc-ip-handling-policy` does nothing any more.
  '--webrtc-ip-handling-policy=disable_non_proxied_udp',
  '--metrics-recording-only',
  '--password-store=basic',
];

/** Incognito keeps what is typed and drawn in memory: without it, forms go to the browser's session files in clear. */
export const browserArguments = (profile: string, page: string): readonly string[] => [
  `--app=${page}`,
  `--user-data-dir=${profile}`,
  '--incognito',
  '--window-size=1120,760',
  ...quietSwitches,
];

/** A browser of our own: profiles and launch files lie in a 0700 folder that is removed at the end. */
export interface Browser {
  /** Shows the page behind a launch URL in a window of its own. */
  open(launchUrl: string): Promise<void>;
  /** Ends the browser and removes its folder. */
  close(): Promise<void>;
}

export interface BrowserOptions {
  readonly executable: string;
  readonly env: Environment;
  /** The last window's browser has ended; `problem` is a sentence fragment where it failed. */
  readonly onExit: (problem?: string) => void;
}

/** Makes the folder; nothing is started before `open`. */
export const createBrowser = async ({ executable, env, onExit }: BrowserOptions): Promise<Browser> => {
  // mkdtemp makes the folder with mode 0700 and a name that nobody can have taken.
  const folder = await mkdtemp(path.join(runtimeBase(executable, env), 'chatsecure-desktop-'));
  const extra = (env['CHATSECURE_CHROMIUM_ARGS'] ?? '').split(' ').filter((word) => word !== '');
  const running = new Set<ChildProcess>();
  const ended = (child: ChildProcess, problem?: string): void => {
    if (running.delete(child) && running.size === 0) onExit(problem);
  };
  return {
    open: async (launchUrl) => {
      // A profile for each window: a browser that is asked to open one in its running process may refuse.
      const name = randomBytes(4).toString('hex');
      const profile = path.join(folder, `profile-${name}`);
      await mkdir(profile, { mode: 0o700 });
      const page = pathToFileURL(
        await writeLaunchFile(path.join(folder, `open-${name}.html`), launchUrl),
      ).href;
      const child = spawn(executable, [...browserArguments(profile, page), ...extra], {
        stdio: 'ignore',
        // What a crash would leave of the window's memory has its place here too, and not in the home of the user.
        env: { ...env, BREAKPAD_DUMP_LOCATION: path.join(folder, 'crashes') },
      });
      running.add(child);
      child.once('error', (error) =>
        ended(child, `could not be started (${'code' in error ? String(error.code) : error.name})`),
      );
      child.once('exit', (code, signal) =>
        ended(child, code === 0 ? undefined : `ended with ${signal ?? `code ${code}`}`),
      );
    },
    close: async () => {
      const children = [...running];
      running.clear();
      await Promise.all(children.map((child) => stopProcess(child)));
      await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
};

/**
 * The command line of a process is readable by every local user, so the launch URL is not on it:
 * a file that only we can read carries it, and the token in it dies with its first use.
 */
const writeLaunchFile = async (file: string, launchUrl: string): Promise<string> => {
  const page = `<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer"><title>ChatSecure</title><meta http-equiv="refresh" content="0;url=${launchUrl}">`;
  await writeFile(file, page, { mode: 0o600, flag: 'wx' });
  return file;
};

/** Memory-backed and private where the system has that. A browser from a snap sees only its own folder. */
const runtimeBase = (executable: string, env: Environment): string => {
  const snap = path.join(env['HOME'] ?? os.homedir(), 'snap', 'chromium', 'common');
  const isSnap =
    executable.startsWith('/snap/') ||
    (executable.endsWith('/chromium-browser') && existsSync('/snap/bin/chromium'));
  if (isSnap && isFolder(snap)) return snap;
  const runtime = env['XDG_RUNTIME_DIR'];
  return runtime !== undefined && path.isAbsolute(runtime) && isFolder(runtime) ? runtime : os.tmpdir();
};

const isFolder = (file: string): boolean => statSync(file, { throwIfNoEntry: false })?.isDirectory() === true;

const PATIENCE = 5_000;

const stopProcess = async (child: ChildProcess): Promise<void> => {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill();
  const impatient = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
  await ended;
  clearTimeout(impatient);
};

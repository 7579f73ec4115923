// @ts-check
// System packages that no npm package brings. Plain JavaScript without packages: it runs before anything else.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Stop } from './ensure-stop.mjs';

/**
 * What is asked of the system; the tests give another one.
 * @typedef {object} System
 * @property {NodeJS.Platform} platform
 * @property {boolean} root may install packages
 * @property {NodeJS.ProcessEnv} env
 * @property {string} osRelease text of /etc/os-release, empty where there is none
 * @property {(file: string) => boolean} exists
 * @property {(folder: string) => readonly string[]} list paths of all files below a folder, empty where there is none
 * @property {(command: string, args: readonly string[], env: NodeJS.ProcessEnv) => { status: number, output: string }} run
 * @property {(line: string) => void} say
 */

/** @typedef {'apt' | 'ubuntu' | 'dnf' | 'pacman' | 'brew' | 'cask' | 'winget'} Source a name list within a package manager */
/**
 * @typedef {object} Requirement
 * @property {string} name as users know it
 * @property {string} purpose what it is for
 * @property {(system: System) => boolean} found quick: looks at files, starts nothing
 * @property {Partial<Record<Source, readonly string[]>>} packages
 * @property {string} elsewhere where to get it when the package manager has none
 * @property {readonly NodeJS.Platform[]} [on] only there; everywhere when left out
 */
/** @typedef {'prosody' | 'prosody-modules' | 'chromium' | 'openssl' | 'dbus' | 'gnome-keyring' | 'libsecret' | 'fonts' | 'emoji-font'} RequirementName */

// The places where main/hosts/web/browser.ts looks for one.
const BROWSERS = [
  'chromium',
  'chromium-browser',
  'google-chrome-stable',
  'google-chrome',
  'microsoft-edge-stable',
  'brave-browser',
];
const BROWSER_FILES = [
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
  '/Applications/Brave Browser.app/Contents/MacOS/Brave Browser',
];
const WINDOWS_BROWSERS = [
  'Google/Chrome/Application/chrome.exe',
  'Microsoft/Edge/Application/msedge.exe',
  'Chromium/Application/chrome.exe',
];

/** @type {Readonly<Record<RequirementName, Requirement>>} */
export const requirements = {
  prosody: {
    name: 'Prosody',
    purpose: 'the XMPP server of the demo and the tests',
    found: (system) => hasCommand(system, 'prosody'),
    packages: { apt: ['prosody'], dnf: ['prosody'], pacman: ['prosody'], brew: ['prosody/prosody/prosody'] },
    elsewhere: 'https://prosody.im/download/ (on Windows inside WSL)',
  },
  'prosody-modules': {
    name: "Prosody's community modules",
    purpose: 'server features of the tests',
    found: (system) => !isDebian(system) || system.exists('/usr/lib/prosody/modules/mod_sasl2/mod_sasl2.lua'),
    packages: { apt: ['prosody-modules'] },
    elsewhere: 'https://modules.prosody.im/',
    on: ['linux'],
  },
  chromium: {
    name: 'Chromium',
    purpose: 'the window, where there is no Electron',
    found: (system) => hasBrowser(system),
    packages: {
      apt: ['chromium'],
      // Ubuntu has no package of that name.
      ubuntu: ['chromium-browser'],
      dnf: ['chromium'],
      pacman: ['chromium'],
      cask: ['google-chrome'],
      winget: ['Google.Chrome'],
    },
    elsewhere: 'https://www.chromium.org/getting-involved/download-chromium/',
  },
  openssl: {
    name: 'OpenSSL',
    purpose: 'the throw-away certificates of the demo and the tests',
    found: (system) => hasCommand(system, 'openssl'),
    packages: {
      apt: ['openssl'],
      dnf: ['openssl'],
      pacman: ['openssl'],
      brew: ['openssl'],
      winget: ['ShiningLight.OpenSSL.Light'],
    },
    elsewhere: 'https://openssl-library.org/source/',
  },
  dbus: {
    name: 'D-Bus',
    purpose: 'a private session for the keychain tests',
    found: (system) => hasCommand(system, 'dbus-run-session'),
    packages: { apt: ['dbus'], dnf: ['dbus-daemon'], pacman: ['dbus'] },
    elsewhere: 'https://www.freedesktop.org/wiki/Software/dbus/',
    on: ['linux'],
  },
  'gnome-keyring': {
    name: 'GNOME Keyring',
    purpose: 'the keychain of the tests',
    found: (system) => hasCommand(system, 'gnome-keyring-daemon'),
    packages: { apt: ['gnome-keyring'], dnf: ['gnome-keyring'], pacman: ['gnome-keyring'] },
    elsewhere: 'https://gitlab.gnome.org/GNOME/gnome-keyring',
    on: ['linux'],
  },
  libsecret: {
    name: 'libsecret',
    purpose: 'keeping passwords in the system keychain',
    found: (system) => hasLibrary(system, 'libsecret-1.so.0'),
    packages: { apt: ['libsecret-1-0'], dnf: ['libsecret'], pacman: ['libsecret'] },
    elsewhere: 'https://gitlab.gnome.org/GNOME/libsecret',
    on: ['linux'],
  },
  fonts: {
    name: 'a text font',
    purpose: 'readable windows and screenshots',
    found: (system) => hasFont(system, /\.(?:ttf|otf|ttc)$/i),
    packages: { apt: ['fonts-dejavu-core'], dnf: ['dejavu-sans-fonts'], pacman: ['ttf-dejavu'] },
    elsewhere: 'https://dejavu-fonts.github.io/',
    on: ['linux'],
  },
  'emoji-font': {
    name: 'an emoji font',
    purpose: 'emoji in windows and screenshots',
    found: (system) => hasFont(system, /emoji[^/]*\.(?:ttf|otf|ttc)$/i),
    packages: {
      apt: ['fonts-noto-color-emoji'],
      dnf: ['google-noto-color-emoji-fonts'],
      pacman: ['noto-fonts-emoji'],
    },
    elsewhere: 'https://fonts.google.com/noto/specimen/Noto+Color+Emoji',
    on: ['linux'],
  },
};

/**
 * Installs what is missing where that is possible without asking (Debian and Ubuntu as root), else says how.
 * @param {System} system
 * @param {string} command what the user typed, for the message
 * @param {readonly RequirementName[]} needs
 * @param {readonly RequirementName[]} [likes] mentioned when missing, never installed
 * @throws {Stop} with the command to type
 */
export const ensureSystemPackages = (system, command, needs, likes = []) => {
  const missing = missingOf(system, needs);
  if (missing.length > 0) {
    const manager = findManager(system);
    if (manager === 'apt' && system.root) installByApt(system, missing);
    else throw new Stop(adviceFor(system, manager, command, missing));
  }
  for (const { name, purpose } of missingOf(system, likes)) {
    system.say(`Note: ${name} is not installed (${purpose}). The app runs without it.`);
  }
};

/**
 * @param {System} system
 * @param {readonly RequirementName[]} names
 * @returns {readonly Requirement[]}
 */
const missingOf = (system, names) =>
  names
    .map((name) => requirements[name])
    .filter(({ on, found }) => (on === undefined || on.includes(system.platform)) && !found(system));

/** @param {System} system @param {readonly Requirement[]} missing */
const installByApt = (system, missing) => {
  const { packages } = packagesOf(system, 'apt', missing);
  const env = { ...system.env, DEBIAN_FRONTEND: 'noninteractive' };
  system.say(`Installing system packages with apt-get: ${packages.join(' ')}`);
  const update = system.run('apt-get', ['update', '-qq'], env);
  const install = system.run(
    'apt-get',
    ['install', '-y', '-qq', '--no-install-recommends', ...packages],
    env,
  );
  const still = missing.filter(({ found }) => !found(system));
  if (install.status === 0 && still.length === 0) return;
  // An update that fails may be harmless (one of many sources); it explains why an installation then fails.
  const output = `${update.status === 0 ? '' : update.output}${install.output}`
    .trimEnd()
    .split('\n')
    .slice(-15)
    .join('\n');
  const lost = still.map(({ name }) => name).join(', ');
  throw new Stop(
    `apt-get could not install ${packages.join(' ')}${lost === '' ? '' : ` (still missing: ${lost})`}. Its last words:\n${output}\n` +
      'Repair that, then run the same command again.',
  );
};

/** @typedef {'apt' | 'dnf' | 'pacman' | 'brew' | 'winget'} Manager */

/**
 * @param {System} system
 * @returns {Manager | undefined}
 */
const findManager = (system) => {
  /** @type {readonly (readonly [Manager, string])[]} */
  const known = [
    ['apt', 'apt-get'],
    ['dnf', 'dnf'],
    ['pacman', 'pacman'],
    ['brew', 'brew'],
    ['winget', 'winget'],
  ];
  return known.find(([, command]) => hasCommand(system, command))?.[0];
};

/**
 * @param {System} system
 * @param {Manager} manager
 * @param {readonly Requirement[]} missing
 */
const packagesOf = (system, manager, missing) => {
  const ubuntu = manager === 'apt' && /^ID=ubuntu$/m.test(system.osRelease);
  const names = missing.map(
    ({ packages }) => (ubuntu ? packages.ubuntu : undefined) ?? packages[manager] ?? [],
  );
  const casks = missing.map(({ packages }) => (manager === 'brew' ? (packages.cask ?? []) : []));
  return {
    packages: names.flat(),
    casks: casks.flat(),
    unavailable: missing.filter((_, index) => names[index]?.length === 0 && casks[index]?.length === 0),
  };
};

/**
 * The exact command for this system, as a message.
 * @param {System} system
 * @param {Manager | undefined} manager
 * @param {string} command
 * @param {readonly Requirement[]} missing
 */
export const adviceFor = (system, manager, command, missing) => {
  const lines = [`"${command}" needs what is not installed here:`];
  for (const { name, purpose } of missing) lines.push(`  ${name}: ${purpose}`);
  const found =
    manager === undefined
      ? { packages: [], casks: [], unavailable: missing }
      : packagesOf(system, manager, missing);
  const installation =
    manager === undefined ? '' : installCommand(system, manager, found.packages, found.casks);
  if (installation !== '') lines.push('Install it with', `  ${installation}`);
  for (const { name, elsewhere } of found.unavailable) lines.push(`Get ${name} from ${elsewhere}`);
  lines.push('then run the same command again.');
  return lines.join('\n');
};

/**
 * @param {System} system
 * @param {Manager} manager
 * @param {readonly string[]} packages
 * @param {readonly string[]} casks
 */
const installCommand = (system, manager, packages, casks) => {
  const sudo = system.root ? '' : 'sudo ';
  const list = packages.join(' ');
  if (manager === 'brew') {
    const parts = [
      packages.length > 0 ? `brew install ${list}` : '',
      casks.length > 0 ? `brew install --cask ${casks.join(' ')}` : '',
    ];
    return parts.filter((part) => part !== '').join(' && ');
  }
  if (packages.length === 0) return '';
  if (manager === 'apt') return `${sudo}apt-get update && ${sudo}apt-get install -y ${list}`;
  if (manager === 'dnf') return `${sudo}dnf install -y ${list}`;
  if (manager === 'pacman') return `${sudo}pacman -S --needed ${list}`;
  return packages.map((id) => `winget install --exact --id ${id}`).join(' && ');
};

/** @param {System} system @param {string} command */
const hasCommand = (system, command) => {
  const windows = system.platform === 'win32';
  const search = Object.entries(system.env).find(([key]) => key.toUpperCase() === 'PATH')?.[1] ?? '';
  // Debian keeps some programs where the search path of a plain user does not look.
  const folders = windows ? search.split(';') : [...search.split(':'), '/usr/sbin', '/usr/local/sbin'];
  const names = windows ? [`${command}.exe`, `${command}.cmd`] : [command];
  return folders.some(
    (folder) => folder !== '' && names.some((name) => system.exists(path.join(folder, name))),
  );
};

/** @param {System} system */
const hasBrowser = (system) => {
  const chosen = system.env['CHATSECURE_CHROMIUM'];
  if (chosen !== undefined && chosen !== '') return system.exists(chosen);
  const programs = ['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA'].flatMap(
    (key) => system.env[key] ?? [],
  );
  return (
    BROWSERS.some((command) => hasCommand(system, command)) ||
    (system.platform === 'darwin' && BROWSER_FILES.some((file) => system.exists(file))) ||
    (system.platform === 'win32' &&
      programs.some((folder) => WINDOWS_BROWSERS.some((file) => system.exists(path.join(folder, file)))))
  );
};

/** @param {System} system @param {string} file */
const hasLibrary = (system, file) =>
  ['/usr/lib', '/usr/lib64', '/usr/local/lib', '/lib'].some(
    (folder) =>
      system.exists(path.join(folder, file)) ||
      ['x86_64', 'aarch64', 'arm'].some((cpu) =>
        ['linux-gnu', 'linux-gnueabihf'].some((abi) =>
          system.exists(path.join(folder, `${cpu}-${abi}`, file)),
        ),
      ),
  );

/** @param {System} system @param {RegExp} name */
const hasFont = (system, name) =>
  [
    '/usr/share/fonts',
    '/usr/local/share/fonts',
    path.join(system.env['HOME'] ?? '/', '.local/share/fonts'),
  ].some((folder) => system.list(folder).some((file) => name.test(file)));

/** @param {System} system */
const isDebian = (system) => hasCommand(system, 'apt-get');

/** @returns {System} the system that we run on */
export const realSystem = () => ({
  platform: process.platform,
  root: process.getuid?.() === 0,
  env: process.env,
  osRelease: existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '',
  exists: isThere,
  list: (folder) => (existsSync(folder) ? readdirSync(folder, { recursive: true }).map(String) : []),
  run: (command, args, env) => {
    const done = spawnSync(command, args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    return {
      status: done.status ?? 1,
      output: `${done.stdout ?? ''}${done.stderr ?? ''}${done.error?.message ?? ''}`,
    };
  },
  say: console.error,
});

/** @param {string} file */
const isThere = (file) => {
  try {
    accessSync(file, constants.F_OK);
    return true;
  } catch {
    return false;
  }
};

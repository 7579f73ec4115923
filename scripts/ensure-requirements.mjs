// @ts-check
// The programs and libraries that no npm package brings: what each is called where, and how it is recognised.
// Plain JavaScript without packages: it runs before anything else.
import path from 'node:path';

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
 * @property {string} [service] what its Debian package would start now and with every boot: we need only the program
 */
/** @typedef {'prosody' | 'prosody-modules' | 'ejabberd' | 'ejabberd-sqlite' | 'slixmpp' | 'python-omemo' | 'profanity' | 'tmux' | 'gajim' | 'xvfb' | 'debootstrap' | 'chromium' | 'openssl' | 'dbus' | 'gnome-keyring' | 'libsecret' | 'fonts' | 'emoji-font'} RequirementName */

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
    service: 'prosody',
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
  ejabberd: {
    name: 'ejabberd',
    service: 'ejabberd',
    purpose: 'the other XMPP server of the tests',
    found: (system) => hasCommand(system, 'ejabberdctl'),
    packages: { apt: ['ejabberd'], pacman: ['ejabberd'], brew: ['ejabberd'] },
    elsewhere: 'https://www.process-one.net/ejabberd/ (on Windows inside WSL)',
  },
  'ejabberd-sqlite': {
    name: 'SQLite for ejabberd',
    purpose: 'its archive',
    found: (system) =>
      !isDebian(system) ||
      system
        .list('/usr/lib/erlang/lib')
        .some((file) => /(?:^|\/)p1_sqlite3-[^/]*\/ebin\/sqlite3\.app$/.test(file)),
    packages: { apt: ['erlang-p1-sqlite3'] },
    elsewhere: 'https://github.com/processone/erlang-sqlite3',
    on: ['linux'],
  },
  debootstrap: {
    name: 'debootstrap',
    purpose: 'a Debian 13 with its newer Prosody, beside this system',
    found: (system) => hasCommand(system, 'debootstrap'),
    packages: { apt: ['debootstrap'], dnf: ['debootstrap'], pacman: ['debootstrap'] },
    elsewhere: 'https://wiki.debian.org/Debootstrap',
    on: ['linux'],
  },
  slixmpp: {
    name: 'slixmpp',
    purpose: 'the contact of the interoperability tests, for Python 3',
    found: (system) => hasPythonModule(system, 'slixmpp'),
    packages: { apt: ['python3-slixmpp'], dnf: ['python3-slixmpp'] },
    elsewhere: 'https://codeberg.org/poezio/slixmpp (python3 -m pip install slixmpp)',
  },
  'python-omemo': {
    name: 'python-omemo',
    purpose: 'OMEMO of the contact of the interoperability tests',
    // Reading and writing XML needs the last of them, which the first do not ask for.
    found: (system) => ['oldmemo', 'twomemo', 'xmlschema'].every((name) => hasPythonModule(system, name)),
    packages: { apt: ['python3-oldmemo', 'python3-twomemo', 'python3-xmlschema', 'python3-elementpath'] },
    elsewhere: 'https://github.com/Syndace/python-omemo (python3 -m pip install oldmemo[xml] twomemo[xml])',
    on: ['linux'],
  },
  profanity: {
    name: 'Profanity',
    purpose: 'another contact of the interoperability tests',
    found: (system) => hasCommand(system, 'profanity'),
    packages: { apt: ['profanity'], dnf: ['profanity'], pacman: ['profanity'] },
    elsewhere: 'https://profanity-im.github.io/guide/latest/install.html',
    on: ['linux'],
  },
  tmux: {
    name: 'tmux',
    purpose: 'the terminal in which tests type',
    found: (system) => hasCommand(system, 'tmux'),
    packages: { apt: ['tmux'], dnf: ['tmux'], pacman: ['tmux'] },
    elsewhere: 'https://github.com/tmux/tmux/wiki/Installing',
    on: ['linux'],
  },
  gajim: {
    name: 'Gajim with gajim-omemo',
    purpose: 'another contact of the interoperability tests',
    // Later versions have OMEMO in another form, which the tests do not drive: they are left out there.
    found: (system) => !isBookworm(system) || system.exists('/usr/share/gajim/plugins/omemo/plugin.py'),
    packages: { apt: ['gajim', 'gajim-omemo'] },
    elsewhere: 'https://gajim.org/download/',
    on: ['linux'],
  },
  xvfb: {
    name: 'Xvfb',
    purpose: "the display of the tests' Gajim",
    found: (system) => !isBookworm(system) || hasCommand(system, 'Xvfb'),
    packages: { apt: ['xvfb'] },
    elsewhere: 'https://www.x.org/',
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

/** @param {System} system @param {string} command */
export const hasCommand = (system, command) => {
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

/** @param {System} system @param {string} name */
const hasPythonModule = (system, name) => {
  const versions = Array.from({ length: 12 }, (_, index) => `python3.${9 + index}/site-packages`);
  const local = system.env['HOME'] === undefined ? [] : [path.join(system.env['HOME'], '.local/lib')];
  return ['/usr/lib/python3/dist-packages']
    .concat(
      ['/usr/lib', '/usr/lib64', '/usr/local/lib', '/opt/homebrew/lib', ...local].flatMap((folder) =>
        versions.map((version) => `${folder}/${version}`),
      ),
    )
    .some((folder) => system.exists(`${folder}/${name}/__init__.py`));
};

/** @param {System} system */
const isDebian = (system) => hasCommand(system, 'apt-get');

/** @param {System} system */
const isBookworm = (system) => isDebian(system) && /^VERSION_CODENAME=bookworm$/m.test(system.osRelease);

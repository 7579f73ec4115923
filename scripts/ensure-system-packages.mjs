// @ts-check
// System packages that no npm package brings. Plain JavaScript without packages: it runs before anything else.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs';
import { hasCommand, requirements } from './ensure-requirements.mjs';
import { Stop } from './ensure-stop.mjs';

/** @typedef {import('./ensure-requirements.mjs').System} System */
/** @typedef {import('./ensure-requirements.mjs').Requirement} Requirement */
/** @typedef {import('./ensure-requirements.mjs').RequirementName} RequirementName */

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

/** Debian starts a server as soon as it is installed, unless this program says no (deb-systemd-invoke, invoke-rc.d). */
const INSTALL_WITHOUT_STARTING = `
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap '/bin/rm -f "$policy"' EXIT
  trap 'exit 130' INT TERM
  printf '#!/bin/sh\nexit 101\n' > "$policy" && /bin/chmod 755 "$policy"
fi
apt-get install -y -qq --no-install-recommends "$@"`;

/** @param {System} system @param {readonly Requirement[]} missing */
const installByApt = (system, missing) => {
  const { packages } = packagesOf(system, 'apt', missing);
  const env = { ...system.env, DEBIAN_FRONTEND: 'noninteractive' };
  system.say(`Installing system packages with apt-get: ${packages.join(' ')}`);
  const update = system.run('apt-get', ['update', '-qq'], env);
  const install = system.run('/bin/sh', ['-c', INSTALL_WITHOUT_STARTING, 'install', ...packages], env);
  // Where there is no systemd there is nothing to disable either.
  for (const { service } of missing)
    if (service !== undefined) system.run('systemctl', ['disable', '--quiet', service], env);
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

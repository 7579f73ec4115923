// @ts-check
// What every command needs before it can run. Plain JavaScript without packages: it is what installs them.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { ensureNodePackages, nodeBinary } from './ensure-node-packages.mjs';
import { ensureSystemPackages, realSystem } from './ensure-system-packages.mjs';
import { Stop } from './ensure-stop.mjs';

export { Stop };

/** @typedef {import('./ensure-requirements.mjs').RequirementName} RequirementName */

/**
 * @typedef {object} Command
 * @property {string} about one line for the list of commands
 * @property {readonly RequirementName[]} needs system packages without which it cannot run
 * @property {readonly RequirementName[]} [likes] system packages without which it can do less
 * @property {Readonly<Record<string, readonly RequirementName[]>>} [parts] needs of one part, named by the first argument
 */

/** @type {readonly RequirementName[]} */
const integration = [
  'prosody',
  'prosody-modules',
  'ejabberd',
  'ejabberd-sqlite',
  'openssl',
  'dbus',
  'gnome-keyring',
  'libsecret',
];
/** @type {readonly RequirementName[]} */
const interop = [
  'prosody',
  'prosody-modules',
  'debootstrap',
  'openssl',
  'slixmpp',
  'python-omemo',
  'profanity',
  'tmux',
  'gajim',
  'xvfb',
];
/** @type {readonly RequirementName[]} */
const endToEnd = ['chromium', 'prosody', 'prosody-modules', 'openssl', 'fonts', 'emoji-font'];
/** @type {readonly RequirementName[]} */
const bench = ['chromium', 'fonts', 'prosody', 'openssl', 'dbus', 'gnome-keyring', 'libsecret'];

/** @type {Readonly<Record<string, Command>>} */
export const commands = {
  start: { about: 'open the app', needs: [], likes: ['libsecret'] },
  demo: {
    about: 'open the app beside a private XMPP server with three accounts',
    needs: ['prosody', 'openssl', 'chromium'],
    likes: ['emoji-font'],
  },
  build: { about: 'build the app into dist/', needs: [] },
  check: { about: 'types, lint, format, unused code, dependencies, translations', needs: [] },
  test: {
    about: 'every check and test; one part: test unit | integration | interop | e2e | package',
    needs: [...new Set([...integration, ...interop, ...endToEnd])],
    parts: { check: [], unit: ['openssl'], integration, interop, e2e: endToEnd, package: [] },
  },
  bench: {
    about: 'measure speed and memory; one part: bench start | open | latency | insert | memory',
    needs: bench,
    // Those of other people are left out of the whole bench where they are not here.
    parts: { 'catch-up-omemo': [...bench, 'slixmpp', 'python-omemo', 'profanity', 'tmux'] },
  },
  soak: { about: 'send messages for minutes while everything breaks', needs: ['prosody', 'openssl'] },
  pack: { about: 'unpacked applications for Linux, Windows and macOS in release/', needs: [] },
  dist: { about: 'installers for this system in release/', needs: [] },
  format: { about: 'format the sources', needs: [] },
};

/**
 * Makes everything ready for a command.
 * @param {string} root folder of the repository
 * @param {readonly string[]} argv command and its arguments
 * @returns {Promise<{ node: string, script: string, args: string[], env: NodeJS.ProcessEnv }>} what to run
 * @throws {Stop} with the sentence to show, where something is missing that cannot be installed from here
 */
export const prepare = async (root, argv) => {
  const [name = '', ...args] = argv;
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) throw new Stop(usage(name));
  const script = path.join(root, 'scripts', `${name}.ts`);
  if (!existsSync(script))
    throw new Stop(`scripts/${name}.ts is missing: this copy of the repository is not complete.`);
  await ensureNodePackages(root, console.error);
  const needs = command.parts?.[args[0] ?? ''] ?? command.needs;
  ensureSystemPackages(realSystem(), `npm run ${name}`, needs, command.likes ?? []);
  return { node: nodeBinary(root), script, args, env: withLocalTools(root, process.env) };
};

/** @param {string} name what was asked for */
const usage = (name) => {
  const width = Math.max(...Object.keys(commands).map((key) => key.length));
  const list = Object.entries(commands).map(([key, { about }]) => `  ${key.padEnd(width)}  ${about}`);
  const first = name === '' ? 'Which command?' : `There is no command "${name}".`;
  return `${first} Commands (npm run <command> -- <arguments>):\n${list.join('\n')}`;
};

/**
 * The environment with node_modules/.bin in front of the search path, so that a child's `node` is ours.
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv}
 */
const withLocalTools = (root, env) => {
  // Windows calls it Path, and two spellings in one environment would fight.
  const key = Object.keys(env).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH';
  const bin = path.join(root, 'node_modules', '.bin');
  return { ...env, [key]: [bin, env[key] ?? ''].join(path.delimiter) };
};

// @ts-check
// Node packages by the lock file. Plain JavaScript without packages: it runs when there are none yet.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { Stop } from './ensure-stop.mjs';

/**
 * The part of a lock file that is compared.
 * @typedef {object} LockEntry
 * @property {string} [version]
 * @property {string} [integrity]
 * @property {boolean} [optional]
 * @property {boolean} [link]
 * @property {Record<string, string>} [dependencies]
 * @property {Record<string, string>} [devDependencies]
 */

/**
 * The Node that runs our scripts: the development dependency `node`.
 * The real binary and not the shim in .bin, which on Windows is a .cmd file that cannot be spawned.
 * @param {string} root
 */
export const nodeBinary = (root) =>
  path.join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

/**
 * Installs what the lock file says, unless it is there already.
 * @param {string} root
 * @param {(line: string) => void} say
 * @throws {Stop} when npm fails
 */
export const ensureNodePackages = async (root, say) => {
  const reason = whyOutdated(root);
  if (reason !== undefined) {
    refuseToReplaceOurselves(root);
    say(`Installing the Node packages (${reason}). This takes about a minute.`);
    // Scripts of packages stay off on every version of npm; the ones that are allowed run by name below.
    await npm(root, ['ci', '--ignore-scripts', '--loglevel=error']);
  }
  if (!isFile(nodeBinary(root))) {
    if (reason === undefined) say('Installing Node.js for the scripts (its binary is missing).');
    await npm(root, ['rebuild', '--loglevel=error', ...scriptsAllowed(root)]);
  }
  if (!isFile(nodeBinary(root))) {
    throw new Stop(
      `The package "node" has no binary for ${process.platform} ${process.arch}: ${nodeBinary(root)} is missing.\n` +
        'Run "npm rebuild node" to see why, then run the same command again.',
    );
  }
};

/**
 * Why node_modules is not what package-lock.json says, or undefined where it is.
 * Compares with the hidden lock file, which npm writes last: after an interrupted installation it is missing.
 * @param {string} root
 * @returns {string | undefined}
 */
export const whyOutdated = (root) => {
  const wanted = readLock(path.join(root, 'package-lock.json'));
  if (wanted === undefined)
    throw new Stop('package-lock.json is missing or not readable: restore it from the repository.');
  const installed = readLock(path.join(root, 'node_modules', '.package-lock.json'));
  if (installed === undefined) {
    return existsSync(path.join(root, 'node_modules')) ? 'node_modules is not complete' : 'first run';
  }
  if (!sameDependencies(wanted[''], readJson(path.join(root, 'package.json'))))
    return 'package.json has changed';
  for (const [place, entry] of Object.entries(wanted)) {
    // An optional package may be absent: it may be for another system.
    if (place === '' || entry.link === true || (entry.optional === true && installed[place] === undefined))
      continue;
    const found = installed[place];
    if (found?.version !== entry.version || found?.integrity !== entry.integrity)
      return 'the lock file has changed';
    if (!existsSync(path.join(root, place, 'package.json'))) return `${place} is missing`;
  }
  return undefined;
};

/**
 * @param {LockEntry | undefined} locked
 * @param {unknown} manifest package.json
 */
const sameDependencies = (locked, manifest) => {
  const { dependencies = {}, devDependencies = {} } = /** @type {LockEntry} */ (manifest ?? {});
  return (
    sameEntries(dependencies, locked?.dependencies ?? {}) &&
    sameEntries(devDependencies, locked?.devDependencies ?? {})
  );
};

/** @param {Record<string, string>} one @param {Record<string, string>} other */
const sameEntries = (one, other) =>
  Object.keys(one).length === Object.keys(other).length &&
  Object.entries(one).every(([name, version]) => other[name] === version);

/**
 * @param {string} file
 * @returns {Record<string, LockEntry> | undefined} entries by their place, such as `node_modules/zod`
 */
const readLock = (file) => {
  const lock = readJson(file);
  return typeof lock === 'object' && lock !== null && 'packages' in lock
    ? /** @type {Record<string, LockEntry>} */ (lock.packages)
    : undefined;
};

/**
 * @param {string} file
 * @returns {unknown} undefined where there is no such file, or no JSON in it
 */
const readJson = (file) => {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
};

/**
 * Packages that may run an install script, as package.json says.
 * @param {string} root
 */
const scriptsAllowed = (root) => {
  const manifest = /** @type {{ allowScripts?: Record<string, boolean> }} */ (
    readJson(path.join(root, 'package.json'))
  );
  return Object.entries(manifest.allowScripts ?? {}).flatMap(([name, allowed]) => (allowed ? [name] : []));
};

/**
 * Windows locks the file of a running program, and `npm run` prefers the node inside node_modules: npm could
 * not delete it under our feet.
 * @param {string} root
 */
const refuseToReplaceOurselves = (root) => {
  if (process.platform !== 'win32' || !isInside(root, process.execPath)) return;
  throw new Stop('The Node packages have changed. Run "npm ci", then run the same command again.');
};

/**
 * Runs npm and shows what it wrote only when it failed.
 * @param {string} root
 * @param {string[]} args
 */
const npm = async (root, args) => {
  const { file, prefix, shell } = findNpm(root, process.env);
  /** @type {{ code: number, output: string }} */
  const { code, output } = await new Promise((resolve) => {
    const child = spawn(file, [...prefix, ...args], { cwd: root, shell, stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    const collect = (/** @type {Buffer} */ bytes) => {
      text += bytes.toString();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', (error) => resolve({ code: 1, output: error.message }));
    child.on('close', (status) => resolve({ code: status ?? 1, output: text }));
  });
  if (code === 0) return;
  throw new Stop(
    `"npm ${args.join(' ')}" failed. Its last words:\n${lastLines(output, 15)}\n` +
      'Check the connection to the npm registry, then run the same command again.',
  );
};

/**
 * How to start npm: the one that runs us, else the one beside our Node, else the one in the search path.
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 * @returns {{ file: string, prefix: string[], shell: boolean }}
 */
const findNpm = (root, env) => {
  // npm names the Node that runs it. Ours may be the one in node_modules, which npm is about to delete.
  const runner = env['npm_node_execpath'];
  const node = runner !== undefined && !isInside(root, runner) && isFile(runner) ? runner : process.execPath;
  const cli = [
    /npm-cli\.c?js$/.test(env['npm_execpath'] ?? '') ? env['npm_execpath'] : undefined,
    path.join(path.dirname(node), 'node_modules', 'npm', 'bin', 'npm-cli.js'),
    path.join(path.dirname(node), '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'),
  ].find((file) => file !== undefined && isFile(file));
  if (cli !== undefined && !isInside(root, node)) return { file: node, prefix: [cli], shell: false };
  // npm is a .cmd file on Windows, which only a shell can start; the arguments are all ours.
  const windows = process.platform === 'win32';
  return { file: windows ? 'npm.cmd' : 'npm', prefix: [], shell: windows };
};

/** @param {string} root @param {string} file */
const isInside = (root, file) => path.resolve(file).startsWith(path.join(root, 'node_modules') + path.sep);

/** @param {string} file */
const isFile = (file) => {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat !== undefined && stat.isFile();
};

/** @param {string} text @param {number} count */
const lastLines = (text, count) => text.trimEnd().split('\n').slice(-count).join('\n');

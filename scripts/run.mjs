#!/usr/bin/env node
// @ts-check
// The way into every command: `node scripts/run.mjs <command> [arguments]`.
// It runs before anything is installed, on whatever Node the system has. So: no packages, no TypeScript, and in
// this file no syntax and no `node:` prefix that an old Node cannot even read, or it could not say that it is old.
import { spawn } from 'child_process';
import path from 'path';
import { fileURLToPath } from 'url';

const OLDEST_NODE = 20;
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/**
 * Runs a program in this terminal and ends this process the way the program ended.
 * @param {string} file
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
const become = (file, args, env) => {
  const child = spawn(file, args, { stdio: 'inherit', env });
  /** @type {NodeJS.Signals[]} */
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) {
    process.on(signal, () => {
      // A terminal gives Ctrl-C to the whole process group: passing it on would make the child see it twice.
      if (signal === 'SIGINT' && process.stdin.isTTY) return;
      child.kill(signal);
    });
  }
  child.on('error', (error) => {
    console.error(`Could not start ${file}: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code === null ? 1 : code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
};

/** @param {string[]} argv command and its arguments */
const main = async (argv) => {
  const { prepare, Stop } = await import('./ensure.mjs');
  try {
    const { node, script, args, env } = await prepare(root, argv);
    become(node, [script].concat(args), env);
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    console.error(error.message);
    process.exitCode = 2;
  }
};

if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
  console.error(
    `This needs Node.js ${OLDEST_NODE} or newer, and ${process.execPath} is ${process.versions.node}.\n` +
      'Install a current one from https://nodejs.org/ (or: nvm install 24), then run the same command again.',
  );
  process.exitCode = 2;
} else {
  main(process.argv.slice(2)).catch((error) => {
    console.error(error);
    process.exitCode = 1;
  });
}

import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { OtherClient, type Login } from './other-client.ts';

const scriptOf = (name: string): string => path.join(import.meta.dirname, name);

/**
 * The Python that has slixmpp: the first of the search path may be one of the user's own.
 * @throws Error where there is none
 */
export const slixmppPython = (): string => {
  const found = pythonWith('slixmpp');
  if (found === undefined) throw new Error('no Python here has slixmpp');
  return found;
};

const pythonWith = (...modules: readonly string[]): string | undefined =>
  ['python3', '/usr/bin/python3'].find(
    (command) => spawnSync(command, ['-c', `import ${modules.join(',')}`], { stdio: 'ignore' }).status === 0,
  );

/** Why `startPythonOmemo` cannot run here; undefined where it can. */
export const reasonForNoPythonOmemo = (): string | undefined =>
  pythonWith('slixmpp', 'oldmemo.etree') === undefined ? 'no Python here has slixmpp and oldmemo' : undefined;

const start = (script: string, login: Login, ...more: readonly string[]): Promise<OtherClient> => {
  const { jid, resource, server, authorityFile } = login;
  const args = [scriptOf(script), `${jid}/${resource}`, String(server.port), authorityFile, ...more];
  return OtherClient.start({ command: slixmppPython(), args }, login);
};

export const startSlixmpp = (login: Login): Promise<OtherClient> => start('slixmpp-client.py', login);

/** With OMEMO by python-omemo. @param stateFile keeps its keys; an existing one is a restart */
export const startPythonOmemo = (login: Login, stateFile: string): Promise<OtherClient> =>
  start('omemo-client.py', login, stateFile);

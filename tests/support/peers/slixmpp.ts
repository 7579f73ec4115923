import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { OtherClient, type Login } from './other-client.ts';

const script = path.join(import.meta.dirname, 'slixmpp-client.py');

/** The Python that has slixmpp: the first of the search path may be one of the user's own. */
const python = (): string => {
  const found = ['python3', '/usr/bin/python3'].find(
    (command) => spawnSync(command, ['-c', 'import slixmpp'], { stdio: 'ignore' }).status === 0,
  );
  if (found === undefined) throw new Error('no Python here has slixmpp');
  return found;
};

export const startSlixmpp = (login: Login): Promise<OtherClient> =>
  OtherClient.start(
    {
      command: python(),
      args: [script, `${login.jid}/${login.resource}`, String(login.server.port), login.authorityFile],
    },
    login,
  );

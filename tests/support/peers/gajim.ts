import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { until } from '../until.ts';
import { ScriptedPeer } from './omemo-peer.ts';
import { OtherClient, type Login } from './other-client.ts';

/** The Python that Debian's packages belong to. */
const PYTHON = '/usr/bin/python3';

/** Gajim on a display of its own, with a plugin that drives it: see `gajim-client.py`. */
export class GajimPeer extends ScriptedPeer {
  /** @param home a later instance there goes on with its keys */
  static async start(login: Login, home: string): Promise<GajimPeer> {
    const { jid, resource, server, authorityFile } = login;
    const script = path.join(import.meta.dirname, 'gajim-client.py');
    const args = [script, `${jid}/${resource}`, String(server.port), authorityFile, profileIn(home)];
    return new GajimPeer(await OtherClient.start({ command: PYTHON, args }, login));
  }

  /** Gajim sends nothing to whom it has no keys of; a user would see that, and wait. */
  override async say(to: string, text: string): Promise<unknown> {
    await until('Gajim to have keys', async () => (await this.client.knownDevices(to)).length > 0);
    return super.say(to, text);
  }

  /** Takes all sessions from a folder whose client does not run. */
  static loseSessions(home: string, jid: string): void {
    const database = new DatabaseSync(path.join(profileIn(home), `omemo_${jid}.db`));
    database.prepare('DELETE FROM sessions').run();
    database.close();
  }
}

const profileIn = (home: string): string => path.join(home, 'gajim');

export const startGajim = (login: Login, home: string): Promise<GajimPeer> => GajimPeer.start(login, home);

/** Why the Gajim that is meant cannot run here; undefined where it can. */
export const reasonForNoGajim = (): string | undefined => {
  if (!existsSync('/usr/share/gajim/plugins/omemo/plugin.py')) return 'no Gajim 1.7 with gajim-omemo here';
  return spawnSync('which', ['Xvfb'], { stdio: 'ignore' }).status === 0 ? undefined : 'Xvfb is not installed';
};

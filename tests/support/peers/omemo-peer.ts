import path from 'node:path';
import type { Login, OtherClient } from './other-client.ts';
import { startPythonOmemo } from './slixmpp.ts';
import { until } from '../until.ts';

/** A client of somebody else that encrypts with OMEMO, as the stories about it drive it. */
export interface OmemoPeer {
  /** Lets a contact see it, and asks to see them. */
  befriend(jid: string): Promise<unknown>;
  /** Sends an encrypted text. */
  say(to: string, text: string): Promise<unknown>;
  /** Waits until it shows a text that came encrypted. */
  reads(text: string): Promise<unknown>;
  /** How often it has shown it, as far as it tells. */
  timesRead(text: string): Promise<number>;
  /** Waits until it would encrypt for these devices of an address. */
  knows(jid: string, devices: readonly number[]): Promise<unknown>;
  /** Waits until it would not encrypt for a device any more. */
  knowsNot(jid: string, device: number): Promise<unknown>;
  /** Ends it; what it knows stays in its folder. */
  stop(): Promise<void>;
}

/** @param home folder of this client alone; what it finds there is from before its restart */
export type StartOmemoPeer = (login: Login, home: string) => Promise<OmemoPeer>;

/** A client that speaks the lines of `slixmpp-client.py`. */
export class ScriptedPeer implements OmemoPeer {
  readonly client: OtherClient;

  constructor(client: OtherClient) {
    this.client = client;
  }

  befriend(jid: string): Promise<unknown> {
    return this.client.befriend(jid);
  }
  say(to: string, text: string): Promise<unknown> {
    return this.client.text(to, text);
  }
  reads(text: string): Promise<unknown> {
    return this.client.expect('text', ({ body }) => body === text);
  }
  timesRead(text: string): Promise<number> {
    return Promise.resolve(
      this.client.heard.filter((one) => one.event === 'text' && one.body === text).length,
    );
  }
  knows(jid: string, devices: readonly number[]): Promise<unknown> {
    return until('the peer to know a device', async () => {
      const known = await this.client.knownDevices(jid);
      return devices.every((device) => known.includes(device));
    });
  }
  knowsNot(jid: string, device: number): Promise<unknown> {
    return until(
      'the peer to give a device up',
      async () => !(await this.client.knownDevices(jid)).includes(device),
    );
  }
  stop(): Promise<void> {
    return this.client.stop();
  }
}

/** slixmpp with python-omemo. */
export const startPythonPeer = async (login: Login, home: string): Promise<ScriptedPeer> =>
  new ScriptedPeer(await startPythonOmemo(login, path.join(home, 'omemo.json')));

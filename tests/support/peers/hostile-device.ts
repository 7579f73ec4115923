import { randomUUID } from 'node:crypto';
import path from 'node:path';
import {
  bundleRequest,
  deviceListRequest,
  publishDeviceList,
  readBundleAnswer,
  readDeviceListAnswer,
} from '#main/xmpp/features/omemo-nodes.ts';
import { bundleElement, encryptedElement, readEncrypted } from '#main/xmpp/features/omemo.ts';
import { publishItem } from '#main/xmpp/features/pubsub.ts';
import { child, NS, parseStanza, xml, type Element } from '#main/xmpp/stanza.ts';
import type { DeviceId } from '#shared/ids.ts';
import { PythonOmemo, type SealForm } from '../omemo-python.ts';
import { Peer } from '../peer.ts';
import { until } from '../until.ts';
import type { Login } from './other-client.ts';
import type { OmemoPeer } from './omemo-peer.ts';

const OMEMO = 'eu.siacs.conversations.axolotl';

/** A device of python-omemo whose every element can be changed before it is published or sent. */
export class HostileDevice implements OmemoPeer {
  readonly stream: Peer;
  readonly omemo: PythonOmemo;
  readonly #texts: string[] = [];
  #read = 0;

  private constructor(stream: Peer, omemo: PythonOmemo) {
    this.stream = stream;
    this.omemo = omemo;
  }

  static async start(login: Login, home: string): Promise<HostileDevice> {
    const { jid, password, resource, server } = login;
    const stream = await Peer.start({ jid, password, resource, port: server.port, ca: server.ca });
    const omemo = await PythonOmemo.start(jid, path.join(home, 'omemo.json'), 'old');
    const device = new HostileDevice(stream, omemo);
    await device.publishBundle((await omemo.bundle()).xml);
    await device.publishList([omemo.deviceId]);
    return device;
  }

  async befriend(jid: string): Promise<void> {
    await this.stream.befriend(jid);
    await this.meet(jid);
  }

  /** Fetches list and bundles. @param change what it does to each bundle before it uses it */
  async meet(jid: string, change: (bundle: string) => string = (bundle) => bundle): Promise<void> {
    const ids = await until('a device list', async () => {
      const answer = await this.stream.request(deviceListRequest(jid)).catch(() => undefined);
      const listed = answer && readDeviceListAnswer(answer);
      return listed !== undefined && listed.length > 0 && listed;
    });
    const bundles = Object.entries(await this.bundles(jid, ids));
    await this.omemo.meet(jid, Object.fromEntries(bundles.map(([id, bundle]) => [id, change(bundle)])));
  }

  async bundles(jid: string, ids: readonly DeviceId[]): Promise<Readonly<Record<number, string>>> {
    return Object.fromEntries(
      await Promise.all(ids.map(async (id) => [id, await this.#bundleOf(jid, id)] as const)),
    );
  }

  publishList(ids: readonly number[]): Promise<unknown> {
    return this.stream.request(publishDeviceList(ids as readonly DeviceId[]));
  }

  /** @param item `without-id`: the server gives it one, as for a client that names none */
  publishBundle(bundle: string, item: 'current' | 'without-id' = 'current'): Promise<unknown> {
    const request = publishItem({
      node: `${OMEMO}.bundles:${this.omemo.deviceId}`,
      id: 'current',
      payload: parseStanza(bundle),
      options: { persistItems: true, accessModel: 'open' },
    });
    const text = request.toString();
    return this.stream.request(item === 'current' ? request : parseStanza(text.replace(' id="current"', '')));
  }

  /** The encrypted element of a text, which is not sent. */
  async seal(to: string, text: string, form: SealForm = 'usual'): Promise<string> {
    const [sealed = ''] = await this.omemo.encryptAs(form, to, text);
    return sealed;
  }

  /** Sends an encrypted element as it is. @returns its id */
  async send(
    to: string,
    encrypted: string,
    id: string = randomUUID(),
    extensions: readonly Element[] = [],
  ): Promise<string> {
    await this.stream.send(
      xml(
        'message',
        { to, type: 'chat', id },
        xml('body', {}, 'I sent you an OMEMO encrypted message'),
        parseStanza(encrypted),
        xml('origin-id', { xmlns: NS.stanzaId, id }),
        xml('store', { xmlns: 'urn:xmpp:hints' }),
        ...extensions,
      ),
    );
    return id;
  }

  async say(to: string, text: string): Promise<void> {
    await this.send(to, await this.seal(to, text));
  }

  reads(text: string): Promise<unknown> {
    return until(`the device to read ${text}, not ${this.#texts.join()}`, async () => {
      await this.#readOn();
      return this.#texts.includes(text);
    });
  }

  timesRead(text: string): Promise<number> {
    return Promise.resolve(this.#texts.filter((one) => one === text).length);
  }

  knows(): Promise<unknown> {
    throw new Error('it is told by `meet`');
  }
  knowsNot(): Promise<unknown> {
    throw new Error('it is told by `meet`');
  }

  async stop(): Promise<void> {
    await this.stream.close();
    await this.omemo.stop();
  }

  async #bundleOf(jid: string, id: DeviceId): Promise<string> {
    const bundle = readBundleAnswer(await this.stream.request(bundleRequest(jid, id)), id);
    if (bundle === undefined) throw new Error(`no bundle of ${id}`);
    return bundleElement(bundle).toString();
  }

  /** Decrypts what has come since, and answers where the library wants to. */
  async #readOn(): Promise<void> {
    const news = this.stream.heard.slice(this.#read);
    this.#read += news.length;
    for (const stanza of news) {
      const encrypted = child(stanza, 'encrypted', OMEMO);
      if (encrypted === undefined) continue;
      const from = (stanza.attrs['from'] ?? '').split('/')[0] ?? '';
      const { texts, outbox } = await this.omemo.decrypt(from, encrypted.toString());
      this.#texts.push(...texts.flatMap((text) => text ?? []));
      for (const answer of outbox) await this.send(from, answer);
    }
  }
}

/** The element with another sender's device or other keys. */
export const withSender = (encrypted: string, sid: number): string => {
  const content = readEncrypted(xml('message', {}, parseStanza(encrypted)));
  if (content?.kind !== 'encrypted') throw new Error('no encrypted element');
  return encryptedElement({ ...content.message, sid: sid as DeviceId }).toString();
};

/** The element with its keys changed; each is `<key …>…</key>`. */
export const withKeys = (
  encrypted: string,
  change: (keys: readonly Element[]) => readonly Element[],
): string => {
  const element = parseStanza(encrypted);
  const header = child(element, 'header', OMEMO);
  if (header === undefined) throw new Error('no header');
  const keys = header.getChildren('key');
  header.children = [...change(keys), ...header.getChildElements().filter((one) => !keys.includes(one))];
  return element.toString();
};

export const startHostileDevice = (login: Login, home: string): Promise<HostileDevice> =>
  HostileDevice.start(login, home);

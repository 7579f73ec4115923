/** The one device whose encrypted messages all others catch up with. */
import { randomUUID } from 'node:crypto';
import { openPayload, sealPayload } from '#main/crypto/omemo/payload.ts';
import {
  bundleRequest,
  deviceListRequest,
  publishBundle,
  publishDeviceList,
  readBundleAnswer,
  readDeviceListAnswer,
} from '#main/xmpp/features/omemo-nodes.ts';
import { encryptedElement, readEncrypted } from '#main/xmpp/features/omemo.ts';
import { NS, xml, type Element } from '#main/xmpp/stanza.ts';
import type { DeviceId } from '#shared/ids.ts';
import { OmemoDevice } from '#tests/support/omemo-device.ts';
import { Peer } from '#tests/support/peer.ts';
import { until } from '#tests/support/until.ts';
import type { Desk } from '../desk.ts';
import type { Side } from '../pair.ts';

/** One order for all, and no more on its way than the server likes. */
const IN_FLIGHT = 100;

export class EncryptedSender {
  readonly jid: string;
  readonly #peer: Peer;
  readonly #device = new OmemoDevice({ preKeys: 100 });
  /** Devices of an address that have a session. */
  readonly #devices = new Map<string, DeviceId>();
  readonly #read: string[] = [];

  private constructor(jid: string, peer: Peer) {
    this.jid = jid;
    this.#peer = peer;
  }

  /** Logs in, with its keys where everybody finds them. */
  static async start({ server: { port, ca } }: Desk, side: Side): Promise<EncryptedSender> {
    const sender = new EncryptedSender(side.jid, await Peer.start({ ...side, port, ca }));
    const { deviceId, bundle } = sender.#device;
    await sender.#peer.request(publishBundle(deviceId, bundle));
    await sender.#peer.request(publishDeviceList([deviceId]));
    return sender;
  }

  befriend(jid: string): Promise<void> {
    return this.#peer.befriend(jid);
  }

  /** Starts a session with the device of somebody, as soon as they have published it. */
  async meet(jid: string): Promise<void> {
    const deviceId = await until(`the device of ${jid}`, async () => {
      const answer = await this.#peer.request(deviceListRequest(jid)).catch(() => undefined);
      return answer && readDeviceListAnswer(answer)?.[0];
    });
    const bundle = await until(`the bundle of ${jid}`, async () => {
      const answer = await this.#peer.request(bundleRequest(jid, deviceId)).catch(() => undefined);
      return answer && readBundleAnswer(answer, deviceId);
    });
    const started = this.#device.start(deviceId, bundle);
    if (started !== 'started') throw new Error(`no session with ${jid}: ${started}`);
    this.#devices.set(jid, deviceId);
  }

  /** Resolves when the server has all of them. */
  async write(jid: string, texts: readonly string[]): Promise<void> {
    for (let start = 0; start < texts.length; start += IN_FLIGHT) {
      const some = texts.slice(start, start + IN_FLIGHT);
      await Promise.all(some.map((text) => this.#peer.send(this.#message(jid, text))));
    }
  }

  /** Waits for a text from somebody: then they use the session, too. */
  async reads(text: string): Promise<void> {
    await until(`the sender to read ${text}`, () => {
      this.#readOn();
      return this.#read.includes(text);
    });
  }

  close(): Promise<void> {
    return this.#peer.close();
  }

  /** Nothing in it wants an answer: that would be part of what is measured, and not all would give it. */
  #message(to: string, text: string): Element {
    const rid = this.#devices.get(to);
    if (rid === undefined) throw new Error(`no session with ${to}`);
    const { keyMaterial, iv, ciphertext } = sealPayload(text);
    const { data, isKeyExchange } = this.#device.sendBytes(rid, keyMaterial);
    const key = { rid, prekey: isKeyExchange, data };
    const id = randomUUID();
    return xml(
      'message',
      { to, type: 'chat', id },
      xml('body', {}, 'I sent you an OMEMO encrypted message'),
      encryptedElement({ sid: this.#device.deviceId, keys: [key], iv, payload: ciphertext }),
      xml('encryption', { xmlns: 'urn:xmpp:eme:0', namespace: this.#device.version, name: 'OMEMO' }),
      xml('origin-id', { xmlns: NS.stanzaId, id }),
      xml('store', { xmlns: 'urn:xmpp:hints' }),
    );
  }

  /** Empty messages, too: they turn the ratchet. */
  #readOn(): void {
    for (const stanza of this.#peer.takeHeard()) {
      const content = readEncrypted(stanza);
      if (content?.kind !== 'encrypted') continue;
      const { sid, keys, iv, payload } = content.message;
      const key = keys.find(({ rid }) => rid === this.#device.deviceId);
      const result = key && this.#device.receive(sid, key);
      if (result?.kind !== 'decrypted' || iv === undefined || payload === undefined) continue;
      const text = openPayload({ keyMaterial: result.plaintext, iv, ciphertext: payload });
      if (text !== undefined) this.#read.push(text);
    }
  }
}

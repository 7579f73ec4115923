import { openPayload } from '#main/crypto/omemo/payload.ts';
import {
  deviceListRequest,
  openBundle,
  openDeviceList,
  publicationTrouble,
  publishBundle,
  publishDeviceList,
  readDeviceListAnswer,
} from '#main/xmpp/features/omemo-nodes.ts';
import { readEncrypted } from '#main/xmpp/features/omemo.ts';
import { StanzaError } from '#main/xmpp/port.ts';
import type { Element } from '#main/xmpp/stanza.ts';
import { OmemoDevice } from '../omemo-device.ts';
import type { Peer } from '../peer.ts';
import { until } from '../until.ts';

/** What an archived message says to this device. */
export type Opened =
  | { readonly kind: 'clear' }
  | { readonly kind: 'text'; readonly text: string }
  /** Only keys, perhaps for others, or a copy of what was opened before. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'unreadable'; readonly why: string };

/** So many computers of each person publish their keys before this device does. */
const COMPUTERS = 2;

/**
 * One more device of a person, which never dies and reads in the archive alone: what it reads is what the archive
 * tells of encrypted messages. It has the engine of the application, and nothing else of it.
 */
export class ArchiveDevice {
  readonly #device = new OmemoDevice({ preKeys: 100, keepsUsed: true });

  /** Joins the list of the account; behind the computers, so that no two lists cross. */
  async publish(peer: Peer): Promise<void> {
    const { deviceId, bundle } = this.#device;
    const list = async () => readDeviceListAnswer(await peer.request(deviceListRequest(undefined))) ?? [];
    const missing = (error: unknown): [] => {
      if (error instanceof StanzaError && error.condition === 'item-not-found') return [];
      throw error;
    };
    const known = await until('the devices of the computers', async () => {
      const ids = await list().catch(missing);
      return ids.length >= COMPUTERS && ids;
    });
    await publish(peer, (options) => publishBundle(deviceId, bundle, options), openBundle(deviceId));
    const ids = [...known, deviceId];
    await publish(peer, (options) => publishDeviceList(ids, options), openDeviceList());
  }

  open(message: Element): Opened {
    const content = readEncrypted(message);
    if (content === undefined) return { kind: 'clear' };
    if (content.kind === 'malformed') return { kind: 'unreadable', why: 'malformed' };
    const { sid, keys, iv, payload } = content.message;
    const ours = keys.find(({ rid }) => rid === this.#device.deviceId);
    if (ours === undefined)
      return payload === undefined ? { kind: 'nothing' } : { kind: 'unreadable', why: 'not for this device' };
    const result = this.#device.receive(sid, ours);
    if (result.kind === 'duplicate') return { kind: 'nothing' };
    if (result.kind !== 'decrypted') return { kind: 'unreadable', why: result.kind };
    if (payload === undefined) return { kind: 'nothing' };
    const keyMaterial = result.plaintext;
    const text = iv === undefined ? undefined : openPayload({ keyMaterial, iv, ciphertext: payload });
    return text === undefined ? { kind: 'unreadable', why: 'another key' } : { kind: 'text', text };
  }
}

/** A server that knows no options is told afterwards who may read. */
const publish = async (
  peer: Peer,
  publication: (withOptions: boolean) => Element,
  open: Element,
): Promise<void> => {
  try {
    await peer.request(publication(true));
  } catch (error) {
    if (!(error instanceof StanzaError) || publicationTrouble(error) === undefined) throw error;
    await peer.request(publication(false));
    await peer.request(open);
  }
};

import { randomUUID } from 'node:crypto';
import { archiveQuery, readArchivePage, readArchiveResult } from '#main/xmpp/features/mam.ts';
import type { PagePosition } from '#main/xmpp/features/result-set.ts';
import type { Element } from '#main/xmpp/stanza.ts';
import { bareJid, parseJid, type Jid } from '#shared/jid.ts';
import { Peer, type PeerOptions } from '../peer.ts';
import { ArchiveDevice } from './archive-device.ts';
import type { ArchivedText } from './story.ts';

/**
 * Somebody's archive, read by a client of their own that stays and asks only for what is new; what is encrypted is
 * opened by a device of its own.
 */
export class ArchiveBook {
  readonly #options: PeerOptions;
  readonly #own: Jid;
  readonly #heard: (message: Element, content: ArchivedText) => void;
  readonly #device = new ArchiveDevice();
  #last: string | undefined;
  #peer: Peer | undefined;

  /** @param heard gets each message once, the oldest first */
  constructor(options: PeerOptions, heard: (message: Element, content: ArchivedText) => void) {
    const own = parseJid(options.jid);
    if (own === undefined) throw new Error('not an address');
    this.#own = own;
    this.#options = options;
    this.#heard = heard;
  }

  /** From now on the device is one of those that people write to. Behind those of the computers. */
  async publishDevice(): Promise<void> {
    await this.#with((peer) => this.#device.publish(peer));
  }

  /** Up to what the archive holds now. Rejects while the server is away. */
  async read(): Promise<void> {
    await this.#with(async (peer) => {
      while (await this.#readPage(peer)) continue;
    });
  }

  async close(): Promise<void> {
    const peer = this.#peer;
    this.#peer = undefined;
    await peer?.close().catch(() => undefined);
  }

  async #with(act: (peer: Peer) => Promise<void>): Promise<void> {
    try {
      this.#peer ??= await Peer.start({ ...this.#options, resource: 'archive-reader', quiet: true });
      await act(this.#peer);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** @returns whether there may be more */
  async #readPage(peer: Peer): Promise<boolean> {
    const queryId = randomUUID();
    const asked = new Map([[queryId, bareJid(this.#own)]]);
    const position: PagePosition =
      this.#last === undefined ? { kind: 'first' } : { kind: 'after', id: this.#last };
    const query = archiveQuery({ queryId, filter: {}, page: { max: 200, position }, flipped: false });
    const page = readArchivePage(await peer.request(query));
    for (const stanza of peer.takeHeard()) {
      const reading = readArchiveResult(stanza, this.#own, asked);
      if (reading.kind !== 'result') continue;
      this.#last = reading.archiveId;
      if (reading.message !== undefined) this.#heard(reading.message, this.#content(reading.message));
    }
    return page !== undefined && !page.complete && page.range !== undefined;
  }

  #content(message: Element): ArchivedText {
    const opened = this.#device.open(message);
    switch (opened.kind) {
      case 'clear':
        return { text: message.getChildText('body') ?? '', protection: 'none' };
      case 'text':
        return { text: opened.text, protection: 'omemo' };
      case 'nothing':
        return { text: '', protection: 'omemo' };
      case 'unreadable':
        // Nobody shows such a message: it will be missed.
        return { text: `${message.attrs['id'] ?? 'a message'} (${opened.why})`, protection: 'omemo' };
    }
  }
}

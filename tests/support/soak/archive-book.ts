import { randomUUID } from 'node:crypto';
import { archiveQuery, readArchivePage, readArchiveResult } from '#main/xmpp/features/mam.ts';
import type { PagePosition } from '#main/xmpp/features/result-set.ts';
import type { Element } from '#main/xmpp/stanza.ts';
import { bareJid, parseJid, type Jid } from '#shared/jid.ts';
import { Peer, type PeerOptions } from '../peer.ts';

/** Somebody's archive, read by a client of their own that stays and asks only for what is new. */
export class ArchiveBook {
  readonly #options: PeerOptions;
  readonly #own: Jid;
  readonly #heard: (message: Element) => void;
  #last: string | undefined;
  #peer: Peer | undefined;

  /** @param heard gets each message once, the oldest first */
  constructor(options: PeerOptions, heard: (message: Element) => void) {
    const own = parseJid(options.jid);
    if (own === undefined) throw new Error('not an address');
    this.#own = own;
    this.#options = options;
    this.#heard = heard;
  }

  /** Up to what the archive holds now. Rejects while the server is away. */
  async read(): Promise<void> {
    try {
      this.#peer ??= await Peer.start({ ...this.#options, resource: 'archive-reader', quiet: true });
      while (await this.#readPage(this.#peer)) continue;
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    const peer = this.#peer;
    this.#peer = undefined;
    await peer?.close().catch(() => undefined);
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
      if (reading.message !== undefined) this.#heard(reading.message);
    }
    return page !== undefined && !page.complete && page.range !== undefined;
  }
}

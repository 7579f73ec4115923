import { randomUUID } from 'node:crypto';
import { archiveQuery, readArchivePage, readArchiveResult } from '#main/xmpp/features/mam.ts';
import type { PagePosition } from '#main/xmpp/features/result-set.ts';
import type { Element } from '#main/xmpp/stanza.ts';
import { bareJid, parseJid, type Jid } from '#shared/jid.ts';
import { Peer, type PeerOptions } from '../peer.ts';
import { ArchiveDevice } from './archive-device.ts';
import { Story, type ArchivedText } from './story.ts';

interface Entry {
  readonly id: string;
  readonly message: Element | undefined;
  readonly content: ArchivedText;
}

/** So many are read again each time: servers number messages before they store them. */
const OVERLAP = 60;

/**
 * Somebody's archive, read by a client of their own that stays and asks only for what is new; what is encrypted is
 * opened by a device of its own.
 */
export class ArchiveBook {
  readonly #options: PeerOptions;
  readonly #own: Jid;
  readonly #device = new ArchiveDevice();
  #entries: readonly Entry[] = [];
  /** By the archive's id and their own: what is encrypted opens once. */
  readonly #contents = new Map<string, ArchivedText>();
  #story = new Story();
  #peer: Peer | undefined;

  constructor(options: PeerOptions) {
    const own = parseJid(options.jid);
    if (own === undefined) throw new Error('not an address');
    this.#own = own;
    this.#options = options;
  }

  /** What it tells, as far as it was read. */
  get story(): Story {
    return this.#story;
  }

  /** From now on the device is one of those that people write to. Behind those of the computers. */
  async publishDevice(): Promise<void> {
    await this.#with((peer) => this.#device.publish(peer));
  }

  /** Up to what the archive holds now. Rejects while the server is away. */
  async read(): Promise<void> {
    const start = Math.max(0, this.#entries.length - OVERLAP);
    const again = this.#entries.slice(start);
    const read: Entry[] = [];
    await this.#with(async (peer) => {
      let last = this.#entries[start - 1]?.id;
      for (let hasMore = true; hasMore;) {
        const page = await this.#readPage(peer, last);
        read.push(...page.entries);
        last = page.entries.at(-1)?.id;
        hasMore = page.hasMore && last !== undefined;
      }
    });
    this.#entries = [...this.#entries.slice(0, start), ...read];
    const isOnlyLonger = again.every(({ id }, index) => read[index]?.id === id);
    if (!isOnlyLonger) this.#story = new Story();
    for (const { message, content } of isOnlyLonger ? read.slice(again.length) : this.#entries)
      if (message !== undefined) this.#story.tell(message, content);
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

  async #readPage(
    peer: Peer,
    after: string | undefined,
  ): Promise<{ readonly entries: readonly Entry[]; readonly hasMore: boolean }> {
    const queryId = randomUUID();
    const asked = new Map([[queryId, bareJid(this.#own)]]);
    const position: PagePosition = after === undefined ? { kind: 'first' } : { kind: 'after', id: after };
    const query = archiveQuery({ queryId, filter: {}, page: { max: 200, position }, flipped: false });
    const page = readArchivePage(await peer.request(query));
    const entries = peer.takeHeard().flatMap((stanza) => {
      const reading = readArchiveResult(stanza, this.#own, asked);
      if (reading.kind !== 'result') return [];
      const { archiveId: id, message } = reading;
      // Two messages of one microsecond have one number on ejabberd.
      const key = `${id} ${message?.attrs['id'] ?? ''}`;
      const content = this.#contents.get(key) ?? this.#content(message);
      this.#contents.set(key, content);
      return [{ id, message, content }];
    });
    return { entries, hasMore: page !== undefined && !page.complete && page.range !== undefined };
  }

  #content(message: Element | undefined): ArchivedText {
    if (message === undefined) return { text: '', protection: 'none' };
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

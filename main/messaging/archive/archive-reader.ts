import { randomUUID } from 'node:crypto';
import { bareJid } from '#shared/jid.ts';
import type { Logger } from '#main/log/logger.ts';
import {
  archiveQuery,
  readArchivePage,
  readArchiveResult,
  type ArchiveFilter,
  type ArchivePage,
} from '#main/xmpp/features/mam.ts';
import type { PageRequest } from '#main/xmpp/features/result-set.ts';
import type { XmppSession } from '#main/xmpp/session.ts';
import type { Element } from '#main/xmpp/stanza.ts';

/** A message as the archive keeps it. */
export interface ArchivedMessage {
  readonly archiveId: string;
  /** When the archive received it; undefined where it does not say. */
  readonly stamp: number | undefined;
  /** Undefined where the archive has removed it but keeps its place. */
  readonly message: Element | undefined;
}

export interface ArchiveAnswer {
  readonly items: readonly ArchivedMessage[];
  readonly page: ArchivePage;
}

/** A page takes the server some time when its disk is slow; a hung one must not hang us for ever. */
const QUERY_TIMEOUT_MS = 60_000;

interface Open {
  readonly items: ArchivedMessage[];
  readonly max: number;
}

/**
 * Asks the own archive over one stream (XEP-0313). Results arrive as messages before the answer; what
 * belongs to no open query of ours, or comes from somebody else, is refused.
 */
export class ArchiveReader {
  readonly #xmpp: XmppSession;
  readonly #log: Logger;
  readonly #open = new Map<string, Open>();
  /** Query id to archive, as the reader of results wants it. */
  readonly #asked = new Map<string, string>();

  constructor(xmpp: XmppSession, log: Logger) {
    this.#xmpp = xmpp;
    this.#log = log;
  }

  /**
   * Looks whether a message stanza is an archive result, real or forged.
   * @returns true where the stanza is dealt with and means nothing else
   */
  take(stanza: Element): boolean {
    const reading = readArchiveResult(stanza, this.#xmpp.jid, this.#asked);
    switch (reading.kind) {
      case 'none':
        return false;
      case 'refused':
        this.#log.warn('an archive result was refused', { reason: reading.reason });
        return true;
      case 'result': {
        const open = this.#open.get(reading.queryId);
        const { archiveId, stamp, message } = reading;
        // More than was asked for is a server's fault; it must not become our memory's.
        if (open !== undefined && open.items.length < open.max)
          open.items.push({ archiveId, stamp, message });
        return true;
      }
    }
  }

  /** @throws StanzaError (`item-not-found`: an id that the archive does not know), StreamError */
  async query(filter: ArchiveFilter, page: PageRequest): Promise<ArchiveAnswer> {
    const queryId = randomUUID();
    const open: Open = { items: [], max: page.max };
    this.#open.set(queryId, open);
    this.#asked.set(queryId, bareJid(this.#xmpp.jid));
    try {
      const request = archiveQuery({ queryId, filter, page, flipped: false });
      const answer = readArchivePage(await this.#xmpp.stream.request(request, QUERY_TIMEOUT_MS));
      if (answer === undefined) throw new Error('the archive answered without <fin/>');
      return { items: open.items, page: answer };
    } finally {
      this.#open.delete(queryId);
      this.#asked.delete(queryId);
    }
  }
}

import { randomUUID } from 'node:crypto';
import { archiveQuery, readArchivePage, readArchiveResult } from '#main/xmpp/features/mam.ts';
import type { PagePosition } from '#main/xmpp/features/result-set.ts';
import { bareJid, parseJid } from '#shared/jid.ts';
import { Peer, type PeerOptions } from '../peer.ts';

/** The bodies in somebody's archive, oldest first, read by a client of their own. */
export const readArchive = async (options: PeerOptions): Promise<readonly string[]> => {
  const peer = await Peer.start({ ...options, resource: 'archive-reader', quiet: true });
  try {
    const own = parseJid(options.jid);
    if (own === undefined) throw new Error('not an address');
    const texts: string[] = [];
    let position: PagePosition = { kind: 'first' };
    for (;;) {
      const queryId = randomUUID();
      const asked = new Map([[queryId, bareJid(own)]]);
      const from = peer.heard.length;
      const query = archiveQuery({ queryId, filter: {}, page: { max: 200, position }, flipped: false });
      const page = readArchivePage(await peer.request(query));
      for (const stanza of peer.heard.slice(from)) {
        const reading = readArchiveResult(stanza, own, asked);
        const body = reading.kind === 'result' ? reading.message?.getChildText('body') : undefined;
        if (typeof body === 'string') texts.push(body);
      }
      if (page === undefined || page.complete || page.range === undefined) return texts;
      position = { kind: 'after', id: page.range.last };
    }
  } finally {
    await peer.close();
  }
};

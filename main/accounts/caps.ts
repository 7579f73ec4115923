import { formatJid, type Jid } from '#shared/jid.ts';
import type { Logger } from '#main/log/logger.ts';
import type { CapsStore } from '#main/store/caps.ts';
import { capsMatch, discoInfoRequest, readDiscoInfo } from '#main/xmpp/features/disco.ts';
import type { CapsHash } from '#main/xmpp/features/presence.ts';
import type { Stream } from '#main/xmpp/port.ts';

/** At login every contact announces a hash; asking all of them at once would be a burst for everybody. */
const MAX_QUERIES = 4;

const keyOf = (caps: CapsHash): string => `${caps.hash} ${caps.ver}`;

/** What the clients of contacts can do (XEP-0115): asked once for each hash, verified, kept for good. */
export class CapsService {
  readonly #store: CapsStore;
  readonly #log: Logger;
  readonly #waiting = new Map<string, { caps: CapsHash; from: Jid; stream: Stream }>();
  readonly #asking = new Set<string>();

  constructor(store: CapsStore, log: Logger) {
    this.#store = store;
    this.#log = log;
  }

  /** A presence announced this hash: learns what it means, unless that is known. */
  note(stream: Stream, from: Jid, caps: CapsHash): void {
    const key = keyOf(caps);
    if (this.#asking.has(key) || this.#store.features(key) !== undefined) return;
    this.#waiting.set(key, { caps, from, stream });
    this.#askNext();
  }

  /** Whether any of these hashes is known to stand for a feature. */
  supports(all: readonly CapsHash[], feature: string): boolean {
    return all.some((caps) => this.#store.features(keyOf(caps))?.includes(feature) ?? false);
  }

  #askNext(): void {
    for (const [key, { caps, from, stream }] of this.#waiting) {
      if (this.#asking.size >= MAX_QUERIES) return;
      this.#waiting.delete(key);
      this.#asking.add(key);
      void this.#ask(stream, from, caps).finally(() => {
        this.#asking.delete(key);
        this.#askNext();
      });
    }
  }

  async #ask(stream: Stream, from: Jid, caps: CapsHash): Promise<void> {
    try {
      const answer = await stream.request(discoInfoRequest(formatJid(from), `${caps.node}#${caps.ver}`));
      const info = readDiscoInfo(answer);
      // Section 5.4: an answer that does not give the hash is good for nobody else, and here for nobody.
      if (info !== undefined && capsMatch(info, caps)) this.#store.store(keyOf(caps), info.features);
    } catch (error) {
      this.#log.debug('capabilities unknown', { reason: error instanceof Error ? error.name : '' });
    }
  }
}

import type { AccountId, ChatId } from '#shared/ids.ts';
import { AppError } from '#shared/errors.ts';
import type { Logger } from '#main/log/logger.ts';
import type { Clock } from '#main/util/clock.ts';
import type { XmppSession } from '#main/xmpp/session.ts';
import { StanzaError, StreamError, type Stream } from '#main/xmpp/port.ts';
import type { Element } from '#main/xmpp/stanza.ts';
import type { HistoryPast } from './history-past.ts';
import { HistorySync, type ArchiveLedger, type OlderAnswer } from './history-sync.ts';

/** After the last of several messages, so that a burst is one question. */
const SETTLE_MS = 1_500;
/** What two senders write within this time may arrive in another order than it has in the archive. */
const CROSSING_MS = 1_000;
/** A failed catch-up is tried again on the same stream; the stream's own faults end the stream. */
const RETRY_MS = 30_000;

/**
 * The archive of one account over all of its streams: catches up when a stream begins, and asks once more
 * after own messages were sent, because nobody else tells us their place among those of others.
 */
export class History {
  readonly #accountId: AccountId;
  readonly #ledger: ArchiveLedger;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #tellCaughtUp: () => void;
  #sync: HistorySync | undefined;
  #caughtUp = false;
  /**
   * Own stanzas on the present stream: given to it, acknowledged by the server, and of the acknowledged those
   * whose place in the archive is known.
   */
  #given = 0;
  #acknowledged = 0;
  #placed = 0;
  /** Of each chat: who wrote last from where, and when it came. */
  readonly #arrived = new Map<string, { readonly from: string; readonly at: number }>();
  /** The stream before left own messages whose place is not known. */
  #owesPlaces = false;
  #cancelSettle = (): void => undefined;
  #running: Promise<void> | undefined;
  /** The last question about the past; never rejects. */
  #asking: Promise<void> = Promise.resolve();

  constructor(
    accountId: AccountId,
    ledger: ArchiveLedger,
    deps: {
      readonly clock: Clock;
      readonly log: Logger;
      /** All that was missed on a stream has been read. */
      readonly caughtUp?: (() => void) | undefined;
    },
  ) {
    this.#accountId = accountId;
    this.#ledger = ledger;
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#tellCaughtUp = deps.caughtUp ?? (() => undefined);
  }

  /** A stream has begun; a resumed one has missed nothing. */
  attach(xmpp: XmppSession, resumed: boolean): void {
    this.#sync?.stop();
    this.#sync = new HistorySync(this.#accountId, xmpp, this.#ledger, this.#log);
    this.#owesPlaces = this.#given > this.#placed || this.#owesPlaces;
    this.#given = 0;
    this.#acknowledged = 0;
    this.#placed = 0;
    this.#caughtUp = resumed && this.#caughtUp;
    this.#running = undefined;
    this.#arrived.clear();
    if (!this.#caughtUp || this.#owesPlaces) this.#settleIn(0);
  }

  /** The stream has ended. */
  detach(): void {
    this.#cancelSettle();
    this.#sync?.stop();
    this.#sync = undefined;
    this.#running = undefined;
  }

  /** True where the stanza was an archive result, real or forged, and means nothing else. */
  take(stanza: Element): boolean {
    return this.#sync?.take(stanza) ?? false;
  }

  /**
   * Whether a message that arrives now is the next one of the archive, so that everything up to it is here.
   * Not while there are older ones on their way, nor from the moment when something of ours leaves until its
   * place is known: others may have come in between.
   */
  get isComplete(): boolean {
    const knows = this.#sync !== undefined && this.#caughtUp && !this.#owesPlaces;
    return knows && this.#given === this.#placed;
  }

  /**
   * A message that the archive has came by the stream. Where another one came just before it, from elsewhere, the
   * archive is asked for their order: servers number messages of several senders before they deliver them.
   * @param peer bare JID of the chat
   * @param from full JID of the sender
   */
  arrived(peer: string, from: string): void {
    const at = this.#clock.now();
    const before = this.#arrived.get(peer);
    this.#arrived.set(peer, { from, at });
    const isCrossing = before !== undefined && before.from !== from && Math.abs(at - before.at) < CROSSING_MS;
    // Also while a catch-up is under way: its page may have been answered before that.
    if (isCrossing) this.#settleIn(SETTLE_MS);
  }

  /** The stream as the outbox sees it: what leaves over it is looked up in the archive afterwards. */
  over(stream: Pick<Stream, 'send' | 'sentCount'>): Pick<Stream, 'send' | 'sentCount'> {
    const sync = this.#sync;
    const arrived = (): void => {
      if (this.#sync !== sync) return;
      this.#acknowledged++;
      this.#settleIn(SETTLE_MS);
    };
    return {
      get sentCount() {
        return stream.sentCount;
      },
      send: (stanza, written) => {
        this.#given++;
        const sent = stream.send(stanza, written);
        // A stream that ends leaves it unknown; the next one asks.
        sent.then(arrived, () => undefined);
        return sent;
      },
    };
  }

  /**
   * Fetches what is missing before a place of the timeline, by default before all that is here.
   * @returns `archive: false` where the server keeps none
   * @throws AppError `offline`, `stanza-error`
   */
  older(
    chatId: ChatId,
    peer: string,
    { place = Number.POSITIVE_INFINITY, max }: { readonly place?: number; readonly max?: number } = {},
  ): Promise<OlderAnswer & { readonly archive: boolean }> {
    return this.#inTurn(async (past) => {
      if (past === undefined) return { added: 0, atStart: true, archive: false };
      return { ...(await past.older(chatId, peer, place, max)), archive: true };
    });
  }

  /** Fetches what is missing behind a place of the timeline. @throws AppError `offline`, `stanza-error` */
  newer(chatId: ChatId, peer: string, place: number): Promise<{ readonly added: number }> {
    return this.#inTurn(async (past) => past?.newer(chatId, peer, place) ?? { added: 0 });
  }

  /** Fetches the messages from a time on. @throws AppError `offline`, `stanza-error` */
  from(chatId: ChatId, peer: string, at: number): Promise<{ readonly added: number }> {
    return this.#inTurn(async (past) => past?.from(chatId, peer, at) ?? { added: 0 });
  }

  /** One at a time, and not between the pages of a catch-up: all place what they bring beside the same messages. */
  #inTurn<T>(ask: (past: HistoryPast | undefined) => Promise<T>): Promise<T> {
    const before = this.#asking;
    const answer = (async () => {
      await before;
      await this.#running;
      const sync = this.#sync;
      if (sync === undefined) throw new AppError('offline', 'the account is not connected');
      try {
        return await ask(await sync.past());
      } catch (error) {
        throw asAppError(error);
      }
    })();
    this.#asking = answer.then(
      () => undefined,
      () => undefined,
    );
    return answer;
  }

  #settleIn(ms: number): void {
    this.#cancelSettle();
    this.#cancelSettle = this.#clock.after(ms, () => void this.#settle());
  }

  async #settle(): Promise<void> {
    const sync = this.#sync;
    if (sync === undefined) return;
    // What it is to look for may be behind the page that is under way.
    if (this.#running !== undefined) return this.#settleIn(SETTLE_MS);
    // What is acknowledged from now on is for the next time.
    const acknowledged = this.#acknowledged;
    const running = sync.catchUp();
    this.#running = running.catch(() => undefined);
    try {
      await running;
      if (this.#sync === sync) {
        const isFirst = !this.#caughtUp;
        this.#caughtUp = true;
        this.#owesPlaces = false;
        this.#placed = acknowledged;
        if (isFirst) this.#tellCaughtUp();
      }
    } catch (error) {
      this.#log.warn('the archive could not be read', {}, error);
      if (this.#sync === sync) this.#settleIn(RETRY_MS);
    } finally {
      if (this.#sync === sync) {
        this.#running = undefined;
        if (this.#acknowledged > this.#placed) this.#settleIn(SETTLE_MS);
      }
    }
  }
}

/** A stream that ends in the midst of a question is as good as none. */
const asAppError = (error: unknown): unknown => {
  if (error instanceof StreamError) return new AppError('offline', 'the connection was lost');
  if (!(error instanceof StanzaError)) return error;
  return new AppError('stanza-error', error.message, { detail: { condition: error.condition } });
};

import type { AccountId, ChatId } from '#shared/ids.ts';
import { AppError } from '#shared/errors.ts';
import type { Logger } from '#main/log/logger.ts';
import type { Clock } from '#main/util/clock.ts';
import type { XmppSession } from '#main/xmpp/session.ts';
import type { Stream } from '#main/xmpp/port.ts';
import type { Element } from '#main/xmpp/stanza.ts';
import { HistorySync, type ArchiveLedger, type OlderAnswer } from './history-sync.ts';

/** After the last of several messages, so that a burst is one question. */
const SETTLE_MS = 1_500;
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
  #sync: HistorySync | undefined;
  #caughtUp = false;
  /**
   * Own stanzas on the present stream: given to it, acknowledged by the server, and of the acknowledged those
   * whose place in the archive is known.
   */
  #given = 0;
  #acknowledged = 0;
  #placed = 0;
  /** The stream before left own messages whose place is not known. */
  #owesPlaces = false;
  #cancelSettle = (): void => undefined;
  #running: Promise<void> | undefined;

  constructor(
    accountId: AccountId,
    ledger: ArchiveLedger,
    deps: { readonly clock: Clock; readonly log: Logger },
  ) {
    this.#accountId = accountId;
    this.#ledger = ledger;
    this.#clock = deps.clock;
    this.#log = deps.log;
  }

  /** A stream has begun; a resumed one has missed nothing. */
  attach(xmpp: XmppSession, resumed: boolean): void {
    this.#sync = new HistorySync(this.#accountId, xmpp, this.#ledger, this.#log);
    this.#owesPlaces = this.#given > this.#placed || this.#owesPlaces;
    this.#given = 0;
    this.#acknowledged = 0;
    this.#placed = 0;
    this.#caughtUp = resumed && this.#caughtUp;
    this.#running = undefined;
    if (!this.#caughtUp || this.#owesPlaces) this.#settleIn(0);
  }

  /** The stream has ended. */
  detach(): void {
    this.#cancelSettle();
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

  /** The stream as the outbox sees it: what leaves over it is looked up in the archive afterwards. */
  over(stream: Pick<Stream, 'send'>): Pick<Stream, 'send'> {
    const sync = this.#sync;
    const arrived = (): void => {
      if (this.#sync !== sync) return;
      this.#acknowledged++;
      this.#settleIn(SETTLE_MS);
    };
    return {
      send: (stanza) => {
        this.#given++;
        const sent = stream.send(stanza);
        // A stream that ends leaves it unknown; the next one asks.
        sent.then(arrived, () => undefined);
        return sent;
      },
    };
  }

  /** Fetches the page before the oldest message of a chat. @throws AppError `offline` */
  async older(chatId: ChatId, peer: string): Promise<OlderAnswer> {
    const sync = this.#sync;
    if (sync === undefined) throw new AppError('offline', 'the account is not connected');
    // Not between the pages of a catch-up: both place what they bring beside the same messages.
    await this.#running;
    return sync.older(chatId, peer);
  }

  #settleIn(ms: number): void {
    this.#cancelSettle();
    this.#cancelSettle = this.#clock.after(ms, () => void this.#settle());
  }

  async #settle(): Promise<void> {
    const sync = this.#sync;
    if (sync === undefined || this.#running !== undefined) return;
    // What is acknowledged from now on is for the next time.
    const acknowledged = this.#acknowledged;
    const running = sync.catchUp();
    this.#running = running.catch(() => undefined);
    try {
      await running;
      if (this.#sync === sync) {
        this.#caughtUp = true;
        this.#owesPlaces = false;
        this.#placed = acknowledged;
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

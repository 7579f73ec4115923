/** RFC 6120 section 8.2.3: matches answers to requests, by id and by who answers. */
import { randomBytes } from 'node:crypto';
import { bareJid, formatJid, parseJid, type Jid } from '#shared/jid.ts';
import type { Clock } from '#main/util/clock.ts';
import { StanzaError } from './port.ts';
import { readStanzaError, type Element } from './stanza.ts';

interface Pending {
  /** Normalised `to` of the request; undefined for our own account. */
  readonly to: string | undefined;
  readonly resolve: (answer: Element) => void;
  readonly cancel: (error: Error) => void;
  readonly cancelTimeout: () => void;
  readonly overtakes: boolean;
}

export class IqRequests {
  readonly #own: Jid;
  readonly #clock: Clock;
  readonly #pending = new Map<string, Pending>();

  /** @param own full JID of the stream */
  constructor(own: Jid, clock: Clock) {
    this.#own = own;
    this.#clock = clock;
  }

  /**
   * Gives the iq an id that nobody can guess, and waits for its answer; `cancel` fails it at once.
   * @param overtakes whether the answer must not wait for stanzas that came before it
   */
  expect(
    iq: Element,
    timeoutMs: number,
    overtakes: boolean,
  ): { readonly answer: Promise<Element>; readonly cancel: (error: Error) => void } {
    const id = randomBytes(16).toString('base64url');
    iq.attrs['id'] = id;
    const to = iq.attrs['to'];
    const { promise, resolve, reject } = Promise.withResolvers<Element>();
    const cancel = (error: Error): void => {
      cancelTimeout();
      this.#pending.delete(id);
      reject(error);
    };
    const cancelTimeout = this.#clock.after(timeoutMs, () =>
      cancel(new StanzaError('remote-server-timeout', 'wait', 'no answer in time')),
    );
    this.#pending.set(id, {
      to: to === undefined ? undefined : normal(to),
      resolve,
      cancel,
      cancelTimeout,
      overtakes,
    });
    return { answer: promise, cancel };
  }

  /**
   * Takes a stanza that may be an answer. Undefined where no request of ours waits for it: not an answer,
   * too late, or from somebody who was not asked.
   */
  match(stanza: Element): { readonly overtakes: boolean; readonly deliver: () => void } | undefined {
    const type = stanza.attrs['type'];
    const id = stanza.attrs['id'];
    if (stanza.getName() !== 'iq' || id === undefined || (type !== 'result' && type !== 'error'))
      return undefined;
    const pending = this.#pending.get(id);
    if (pending === undefined || !this.#mayAnswer(stanza.attrs['from'], pending.to)) return undefined;
    // It may have to wait for its turn; the stream may end before that.
    pending.cancelTimeout();
    const deliver = (): void => {
      this.#pending.delete(id);
      if (type === 'result') pending.resolve(stanza);
      else pending.cancel(readStanzaError(stanza));
    };
    return { overtakes: pending.overtakes, deliver };
  }

  /** Fails what waits. */
  fail(error: Error): void {
    for (const { cancel } of this.#pending.values()) cancel(error);
  }

  /**
   * RFC 6120 sections 8.1.2.1 and 10.5.4: a stanza without `from` is from our account or its server, and
   * a request without `to` is answered by either; anybody else answers only for himself.
   */
  #mayAnswer(from: string | undefined, to: string | undefined): boolean {
    const { domain } = this.#own;
    const ours = [bareJid(this.#own), formatJid(this.#own), domain];
    const isOurs = to === undefined || ours.includes(to);
    if (from === undefined) return isOurs;
    const sender = normal(from);
    if (to === undefined) return sender !== undefined && ours.includes(sender);
    return sender === to || (to === formatJid(this.#own) && sender === bareJid(this.#own));
  }
}

const normal = (address: string): string => {
  const jid = parseJid(address);
  // Not a valid address: equal to nothing but itself.
  return jid === undefined ? ` ${address}` : formatJid(jid);
};

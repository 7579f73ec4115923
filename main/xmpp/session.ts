import { bareJid, parseJid, type Jid } from '#shared/jid.ts';
import { DisposableStore, type Disposable } from '#main/util/disposables.ts';
import type { AnswerIq, Feature, FeatureHost } from './feature.ts';
import { StanzaError, type Stream } from './port.ts';
import { addressOf, errorReply, resultReply, type Element } from './stanza.ts';

export interface SessionHandlers {
  /** Waited for: the stanza counts as handled when this settles. */
  readonly message: (message: Element) => Promise<void> | void;
  readonly presence: (presence: Element) => Promise<void> | void;
  /** RFC 6121 section 2.1.6: our presence goes to this contact, so it may ask us things. */
  readonly seesUs: (bare: string) => boolean;
}

/**
 * Routes the stanzas of one stream: iq requests to the features, messages and presence to the handlers.
 * Lives as long as the stream.
 */
export class XmppSession implements FeatureHost, Disposable {
  readonly jid: Jid;
  readonly stream: Stream;
  readonly #answers = new Map<string, AnswerIq>();
  readonly #handlers: SessionHandlers;
  readonly #attached = new DisposableStore();

  constructor(stream: Stream, features: readonly Feature[], handlers: SessionHandlers) {
    const jid = parseJid(stream.jid);
    if (jid === undefined) throw new Error('the server bound an address that is not valid');
    this.jid = jid;
    this.stream = stream;
    this.#handlers = handlers;
    for (const feature of features) {
      if (feature.attach !== undefined) this.#attached.add(feature.attach(this));
    }
  }

  /**
   * Begins to route. Not before everybody who must hear the first stanza listens: what was waiting on the
   * server comes at once.
   */
  open(): void {
    this.stream.onStanza((stanza) => this.#route(stanza));
  }

  dispose(): void {
    this.#attached.dispose();
    this.#answers.clear();
  }

  onIq(type: 'get' | 'set', name: string, xmlns: string, answer: AnswerIq): Disposable {
    const key = `${type} ${name} ${xmlns}`;
    this.#answers.set(key, answer);
    return { dispose: () => this.#answers.delete(key) };
  }

  maySeeUs(from: Jid | undefined): boolean {
    // RFC 6120 section 8.1.2.1: without `from` a stanza comes from our own account.
    if (from === undefined) return true;
    const bare = bareJid(from);
    return bare === bareJid(this.jid) || bare === this.jid.domain || this.#handlers.seesUs(bare);
  }

  async #route(stanza: Element): Promise<void> {
    switch (stanza.getName()) {
      case 'message':
        return this.#handlers.message(stanza);
      case 'presence':
        return this.#handlers.presence(stanza);
      case 'iq':
        return this.#answer(stanza);
      default:
        return undefined;
    }
  }

  /** RFC 6120 section 8.2.3: every request is answered, and never twice. */
  async #answer(iq: Element): Promise<void> {
    const type = iq.attrs['type'];
    if (type !== 'get' && type !== 'set') return;
    let reply: Element;
    try {
      const from = addressOf(iq, 'from');
      if (iq.attrs['from'] !== undefined && from === undefined) return;
      const [payload] = iq.getChildElements();
      const answer = payload && this.#answers.get(`${type} ${payload.getName()} ${payload.getNS() ?? ''}`);
      if (answer === undefined) throw new StanzaError('service-unavailable', 'cancel');
      reply = resultReply(iq, await answer(iq, from));
    } catch (error) {
      reply =
        error instanceof StanzaError
          ? errorReply(iq, error.type as 'cancel', error.condition)
          : errorReply(iq, 'cancel', 'internal-server-error');
    }
    // Not awaited: it resolves only with the server's acknowledgement. A lost answer is the stream's end.
    this.stream.send(reply).catch(() => undefined);
  }
}

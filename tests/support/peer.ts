import { randomUUID } from 'node:crypto';
import { createDialer } from '#main/net/dialer.ts';
import { systemClock } from '#main/util/clock.ts';
import { chatState } from '#main/xmpp/features/chat-states.ts';
import type { ChatState } from '#main/xmpp/features/chat-states.ts';
import { capsVer } from '#main/xmpp/features/disco.ts';
import { textMessage } from '#main/xmpp/features/message.ts';
import { subscriptionPresence } from '#main/xmpp/features/presence.ts';
import { rosterRequest, rosterSet } from '#main/xmpp/features/roster.ts';
import type { Stream } from '#main/xmpp/port.ts';
import { createOpenStream } from '#main/xmpp/stream.ts';
import { errorReply, NS, resultReply, xml, type Element } from '#main/xmpp/stanza.ts';
import { bareJid, parseJid } from '#shared/jid.ts';
import { quietLog } from './test-store.ts';
import { until } from './until.ts';

export interface PeerOptions {
  readonly jid: string;
  readonly password: string;
  readonly port: number;
  readonly ca: string;
  readonly resource?: string;
  /** Never available: what is offline for this account stays where it is. */
  readonly quiet?: boolean;
}

/** A scripted contact on the real server: says what the test tells it, and keeps what it hears. */
export class Peer {
  readonly jid: string;
  readonly heard: Element[] = [];
  readonly #stream: Stream;
  #onText: ((text: string, from: string) => void) | undefined;
  #features: readonly string[] | undefined;
  readonly #friends = new Set<string>();

  private constructor(jid: string, stream: Stream) {
    this.jid = jid;
    this.#stream = stream;
    stream.onStanza((stanza) => this.#hear(stanza));
  }

  /** Logs in and is available. */
  static async start(options: PeerOptions): Promise<Peer> {
    const open = createOpenStream({
      dial: createDialer(),
      clock: systemClock,
      log: quietLog,
      durable: () => undefined,
    });
    const stream = await open(
      {
        jid: options.jid,
        password: async () => options.password,
        userAgent: randomUUID(),
        host: '127.0.0.1',
        port: options.port,
        directTls: false,
        ca: options.ca,
        resource: options.resource ?? 'peer',
      },
      AbortSignal.timeout(30_000),
    );
    const peer = new Peer(options.jid, stream);
    if (options.quiet === true) return peer;
    // RFC 6121 section 2.1.6: who has not asked for the roster hears nothing of its changes.
    await stream.request(rosterRequest(undefined));
    await peer.send(xml('presence'));
    return peer;
  }

  /** Resolves when the server has it. */
  send(stanza: Element): Promise<void> {
    return this.#stream.send(stanza);
  }

  say(to: string, body: string, id: string = randomUUID()): Promise<void> {
    return this.send(textMessage({ to, id, body, chatState: false }));
  }

  type(to: string, state: ChatState): Promise<void> {
    return this.send(xml('message', { to, type: 'chat' }, chatState(state)));
  }

  show(show: 'away' | 'dnd' | undefined, status: string): Promise<void> {
    return this.send(
      xml('presence', {}, show === undefined ? undefined : xml('show', {}, show), xml('status', {}, status)),
    );
  }

  /** Says what its client can do (XEP-0115), and from now on answers whoever asks for it (XEP-0030). */
  announce(features: readonly string[]): Promise<void> {
    this.#features = features;
    const ver = capsVer({ identities: [], features, forms: [] });
    return this.send(xml('presence', {}, xml('c', { xmlns: NS.caps, hash: 'sha-1', node: 'peer', ver })));
  }

  /** Asks somebody; rejects with StanzaError where they refuse. */
  request(iq: Element): Promise<Element> {
    return this.#stream.request(iq);
  }

  /** Puts a contact on the own roster, asks to see them, and lets them see us, now or when they ask. */
  async befriend(jid: string, name = ''): Promise<void> {
    this.#friends.add(jid);
    await this.#stream.request(rosterSet({ jid, name, groups: [] }));
    await this.send(subscriptionPresence('subscribe', jid));
    await this.send(subscriptionPresence('subscribed', jid));
  }

  answerSubscription(jid: string, yes: boolean): Promise<void> {
    return this.send(subscriptionPresence(yes ? 'subscribed' : 'unsubscribed', jid));
  }

  /** Called for every message with a body. */
  onText(heard: (text: string, from: string) => void): void {
    this.#onText = heard;
  }

  /** The first stanza that fits, heard already or soon. */
  expect(what: string, fits: (stanza: Element) => boolean): Promise<Element> {
    return until(what, () => this.heard.find(fits));
  }

  expectText(body: string): Promise<Element> {
    return this.expect(`the text ${JSON.stringify(body)}`, (stanza) => stanza.getChildText('body') === body);
  }

  /** What was heard since the last call, and forgets it. */
  takeHeard(): readonly Element[] {
    return this.heard.splice(0);
  }

  close(): Promise<void> {
    return this.#stream.close();
  }

  #hear(stanza: Element): void {
    this.heard.push(stanza);
    const from = parseJid(stanza.attrs['from'] ?? '');
    if (stanza.is('iq') && (stanza.attrs['type'] === 'get' || stanza.attrs['type'] === 'set')) {
      // The end of the stream is the test's business, not that of a late answer.
      this.send(this.#discoInfo(stanza) ?? errorReply(stanza, 'cancel', 'service-unavailable')).catch(
        () => undefined,
      );
    }
    // Not every server keeps an approval for who has not asked yet (RFC 6121 section 3.4).
    if (stanza.is('presence') && stanza.attrs['type'] === 'subscribe' && from !== undefined)
      if (this.#friends.has(bareJid(from)))
        this.answerSubscription(bareJid(from), true).catch(() => undefined);
    const body = stanza.is('message') ? stanza.getChildText('body') : null;
    if (body !== null && from !== undefined && stanza.attrs['type'] !== 'error')
      this.#onText?.(body, bareJid(from));
  }

  #discoInfo(iq: Element): Element | undefined {
    const query = iq.getChild('query', NS.discoInfo);
    if (query === undefined || this.#features === undefined) return undefined;
    const features = this.#features.map((feature) => xml('feature', { var: feature }));
    return resultReply(iq, xml('query', query.attrs, features));
  }
}

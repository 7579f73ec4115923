/** A server in memory that keeps the nodes of its accounts, and clients with OMEMO over real stores. */
import { randomUUID } from 'node:crypto';
import { onTestFinished } from 'vitest';
import type { Arrival, Conversation, OpenOutcome, SealOutcome } from '#main/crypto/scheme.ts';
import { createRatchetEngine } from '#main/crypto/omemo/ratchet/ratchet-engine.ts';
import { OmemoService } from '#main/crypto/omemo/omemo-service.ts';
import { StanzaError } from '#main/xmpp/port.ts';
import { child, parseStanza, xml, type Element } from '#main/xmpp/stanza.ts';
import type { Store } from '#main/store/store.ts';
import type { AccountId, MessageId } from '#shared/ids.ts';
import { parseJid, type Jid } from '#shared/jid.ts';
import type { TrustPolicy } from '#shared/omemo.ts';
import { ManualClock } from './manual-clock.ts';
import { quietLog } from './test-store.ts';
import { temporaryProfile } from './temporary-profile.ts';

const PUBSUB = 'http://jabber.org/protocol/pubsub';
const engine = createRatchetEngine();

/** Nodes with one item, by owner; who publishes and who asks is told by the session. */
export class MemoryServer {
  readonly nodes = new Map<string, Element>();
  readonly clients: OmemoClient[] = [];
  /** What the next requests that match are answered with. */
  refuse: ((iq: Element) => StanzaError | undefined) | undefined;
  readonly requests: Element[] = [];

  request(from: Jid, iq: Element): Element {
    this.requests.push(iq);
    const refused = this.refuse?.(iq);
    if (refused !== undefined) throw refused;
    const own = `${from.local}@${from.domain}`;
    const pubsub = iq.getChildElements()[0];
    const [action] = pubsub?.getChildElements() ?? [];
    const node = action?.attrs['node'] ?? '';
    switch (action?.getName()) {
      case 'publish':
        this.publish(own, node, action.getChildElements()[0]?.getChildElements()[0]);
        return xml('iq', { type: 'result' });
      case 'items':
        return this.#items(iq.attrs['to'] ?? own, node);
      default:
        return xml('iq', { type: 'result' });
    }
  }

  /** Keeps an item, and tells everybody. */
  publish(owner: string, node: string, payload: Element | undefined): void {
    if (payload === undefined) throw new StanzaError('bad-request', 'modify');
    this.nodes.set(`${owner} ${node}`, payload);
    const items = xml('items', { node }, xml('item', { id: 'current' }, payload));
    const event = xml('event', { xmlns: `${PUBSUB}#event` }, items);
    const message = parseStanza(xml('message', { from: owner, type: 'headline' }, event).toString());
    for (const client of this.clients) client.service.take(client.accountId, message);
  }

  #items(owner: string, node: string): Element {
    const payload = this.nodes.get(`${owner} ${node}`);
    if (payload === undefined) throw new StanzaError('item-not-found', 'cancel');
    const items = xml('items', { node }, xml('item', { id: 'current' }, payload));
    return parseStanza(xml('iq', { type: 'result' }, xml('pubsub', { xmlns: PUBSUB }, items)).toString());
  }
}

export interface ClientOptions {
  readonly policy?: TrustPolicy;
  readonly mayAnswer?: boolean;
  readonly isContact?: (jid: string) => boolean;
}

/** A client of one account, with a store on a disk of its own. */
export class OmemoClient {
  readonly jid: string;
  readonly store: Store;
  readonly accountId: AccountId;
  readonly service: OmemoService;
  readonly clock = new ManualClock();
  /** Messages that it sent by itself. */
  readonly sent: Element[] = [];
  policy: TrustPolicy;
  /** Delays requests; where it rejects, they do. */
  slow: ((iq: Element) => Promise<void>) | undefined;
  readonly #server: MemoryServer;
  readonly #full: Jid;

  constructor(
    server: MemoryServer,
    jid: string,
    { policy = 'first-use', mayAnswer = true, isContact = () => true }: ClientOptions = {},
  ) {
    this.jid = jid;
    this.#server = server;
    this.policy = policy;
    this.store = temporaryProfile().open().store;
    this.accountId = this.store.accounts.add({ jid, directTls: false, createdAt: 1 }).id;
    const full = parseJid(`${jid}/${randomUUID()}`);
    if (full === undefined) throw new Error('no address');
    this.#full = full;
    this.service = new OmemoService({
      store: this.store.omemo,
      transaction: this.store.transaction,
      engine,
      clock: this.clock,
      log: quietLog,
      policy: () => this.policy,
      isContact: (_, other) => isContact(other),
      mayAnswer: () => mayAnswer,
      devicesChanged: () => undefined,
    });
    server.clients.push(this);
    // Before its database is closed.
    onTestFinished(() => this.service.ended(this.accountId));
  }

  /** Logs in; resolves when bundle and list are where they belong. @param caughtUp whether nothing was missed */
  async start(caughtUp = true): Promise<this> {
    this.service.attach(
      this.accountId,
      {
        jid: this.#full,
        stream: {
          request: async (iq) => {
            await this.slow?.(iq);
            return this.#server.request(this.#full, iq);
          },
          send: async (stanza) => void this.sent.push(parseStanza(stanza.toString())),
        },
      },
      true,
    );
    await settled();
    if (caughtUp) this.service.caughtUp(this.accountId);
    return this;
  }

  get deviceId(): number {
    return this.store.omemo.keys.own(this.accountId)?.deviceId ?? 0;
  }

  conversation(peer: string): Conversation {
    return { accountId: this.accountId, own: this.jid, peer };
  }

  seal(peer: string, text: string, messageId?: MessageId): SealOutcome {
    return this.store.transaction(() => this.service.scheme.seal(this.conversation(peer), text, messageId));
  }

  /** Seals when all keys are there. */
  async write(peer: string, text: string, messageId?: MessageId): Promise<Element> {
    const outcome = await this.try(peer, text, messageId);
    if (outcome.kind !== 'sealed') throw new Error(JSON.stringify(outcome));
    return parseStanza(
      xml('message', { from: this.jid, to: peer, type: 'chat' }, outcome.element).toString(),
    );
  }

  async try(peer: string, text: string, messageId?: MessageId): Promise<SealOutcome> {
    for (let attempts = 0; attempts < 5; attempts += 1) {
      const outcome = this.seal(peer, text, messageId);
      if (outcome.kind !== 'preparing') return outcome;
      await outcome.ready;
    }
    throw new Error('it is never ready');
  }

  read(
    sender: string,
    message: Element,
    peer = sender === this.jid ? (message.attrs['to'] ?? '') : sender,
    arrival: Partial<Arrival> = {},
  ): OpenOutcome {
    const how = { isLive: false, isKnown: () => false, ...arrival };
    return this.store.transaction(() =>
      this.service.scheme.open(this.conversation(peer), sender, message, how),
    );
  }

  /** The text, or what became of it. */
  readText(sender: string, message: Element, arrival: Partial<Arrival> = {}): string {
    const outcome = this.read(sender, message, undefined, arrival);
    switch (outcome.kind) {
      case 'text':
        return outcome.text;
      case 'unreadable':
        return outcome.reason;
      case 'nothing':
      case 'not-encrypted':
        return outcome.kind;
    }
  }
}

/** All that was begun and does not wait for the clock is done. */
export const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

/** The ids in a published list. */
export const publishedIds = (server: MemoryServer, jid: string): readonly number[] =>
  server.nodes
    .get(`${jid} eu.siacs.conversations.axolotl.devicelist`)
    ?.getChildElements()
    .map(({ attrs }) => Number(attrs['id'])) ?? [];

/** The rids of a message. */
export const recipientsOf = (message: Element): readonly number[] =>
  child(message, 'encrypted', 'eu.siacs.conversations.axolotl')
    ?.getChildElements()[0]
    ?.getChildElements()
    .flatMap(({ name, attrs }) => (name === 'key' ? [Number(attrs['rid'])] : [])) ?? [];

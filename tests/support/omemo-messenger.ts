/** A client in memory with the whole path of its messages: outbox, wire, pipeline, rows. */
import { createInbound } from '#main/messaging/inbound/pipeline.ts';
import { unwrap, type Unwrapped } from '#main/messaging/inbound/unwrap.ts';
import { Outbox } from '#main/messaging/outbound/outbox.ts';
import { TypingBook } from '#main/messaging/typing-book.ts';
import type { NewOutgoing, StoredMessage } from '#main/store/messages.ts';
import { Changes } from '#main/util/changes.ts';
import { parseStanza, type Element } from '#main/xmpp/stanza.ts';
import type { ChatId, DeviceId } from '#shared/ids.ts';
import { parseJid, type Jid } from '#shared/jid.ts';
import { MemoryServer, OmemoClient, settled } from './omemo-world.ts';
import { quietLog } from './test-store.ts';

/** A client with its messages; what it sends is kept on the wire. */
export class Messenger {
  readonly client: OmemoClient;
  readonly wire: Element[] = [];
  readonly outbox: Outbox;
  readonly #inbound: ReturnType<typeof createInbound>;
  readonly #own: Jid;

  private constructor(client: OmemoClient) {
    this.client = client;
    const { store, clock, accountId, service } = client;
    const own = parseJid(`${client.jid}/here`);
    if (own === undefined) throw new Error('no address');
    this.#own = own;
    const changes = new Changes();
    const common = { store, changes, clock, log: quietLog, scheme: service.scheme };
    this.outbox = new Outbox(accountId, { ...common, sendTyping: () => false });
    this.#inbound = createInbound({
      ...common,
      typing: new TypingBook(clock, () => undefined),
      sendReceipts: () => false,
      readAhead: () => undefined,
      poke: () => undefined,
    });
  }

  static async start(server: MemoryServer, jid: string): Promise<Messenger> {
    return new Messenger(await new OmemoClient(server, jid).start());
  }

  chat(jid: string): ChatId {
    return this.client.store.chats.findOrCreate(this.client.accountId, jid, 1).id;
  }

  queue(to: string, body: string, change: Partial<NewOutgoing> = {}): StoredMessage {
    const id = `id ${body}`;
    return this.client.store.messages.insertOutgoing({
      chatId: this.chat(to),
      senderJid: this.client.jid,
      body,
      at: this.client.clock.now(),
      protection: 'omemo',
      stanzaId: id,
      originId: id,
      ...change,
    });
  }

  /** Sends what waits; resolves when keys that are missing have been fetched. */
  async run(): Promise<void> {
    this.outbox.run({
      sentCount: undefined,
      send: async (stanza) => void this.wire.push(parseStanza(stanza.toString())),
    });
    await settled();
  }

  receive(from: string, message: Element): void {
    this.#inbound.handle(this.client.accountId, this.#own, addressed(from, message));
  }

  /** What its service has sent by itself since the last call. */
  takeAnswers(): readonly Element[] {
    return this.client.sent.splice(0);
  }

  /** All that was begun with a device is gone. */
  forgetSession(peer: Messenger): void {
    const { accountId, store } = this.client;
    const deviceId = peer.client.deviceId as DeviceId;
    store.omemo.sessions.forget({ accountId, jid: peer.client.jid, deviceId });
  }

  receiveArchived(from: string, message: Element, archiveId: string, place: number): void {
    const stanza = addressed(from, message);
    const one: Unwrapped = unwrap(this.client.accountId, this.#own, stanza);
    if (one.kind !== 'message') throw new Error('not a message');
    const envelope = { ...one.envelope, source: 'archive', archiveId, delayedAt: place } as const;
    const direction = from === this.client.jid ? 'out' : 'in';
    this.#inbound.handleArchived([{ kind: 'message', envelope: { ...envelope, direction } }], () => ({
      places: [place],
      end: undefined,
    }));
  }

  rows(jid: string): readonly StoredMessage[] {
    const { store, accountId } = this.client;
    const chat = store.chats.find(accountId, jid);
    return chat === undefined
      ? []
      : store.messages.page({ kind: 'latest', chatId: chat.id, limit: 200 }).rows;
  }
}

const addressed = (from: string, message: Element): Element => {
  const copy = parseStanza(message.toString());
  copy.attrs['from'] = `${from}/there`;
  return copy;
};

export const ROMEO = 'romeo@montague.example';
export const JULIET = 'juliet@capulet.example';

/** Two people with one device each, on one server. */
export const pair = async (): Promise<{ server: MemoryServer; romeo: Messenger; juliet: Messenger }> => {
  const server = new MemoryServer();
  return {
    server,
    romeo: await Messenger.start(server, ROMEO),
    juliet: await Messenger.start(server, JULIET),
  };
};

/** What was sent last. */
export const last = (messenger: Messenger): Element => {
  const message = messenger.wire.at(-1);
  if (message === undefined) throw new Error('nothing was sent');
  return message;
};

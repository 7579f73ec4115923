/** Encrypted messages through the whole path: outbox, wire, pipeline, row. */
import { describe, expect, test } from 'vitest';
import { createInbound } from '#main/messaging/inbound/pipeline.ts';
import type { Unwrapped } from '#main/messaging/inbound/unwrap.ts';
import { unwrap } from '#main/messaging/inbound/unwrap.ts';
import { Outbox } from '#main/messaging/outbound/outbox.ts';
import { TypingBook } from '#main/messaging/typing-book.ts';
import type { NewOutgoing, StoredMessage } from '#main/store/messages.ts';
import { Changes } from '#main/util/changes.ts';
import { parseStanza, xml, type Element } from '#main/xmpp/stanza.ts';
import { parseJid, type Jid } from '#shared/jid.ts';
import type { ChatId, DeviceId } from '#shared/ids.ts';
import { MemoryServer, OmemoClient, settled } from '#tests/support/omemo-world.ts';
import { quietLog } from '#tests/support/test-store.ts';

const NS = 'eu.siacs.conversations.axolotl';
const ROMEO = 'romeo@montague.example';
const JULIET = 'juliet@capulet.example';

/** A client with its messages; what it sends is kept on the wire. */
class Messenger {
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

const pair = async (): Promise<{ server: MemoryServer; romeo: Messenger; juliet: Messenger }> => {
  const server = new MemoryServer();
  return {
    server,
    romeo: await Messenger.start(server, ROMEO),
    juliet: await Messenger.start(server, JULIET),
  };
};

const last = (messenger: Messenger): Element => {
  const message = messenger.wire.at(-1);
  if (message === undefined) throw new Error('nothing was sent');
  return message;
};

describe('a message in an encrypted chat', () => {
  test('leaves encrypted, with a hint, a fallback and nothing of its text, and is a row on the other side', async () => {
    const { romeo, juliet } = await pair();
    const ids = { stanzaId: 'm1', originId: 'm1' };
    const message = romeo.queue(JULIET, 'Shall I hear more?', {
      ...ids,
      receiptWanted: true,
      markable: true,
    });
    await romeo.run();
    const sent = last(romeo).toString();
    expect(sent).not.toContain('hear more');
    expect(sent).toContain('<encryption xmlns="urn:xmpp:eme:0"');
    expect(sent).toContain('<store xmlns="urn:xmpp:hints"/>');
    expect(sent).toContain('encrypted with OMEMO');
    expect(sent).toContain('urn:xmpp:receipts');
    juliet.receive(ROMEO, last(romeo));
    expect(juliet.rows(ROMEO)).toMatchObject([
      { body: 'Shall I hear more?', protection: 'omemo', failure: undefined, receiptWanted: true },
    ]);
    const { ledger } = juliet.client.store.omemo;
    expect(ledger.sender(juliet.rows(ROMEO)[0]?.id ?? message.id)?.deviceId).toBe(romeo.client.deviceId);
    expect(romeo.client.store.omemo.ledger.recipients(message.id)).toMatchObject([
      { deviceId: juliet.client.deviceId, outcome: 'encrypted' },
    ]);
    expect(romeo.client.store.messages.require(message.id).state).toBe('acked');
  });

  test('waits for keys without holding other chats up, and keeps its order', async () => {
    const { romeo } = await pair();
    romeo.queue(JULIET, 'one');
    romeo.queue('nurse@capulet.example', 'in the clear', { protection: 'none' });
    romeo.queue(JULIET, 'two');
    romeo.outbox.run({
      sentCount: undefined,
      send: async (stanza) => void romeo.wire.push(parseStanza(stanza.toString())),
    });
    // What needs no keys has left at once.
    expect(romeo.wire.map(({ attrs }) => attrs['id'])).toEqual(['id in the clear']);
    await settled();
    expect(romeo.wire.map(({ attrs }) => attrs['id'])).toEqual(['id in the clear', 'id one', 'id two']);
  });

  test('that was taken back while it waited does not leave', async () => {
    const { romeo } = await pair();
    const [one] = [romeo.queue(JULIET, 'one'), romeo.queue(JULIET, 'two')];
    romeo.outbox.run({
      sentCount: undefined,
      send: async (stanza) => void romeo.wire.push(parseStanza(stanza.toString())),
    });
    romeo.client.store.messages.withdraw(one.id);
    await settled();
    expect(romeo.wire.map(({ attrs }) => attrs['id'])).toEqual(['id two']);
  });

  test('goes out again as the same ciphertext after a break, and is read once', async () => {
    const { romeo, juliet } = await pair();
    romeo.queue(JULIET, 'once');
    const broken: Element[] = [];
    romeo.outbox.run({
      sentCount: undefined,
      send: (stanza) => {
        broken.push(parseStanza(stanza.toString()));
        return Promise.reject(new Error('the stream has ended'));
      },
    });
    await settled();
    romeo.outbox.hold();
    await romeo.run();
    expect(last(romeo).toString()).toBe(broken[0]?.toString());
    juliet.receive(ROMEO, last(romeo));
    juliet.receive(ROMEO, last(romeo));
    expect(juliet.rows(ROMEO).map(({ body }) => body)).toEqual(['once']);
  });

  test('stays here where nobody trusted could read it, and goes when the user has decided', async () => {
    const { romeo, juliet } = await pair();
    const { devices } = romeo.client.store.omemo;
    romeo.queue(JULIET, 'first');
    await romeo.run();
    const id = juliet.client.deviceId as DeviceId;
    const key = devices.get(romeo.client.accountId, JULIET, id)?.identityKey ?? new Uint8Array();
    devices.setTrust(romeo.client.accountId, JULIET, key, 'untrusted', 1);
    const message = romeo.queue(JULIET, 'second');
    romeo.outbox.poke();
    const { messages } = romeo.client.store;
    expect(messages.require(message.id)).toMatchObject({ state: 'failed', failure: 'no-trusted-device' });
    devices.setTrust(romeo.client.accountId, JULIET, key, 'trusted', 2);
    messages.requeue(message.id, 5);
    romeo.outbox.poke();
    juliet.receive(ROMEO, last(romeo));
    expect(juliet.rows(ROMEO).map(({ body }) => body)).toEqual(['second']);
  });

  test('is edited encrypted; reactions do not leave, and nothing is ever in the clear', async () => {
    const { romeo, juliet } = await pair();
    const message = romeo.queue(JULIET, 'secret one');
    await romeo.run();
    juliet.receive(ROMEO, last(romeo));
    const { outbox } = romeo.client.store;
    const common = { chatId: romeo.chat(JULIET), aboutId: message.id, createdAt: 1 };
    const payload = { stanzaId: 'e1', replaces: 'id secret one', body: 'secret two' };
    outbox.add({ ...common, kind: 'edit', payload });
    outbox.add({
      ...common,
      kind: 'reaction',
      payload: { stanzaId: 'r', about: 'id secret one', emojis: ['🤫'] },
    });
    outbox.add({ ...common, kind: 'retraction', payload: { stanzaId: 't', retracts: 'nothing' } });
    romeo.queue(JULIET, 'secret three', { notBefore: 5_000_000 });
    await romeo.run();
    romeo.client.clock.advance(6_000_000);
    await settled();
    const all = romeo.wire.map(String).join('\n');
    expect(all).not.toMatch(/secret (?:one|two|three)<|🤫/);
    expect(romeo.wire.filter((stanza) => stanza.toString().includes('<payload>')).length).toBe(3);
    for (const stanza of romeo.wire.slice(1)) juliet.receive(ROMEO, stanza);
    expect(juliet.rows(ROMEO).map(({ body }) => body)).toEqual(['secret two', 'secret three']);
  });
});

describe('what comes', () => {
  test('by archive after it came live is the same row, opened once; our own finds its row by its id', async () => {
    const { romeo, juliet } = await pair();
    romeo.queue(JULIET, 'both ways');
    await romeo.run();
    juliet.receive(ROMEO, last(romeo));
    juliet.receiveArchived(ROMEO, last(romeo), 'a1', 500);
    expect(juliet.rows(ROMEO)).toMatchObject([{ body: 'both ways', archiveId: 'a1', protection: 'omemo' }]);
    romeo.receiveArchived(ROMEO, last(romeo), 'b1', 500);
    expect(romeo.rows(JULIET)).toMatchObject([{ body: 'both ways', archiveId: 'b1', protection: 'omemo' }]);
  });

  test('from another own device is a row of ours', async () => {
    const { server, romeo, juliet } = await pair();
    const laptop = await Messenger.start(server, ROMEO);
    laptop.client.policy = 'blind';
    laptop.queue(JULIET, 'from the laptop');
    await laptop.run();
    romeo.receiveArchived(ROMEO, last(laptop), 'c1', 700);
    expect(romeo.rows(JULIET)).toMatchObject([
      { body: 'from the laptop', direction: 'out', protection: 'omemo' },
    ]);
    juliet.receive(ROMEO, last(laptop));
    expect(juliet.rows(ROMEO)).toHaveLength(1);
  });

  test('and cannot be read is a row that says why; what only carries keys is none', async () => {
    const { romeo, juliet } = await pair();
    romeo.queue(JULIET, 'for somebody else');
    await romeo.run();
    const foreign = last(romeo)
      .toString()
      .replace(/rid="\d+"/, 'rid="77"');
    juliet.receive(ROMEO, parseStanza(foreign));
    const [row] = juliet.rows(ROMEO);
    expect(row).toMatchObject({ failure: 'not-decryptable', protection: 'omemo' });
    expect(row && juliet.client.store.omemo.ledger.unreadable(row.id)).toEqual({
      reason: 'not-for-this-device',
      deviceId: romeo.client.deviceId,
    });
    juliet.receive(
      ROMEO,
      parseStanza(
        last(romeo)
          .toString()
          .replace(/<payload>.*<\/payload>/, ''),
      ),
    );
    expect(juliet.rows(ROMEO)).toHaveLength(1);
  });

  test('in the clear cannot change what was encrypted', async () => {
    const { romeo, juliet } = await pair();
    romeo.queue(JULIET, 'true');
    await romeo.run();
    juliet.receive(ROMEO, last(romeo));
    juliet.receive(
      ROMEO,
      xml(
        'message',
        { type: 'chat', id: 'x' },
        xml('body', {}, 'false'),
        xml('replace', { xmlns: 'urn:xmpp:message-correct:0', id: 'id true' }),
      ),
    );
    expect(juliet.rows(ROMEO)).toMatchObject([
      { body: 'true', protection: 'omemo' },
      { body: 'false', protection: 'none' },
    ]);
  });

  test('is stored with its ratchet or not at all', async () => {
    const { romeo, juliet } = await pair();
    romeo.queue(JULIET, 'again');
    await romeo.run();
    const { ledger } = juliet.client.store.omemo;
    const note = ledger.noteSender.bind(ledger);
    ledger.noteSender = () => {
      throw new Error('the disk is full');
    };
    expect(() => juliet.receive(ROMEO, last(romeo))).toThrow('the disk is full');
    ledger.noteSender = note;
    juliet.receive(ROMEO, last(romeo));
    expect(juliet.rows(ROMEO).map(({ body }) => body)).toEqual(['again']);
  });

  test('with a body of its own beside the encrypted one shows the encrypted one', async () => {
    const { romeo, juliet } = await pair();
    romeo.queue(JULIET, 'inside');
    await romeo.run();
    const message = last(romeo).toString();
    expect(message).toContain(NS);
    juliet.receive(ROMEO, parseStanza(message.replace(/<body>.*?<\/body>/, '<body>outside</body>')));
    expect(juliet.rows(ROMEO).map(({ body }) => body)).toEqual(['inside']);
  });
});

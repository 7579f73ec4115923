/** Encrypted messages through the whole path: outbox, wire, pipeline, row. */
import { describe, expect, test } from 'vitest';
import { parseStanza, xml, type Element } from '#main/xmpp/stanza.ts';
import type { DeviceId } from '#shared/ids.ts';
import { Messenger } from '#tests/support/omemo-messenger.ts';
import { MemoryServer, settled } from '#tests/support/omemo-world.ts';

const NS = 'eu.siacs.conversations.axolotl';
const ROMEO = 'romeo@montague.example';
const JULIET = 'juliet@capulet.example';

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

  test('by archive and was taken back learns its place all the same', async () => {
    const { romeo, juliet } = await pair();
    romeo.queue(JULIET, 'first');
    const second = romeo.queue(JULIET, 'second');
    await romeo.run();
    for (const stanza of romeo.wire) juliet.receive(ROMEO, stanza);
    romeo.client.store.messages.retract(second.id, 5, ROMEO);
    const [there] = juliet.rows(ROMEO).filter(({ body }) => body === 'second');
    juliet.client.store.messages.retract(there?.id ?? second.id, 5, ROMEO);
    const [first, taken] = romeo.wire;
    if (first === undefined || taken === undefined) throw new Error('nothing was sent');
    for (const messenger of [romeo, juliet]) {
      messenger.receiveArchived(ROMEO, taken, 'a1', 500);
      messenger.receiveArchived(ROMEO, first, 'a2', 600);
    }
    const places = [
      { body: '', archiveId: 'a1' },
      { body: 'first', archiveId: 'a2' },
    ];
    expect(romeo.rows(JULIET)).toMatchObject(places);
    expect(juliet.rows(ROMEO)).toMatchObject(places);
  });

  test('edits of two devices show the last one of the archive, in whatever order they came', async () => {
    const { server, romeo, juliet } = await pair();
    romeo.client.policy = 'blind';
    const laptop = await Messenger.start(server, ROMEO);
    laptop.client.policy = 'blind';
    const edit = async (messenger: Messenger, id: string, body: string): Promise<Element> => {
      const { store } = messenger.client;
      const [row] = messenger.rows(JULIET);
      if (row === undefined) throw new Error('there is nothing to edit');
      const ids = { stanzaId: id, originId: id };
      store.edits.apply({
        messageId: row.id,
        senderJid: ROMEO,
        body,
        at: messenger.client.clock.now(),
        ...ids,
      });
      const payload = { stanzaId: id, replaces: 'id zero', body };
      store.outbox.add({
        ...{ chatId: messenger.chat(JULIET), aboutId: row.id },
        ...{ kind: 'edit', payload, createdAt: 1 },
      });
      await messenger.run();
      return last(messenger);
    };
    romeo.queue(JULIET, 'zero');
    await romeo.run();
    const zero = last(romeo);
    laptop.receiveArchived(ROMEO, zero, 'a0', 400);
    romeo.receiveArchived(ROMEO, zero, 'a0', 400);
    juliet.receive(ROMEO, zero);
    const here = await edit(romeo, 'e-romeo', 'of romeo');
    const there = await edit(laptop, 'e-laptop', 'of the laptop');
    // Each hears of the other's edit after its own; the archive has that of romeo last.
    romeo.receiveArchived(ROMEO, there, 'a1', 500);
    juliet.receive(ROMEO, here);
    juliet.receive(ROMEO, there);
    for (const messenger of [romeo, laptop, juliet]) {
      messenger.receiveArchived(ROMEO, there, 'a1', 500);
      messenger.receiveArchived(ROMEO, here, 'a2', 600);
    }
    expect([romeo, laptop].map((messenger) => messenger.rows(JULIET)[0]?.body)).toEqual([
      'of romeo',
      'of romeo',
    ]);
    expect(juliet.rows(ROMEO)[0]?.body).toBe('of romeo');
  });
});

describe('a message that could not be read', () => {
  /** Both have written and read; then Juliet has lost the session, and the next message of Romeo with it. */
  const lose = async () => {
    const { romeo, juliet } = await pair();
    const tell = async (from: Messenger, to: Messenger, text: string): Promise<void> => {
      from.queue(to.client.jid, text);
      await from.run();
      to.receive(from.client.jid, last(from));
      await settled();
    };
    await tell(romeo, juliet, 'hello');
    await tell(juliet, romeo, 'hello, too');
    for (const one of [romeo, juliet]) one.takeAnswers();
    juliet.forgetSession(romeo);
    await tell(romeo, juliet, 'lost');
    const [row] = juliet.rows(ROMEO).slice(-1);
    const [own] = romeo.rows(JULIET).slice(-1);
    if (row === undefined || own === undefined) throw new Error('no rows');
    expect(row.failure).toBe('not-decryptable');
    return { romeo, juliet, row, own, tell };
  };

  /** What Juliet's application has answered reaches Romeo. */
  const answer = (romeo: Messenger, juliet: Messenger): readonly Element[] => {
    const answers = juliet.takeAnswers();
    for (const one of answers) romeo.receive(JULIET, one);
    return answers;
  };

  test('is shown to its sender as that, and what they send again is read in its place', async () => {
    const { romeo, juliet, row, own, tell } = await lose();
    expect(answer(romeo, juliet)).toHaveLength(2);
    const { messages } = romeo.client.store;
    expect(messages.require(own.id)).toMatchObject({
      ...{ state: 'failed', failure: 'decryption-failed', failureText: undefined },
    });
    await tell(romeo, juliet, 'written meanwhile');
    messages.requeue(own.id, 9);
    await romeo.run();
    juliet.receive(ROMEO, last(romeo));
    expect(
      juliet
        .rows(ROMEO)
        .map(({ id, body, failure }) => [id, body, failure])
        .slice(-2),
    ).toEqual([
      [row.id, 'lost', undefined],
      [expect.anything(), 'written meanwhile', undefined],
    ]);
    const { ledger } = juliet.client.store.omemo;
    expect(ledger.unreadable(row.id)).toBeUndefined();
    expect(ledger.sender(row.id)?.deviceId).toBe(romeo.client.deviceId);
    expect(juliet.client.store.messages.require(row.id).rev).toBeGreaterThan(row.rev);
    // Once more is once too often.
    juliet.receive(ROMEO, last(romeo));
    expect(juliet.rows(ROMEO).filter(({ body }) => body === 'lost')).toHaveLength(1);
  });

  test('and is sent again while we are away comes by the archive to the same row', async () => {
    const { romeo, juliet, row, own } = await lose();
    // The archive has the first one, too.
    juliet.receiveArchived(ROMEO, last(romeo), 'a1', 500);
    expect(juliet.client.store.messages.require(row.id)).toMatchObject({ archiveId: 'a1' });
    answer(romeo, juliet);
    romeo.client.store.messages.requeue(own.id, 9);
    await romeo.run();
    juliet.receiveArchived(ROMEO, last(romeo), 'a2', 900);
    expect(juliet.client.store.messages.require(row.id)).toMatchObject({
      ...{ body: 'lost', failure: undefined, archiveId: 'a1', protection: 'omemo' },
    });
    juliet.receiveArchived(ROMEO, last(romeo), 'a2', 900);
    expect(juliet.rows(ROMEO).filter(({ body }) => body === 'lost')).toHaveLength(1);
  });

  test('stays what it is where what is sent again cannot be read either', async () => {
    const { romeo, juliet, row, own } = await lose();
    answer(romeo, juliet);
    romeo.client.store.messages.requeue(own.id, 9);
    await romeo.run();
    juliet.forgetSession(romeo);
    juliet.receive(ROMEO, last(romeo));
    const [kept] = juliet.rows(ROMEO).slice(-1);
    expect(kept).toMatchObject({ id: row.id, failure: 'not-decryptable' });
    expect(juliet.rows(ROMEO).filter(({ failure }) => failure !== undefined)).toHaveLength(1);
  });

  test('is not believed to be one where it was not encrypted, was delivered, or another device of ours says so', async () => {
    const { romeo, juliet, own } = await lose();
    const [, error] = juliet.takeAnswers();
    if (error === undefined) throw new Error('nobody was told');
    const about = (id: string): Element => {
      const copy = parseStanza(error.toString());
      copy.attrs['id'] = id;
      return copy;
    };
    const { messages } = romeo.client.store;
    const plain = romeo.queue(JULIET, 'plain', { protection: 'none' });
    const delivered = romeo.queue(JULIET, 'delivered');
    await romeo.run();
    messages.setState(delivered.id, 'delivered');
    for (const id of ['id plain', 'id delivered', 'nobody knows this']) romeo.receive(JULIET, about(id));
    expect(messages.require(plain.id)).toMatchObject({ state: 'failed', failure: 'not-acceptable' });
    expect(messages.require(delivered.id).state).toBe('delivered');
    // Somebody else in another chat, and an own device that has refused a message of Juliet with the same id.
    romeo.receive('tybalt@capulet.example', about(own.originId ?? ''));
    const refused = about(own.originId ?? '');
    refused.attrs['to'] = `${JULIET}/there`;
    romeo.receiveArchived(ROMEO, refused, 'x1', 500);
    expect(messages.require(own.id).state).toBe('acked');
  });

  test('because its device was restored is a row with that reason, and edits that come again are none', async () => {
    const { romeo, juliet } = await pair();
    romeo.queue(JULIET, 'first');
    await romeo.run();
    juliet.receive(ROMEO, last(romeo));
    const place = {
      accountId: romeo.client.accountId,
      jid: JULIET,
      deviceId: juliet.client.deviceId as DeviceId,
    };
    const { sessions } = romeo.client.store.omemo;
    const backup = Uint8Array.from(sessions.record(place) ?? []);
    const [message] = romeo.rows(JULIET);
    const payload = { stanzaId: 'e1', replaces: 'id first', body: 'edited' };
    const common = { chatId: romeo.chat(JULIET), aboutId: message?.id, createdAt: 1 };
    romeo.client.store.outbox.add({ ...common, kind: 'edit', payload });
    await romeo.run();
    const edit = last(romeo);
    juliet.receive(ROMEO, edit);
    sessions.keep(place, backup);
    romeo.queue(JULIET, 'after the backup');
    juliet.client.clock.advance(1);
    await romeo.run();
    juliet.receive(ROMEO, last(romeo));
    juliet.receiveArchived(ROMEO, edit, 'e-archived', 700);
    expect(juliet.rows(ROMEO).map(({ body, failure }) => failure ?? body)).toEqual([
      'edited',
      'not-decryptable',
    ]);
    const [, lost] = juliet.rows(ROMEO);
    expect(lost && juliet.client.store.omemo.ledger.unreadable(lost.id)).toEqual({
      ...{ reason: 'key-reused', deviceId: romeo.client.deviceId },
    });
    expect(juliet.client.store.omemo.ledger.brokenDevices(juliet.client.accountId)).toHaveLength(1);
  });

  test('is no row where it was opened before anybody remembered that, and its ids say so', async () => {
    const { romeo, juliet } = await pair();
    const { accountId, store } = juliet.client;
    const ids = { stanzaId: 'a-long-and-unique-name', originId: 'a-long-and-unique-name' };
    romeo.queue(JULIET, 'deleted', ids);
    romeo.queue(JULIET, 'its id is long enough');
    await romeo.run();
    const [deleted, named] = romeo.wire.slice(-2);
    if (deleted === undefined || named === undefined) throw new Error('nothing was sent');
    // As clients do that give no origin-ids, and servers that give no ids.
    const nameless = parseStanza(named.toString().replace(/<origin-id[^>]*>/, ''));
    juliet.receiveArchived(ROMEO, deleted, 'd1', 500);
    juliet.receive(ROMEO, nameless);
    await settled();
    juliet.takeAnswers();
    store.omemo.sessions.forgetOpened(accountId, Number.MAX_SAFE_INTEGER);
    const [row] = juliet.rows(ROMEO);
    if (row === undefined) throw new Error('no row');
    store.deletions.deleteMessage(row.id);
    for (const message of [deleted, nameless]) juliet.receive(ROMEO, message);
    await settled();
    expect(juliet.rows(ROMEO).map(({ body }) => body)).toEqual(['its id is long enough']);
    expect(juliet.takeAnswers()).toEqual([]);
  });
});

/** Encrypted messages through the whole path: outbox, wire, pipeline, row. */
import { describe, expect, test } from 'vitest';
import { parseStanza, xml, type Element } from '#main/xmpp/stanza.ts';
import type { DeviceId } from '#shared/ids.ts';
import { JULIET, last, Messenger, pair, ROMEO } from '#tests/support/omemo-messenger.ts';
import { settled } from '#tests/support/omemo-world.ts';

const NS = 'eu.siacs.conversations.axolotl';

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

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MessageChanges } from '#main/messaging/message-changes.ts';
import { MessageService } from '#main/messaging/messages.ts';
import { Outbox } from '#main/messaging/outbound/outbox.ts';
import { ReadService } from '#main/messaging/read-state.ts';
import type { StoredMessage } from '#main/store/messages.ts';
import { Changes } from '#main/util/changes.ts';
import { child, type Element } from '#main/xmpp/stanza.ts';
import { FakeStream } from '#tests/support/fake-stream.ts';
import { ManualClock } from '#tests/support/manual-clock.ts';
import { openTestStore, quietLog, type TestStore } from '#tests/support/test-store.ts';
import type { ChatId, MessageId } from '#shared/ids.ts';

/** What the user changes, and how it leaves. */

const BOB = 'bob@localhost';

let test: TestStore;
let clock: ManualClock;
let outbox: Outbox;
let messages: MessageService;
let edits: MessageChanges;
let reads: ReadService;
let chatId: ChatId;
let undoSeconds = 0;
let isContact = true;

beforeEach(() => {
  test = openTestStore();
  clock = new ManualClock();
  undoSeconds = 0;
  isContact = true;
  const { store } = test;
  const changes = new Changes();
  const poke = (): void => outbox.poke();
  outbox = new Outbox(test.account.id, { store, changes, clock, log: quietLog, sendTyping: () => false });
  const sending = { store, changes, clock, poke };
  messages = new MessageService({ ...sending, undoSeconds: () => undoSeconds });
  edits = new MessageChanges(sending);
  reads = new ReadService({
    ...sending,
    sendReadMarkers: () => true,
    isContact: () => isContact,
    moved: () => undefined,
  });
  chatId = store.chats.findOrCreate(test.account.id, BOB, 1).id;
});
afterEach(() => test.close());

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const row = ({ id }: StoredMessage): StoredMessage => test.store.messages.require(id);
const body = (text: string) => (stanza: Element) => expect(stanza.getChildText('body')).toBe(text);
const about = (name: string, id: string) => (stanza: Element) =>
  expect(stanza.getChildElements().find((element) => element.getName() === name)?.attrs['id']).toBe(id);
const bob = (text: string, markable = true): StoredMessage => {
  clock.advance(1_000);
  return test.store.messages.insertIncoming({
    ...{ chatId, senderJid: BOB, body: text, at: clock.now(), protection: 'none', markable },
    stanzaId: text,
  });
};
/** Sends one text that the server acknowledges. */
const sent = async (text: string): Promise<StoredMessage> => {
  const message = messages.send(chatId, text);
  const stream = new FakeStream().expectSend(body(text));
  outbox.run(stream);
  await settled();
  stream.finish();
  outbox.hold();
  return row(message);
};

describe('a change of what waits', () => {
  it('is part of the message itself: nobody learns of it', async () => {
    const message = messages.send(chatId, 'teh');
    edits.edit(message.id, 'the');
    const taken = messages.send(chatId, 'oops');
    expect(edits.retract(taken.id)).toMatchObject({ body: '', retractedAt: clock.now() });
    const stream = new FakeStream().expectSend(body('the'));
    outbox.run(stream);
    await settled();
    stream.finish();
    expect(edits.history(message.id)).toEqual([]);
  });
});

describe('a change of what has left', () => {
  it('goes out behind it, in order, and again after a break', async () => {
    const message = await sent('one');
    edits.edit(message.id, 'two');
    edits.react(message.id, '👍', true);
    edits.react(message.id, '🎉', true);
    let wire = '';
    const cut = new FakeStream()
      .expectSend((stanza) => {
        body('two')(stanza);
        about('replace', message.stanzaId ?? '')(stanza);
        wire = stanza.toString();
      }, 'hold')
      .expectSend((stanza) => {
        about('reactions', message.originId ?? '')(stanza);
        expect(
          stanza
            .getChildElements()[0]
            ?.getChildElements()
            .map((one) => one.text()),
        ).toEqual(['👍', '🎉']);
      }, 'hold');
    outbox.run(cut);
    cut.finish();
    cut.break();
    outbox.hold();
    const next = new FakeStream()
      .expectSend((stanza) => expect(stanza.toString()).toBe(wire))
      .expectSend(() => undefined);
    outbox.run(next);
    await settled();
    next.finish();
    expect(test.store.outbox.countWaiting(test.account.id)).toBe(0);
    expect(row(message)).toMatchObject({ body: 'two', state: 'acked' });
  });

  it('is refused for what is not ours, failed or retracted', async () => {
    const theirs = bob('theirs');
    const failed = messages.send(chatId, 'failed');
    test.store.messages.setState(failed.id, 'failed', 'gone');
    const retracted = await sent('retracted');
    edits.retract(retracted.id);
    for (const { id } of [theirs, failed, retracted]) {
      expect(() => edits.edit(id, 'x')).toThrow('no own message');
      expect(() => edits.retract(id)).toThrow('no own message');
    }
    expect(() => edits.react(retracted.id, '👍', true)).toThrow('retracted');
    expect(() => edits.edit(999 as MessageId, 'x')).toThrow('no such message');
  });

  it('is protected as the message was, or does not leave', async () => {
    const { store, account } = test;
    const secret = store.messages.insertOutgoing({
      ...{
        chatId,
        senderJid: account.jid,
        body: 'secret',
        at: 1,
        protection: 'omemo',
        stanzaId: 's',
        originId: 's',
      },
    });
    store.messages.setState(secret.id, 'acked');
    edits.edit(secret.id, 'secret, edited');
    // It could only be said in the clear, and must not look as if it had been said.
    expect(() => edits.react(secret.id, '👍', true)).toThrow('encrypted');
    expect(store.reactions.of([secret.id])).toEqual([]);
    edits.retract(secret.id);
    // What is taken back is only named.
    const stream = new FakeStream().expectSend((stanza) => {
      expect(stanza.toString()).toContain('<retract ');
      expect(stanza.toString()).not.toMatch(/secret|👍/);
    });
    outbox.run(stream);
    await settled();
    stream.finish();
    expect(store.outbox.countWaiting(account.id)).toBe(0);
  });

  it('that changes nothing sends nothing', async () => {
    const message = await sent('same');
    edits.edit(message.id, 'same');
    edits.react(message.id, '👍', false);
    expect(test.store.outbox.countWaiting(test.account.id)).toBe(0);
  });
});

describe('a reply', () => {
  it('quotes what it answers as it is when it leaves, and answers nothing of another chat', async () => {
    const question = bob('Where?');
    const reply = messages.send(chatId, 'Here', { replyTo: question.id });
    const stream = new FakeStream().expectSend((stanza) => {
      body('> Where?\nHere')(stanza);
      about('reply', 'Where?')(stanza);
    });
    outbox.run(stream);
    await settled();
    stream.finish();
    expect(row(reply)).toMatchObject({ body: 'Here', reply: { id: 'Where?', jid: BOB } });
    const other = test.store.chats.findOrCreate(test.account.id, 'carol@localhost', 1).id;
    expect(() => messages.send(other, 'x', { replyTo: question.id })).toThrow('no such message to answer');
  });
});

describe('what is sent later', () => {
  it('leaves at its time, holds nothing up, and leaves no timer behind', async () => {
    const later = messages.send(chatId, 'later', { sendAt: clock.now() + 60_000 });
    const stream = new FakeStream().expectSend(body('now'));
    outbox.run(stream);
    messages.send(chatId, 'now');
    await settled();
    stream.finish();
    stream.expectSend(body('later'));
    clock.advance(60_000);
    await settled();
    stream.finish();
    expect(row(later).state).toBe('acked');
    messages.send(chatId, 'much later', { sendAt: clock.now() + 3_600_000_000_000 });
    outbox.hold();
    expect(clock.pending).toBe(0);
  });

  it('stands behind what came while it waited', async () => {
    const bodies = (): readonly string[] =>
      test.store.messages.page({ kind: 'latest', chatId, limit: 10 }).rows.map((one) => one.body);
    messages.send(chatId, 'scheduled', { sendAt: clock.now() + 60_000 });
    messages.send(chatId, 'scheduled too', { sendAt: clock.now() + 60_000 });
    const hurried = messages.send(chatId, 'hurried', { sendAt: clock.now() + 60_000 });
    bob('meanwhile');
    messages.sendNow(hurried.id);
    expect(bodies()).toEqual(['scheduled', 'scheduled too', 'meanwhile', 'hurried']);
    const stream = new FakeStream().expectSend(body('hurried'));
    outbox.run(stream);
    stream.expectSend(body('scheduled')).expectSend(body('scheduled too'));
    clock.advance(60_000);
    await settled();
    stream.finish();
    expect(bodies()).toEqual(['meanwhile', 'hurried', 'scheduled', 'scheduled too']);
    outbox.hold();
  });

  it('leaves with the next stream where there was none at its time', async () => {
    messages.send(chatId, 'late', { sendAt: clock.now() + 1_000 });
    clock.advance(3_600_000);
    const stream = new FakeStream().expectSend(body('late'));
    outbox.run(stream);
    await settled();
    stream.finish();
  });

  it('can be sent now, moved, and taken back with what it answered', async () => {
    undoSeconds = 10;
    const question = bob('?');
    const undone = messages.send(chatId, 'undo me', { replyTo: question.id });
    expect(test.store.outbox.ofMessage(undone.id)?.notBefore).toBe(clock.now() + 10_000);
    expect(messages.cancel(undone.id)).toEqual({ text: 'undo me', replyTo: question.id });
    expect(test.store.messages.get(undone.id)).toBeUndefined();
    const [moved, hurried] = [messages.send(chatId, 'moved'), messages.send(chatId, 'hurried')];
    const rescheduled = messages.reschedule(moved.id, clock.now() + 100_000);
    // Windows ignore what is not newer than what they have.
    expect(rescheduled.rev).toBeGreaterThan(moved.rev);
    messages.sendNow(hurried.id);
    const stream = new FakeStream().expectSend(body('hurried'));
    outbox.run(stream);
    clock.advance(60_000);
    await settled();
    stream.finish();
    expect(messages.cancel(hurried.id)).toBeUndefined();
    expect(messages.sendNow(hurried.id).state).toBe('acked');
    outbox.hold();
  });
});

describe('reading', () => {
  const markers = (): readonly unknown[] => {
    const found = [];
    for (
      let next = test.store.outbox.next(test.account.id);
      next;
      next = test.store.outbox.next(test.account.id, next.id)
    ) {
      found.push(next.payload);
    }
    return found;
  };

  it('is told once, by the newest message that asks for it', () => {
    const [first, second, silent] = [bob('1'), bob('2'), bob('3', false)];
    reads.markRead(chatId, first.id);
    reads.markRead(chatId, second.id);
    expect(markers()).toEqual([{ displayed: '2' }]);
    reads.markRead(chatId, silent.id);
    reads.markRead(chatId, first.id);
    expect(markers()).toEqual([{ displayed: '2' }]);
    expect(test.store.chats.require(chatId).unread).toBe(0);
  });

  it('is told again behind a marker that has left', () => {
    reads.markRead(chatId, bob('1').id);
    const stream = new FakeStream().expectSend(
      (stanza) => expect(child(stanza, 'displayed', 'urn:xmpp:chat-markers:0')?.attrs['id']).toBe('1'),
      'hold',
    );
    outbox.run(stream);
    stream.expectSend(
      (stanza) => expect(child(stanza, 'displayed', 'urn:xmpp:chat-markers:0')?.attrs['id']).toBe('2'),
      'hold',
    );
    reads.markRead(chatId, bob('2').id);
    stream.finish();
    outbox.hold();
  });

  it("is nobody's business but that of contacts in open chats", () => {
    isContact = false;
    reads.markRead(chatId, bob('1').id);
    isContact = true;
    test.store.chats.setStanding(chatId, 'request');
    reads.markRead(chatId, bob('2').id);
    expect(markers()).toEqual([]);
    expect(test.store.chats.require(chatId).unread).toBe(0);
  });
});

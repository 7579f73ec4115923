import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Outbox } from '#main/messaging/outbound/outbox.ts';
import { MessageService } from '#main/messaging/messages.ts';
import { Changes } from '#main/util/changes.ts';
import { systemClock } from '#main/util/clock.ts';
import { UnsendableStanza } from '#main/xmpp/serialize.ts';
import type { Element } from '#main/xmpp/stanza.ts';
import { FakeStream } from '#tests/support/fake-stream.ts';
import { ManualClock } from '#tests/support/manual-clock.ts';
import { openTestStore, quietLog, type TestStore } from '#tests/support/test-store.ts';
import type { ChatId } from '#shared/ids.ts';

let test: TestStore;
let outbox: Outbox;
/** The outbox of the next run of the application. */
let restarted: () => Outbox;
let messages: MessageService;
let chatId: ChatId;

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const body = (text: string) => (stanza: Element) => {
  expect(stanza.getChildText('body')).toBe(text);
  expect(stanza.attrs['to']).toBe('bob@localhost');
};
const state = (id: number): string | undefined => test.store.messages.get(id as never)?.state;

const rejected = async (stream: FakeStream, stanza: Element): Promise<void> => stream.send(stanza);

beforeEach(() => {
  test = openTestStore();
  const changes = new Changes();
  restarted = () =>
    new Outbox(test.account.id, {
      store: test.store,
      changes,
      clock: systemClock,
      log: quietLog,
      sendTyping: () => false,
    });
  outbox = restarted();
  messages = new MessageService({
    store: test.store,
    changes,
    clock: systemClock,
    poke: () => outbox.poke(),
    undoSeconds: () => 0,
  });
  chatId = test.store.chats.findOrCreate(test.account.id, 'bob@localhost', 1).id;
});
afterEach(() => test.close());

describe('the outbox', () => {
  it('keeps what is written offline and sends it in order, once', async () => {
    const first = messages.send(chatId, 'one');
    const second = messages.send(chatId, 'two');
    expect(first.state).toBe('queued');
    const stream = new FakeStream().expectSend(body('one')).expectSend(body('two'));
    outbox.run(stream);
    await settled();
    stream.finish();
    expect([state(first.id), state(second.id)]).toEqual(['acked', 'acked']);
    expect(test.store.outbox.countWaiting(test.account.id)).toBe(0);
    const next = new FakeStream();
    outbox.hold();
    outbox.run(next);
    next.finish();
  });

  it('lets out many in order, and takes what the server has of them', async () => {
    const texts = Array.from({ length: 120 }, (_, index) => `text ${index}`);
    const sent = texts.map((text) => messages.send(chatId, text));
    const stream = new FakeStream();
    for (const text of texts.slice(0, 100)) stream.expectSend(body(text));
    for (const text of texts.slice(100)) stream.expectSend(body(text), 'hold');
    outbox.run(stream);
    await settled();
    stream.finish();
    expect(sent.map(({ id }) => state(id))).toEqual(
      texts.map((_, index) => (index < 100 ? 'acked' : 'sending')),
    );
    expect(test.store.outbox.countWaiting(test.account.id)).toBe(20);
  });

  it('begins again where it stood when one could not be made ready, by itself too', async () => {
    let fails = true;
    const clock = new ManualClock();
    outbox = new Outbox(test.account.id, {
      store: test.store,
      changes: new Changes(),
      clock,
      log: quietLog,
      sendTyping: () => {
        if (fails) throw new Error('not now');
        return false;
      },
    });
    const sent = [messages.send(chatId, 'one'), messages.send(chatId, 'two')];
    const stream = new FakeStream();
    expect(() => outbox.run(stream)).toThrow('not now');
    // Nor does it take the process with it where nobody asked.
    outbox.pokeSoon();
    await settled();
    expect(sent.map(({ id }) => state(id))).toEqual(['queued', 'queued']);
    fails = false;
    stream.expectSend(body('one')).expectSend(body('two'));
    clock.advance(60_000);
    await settled();
    stream.finish();
    expect(sent.map(({ id }) => state(id))).toEqual(['acked', 'acked']);
    expect(clock.pending).toBe(0);
  });

  it('does not try again without a stream', async () => {
    const clock = new ManualClock();
    const fail = (): never => {
      throw new Error('not now');
    };
    const deps = { store: test.store, changes: new Changes(), clock, log: quietLog, sendTyping: fail };
    outbox = new Outbox(test.account.id, deps);
    messages.send(chatId, 'one');
    expect(() => outbox.run(new FakeStream())).toThrow('not now');
    outbox.pokeSoon();
    await settled();
    expect(clock.pending).toBe(1);
    outbox.hold();
    expect(clock.pending).toBe(0);
  });

  it('repeats after a break the same stanza with the same id', async () => {
    const sent = messages.send(chatId, 'once');
    let wire = '';
    const cut = new FakeStream().expectSend((stanza) => {
      wire = stanza.toString();
    }, 'hold');
    outbox.run(cut);
    expect(state(sent.id)).toBe('sending');
    cut.break();
    outbox.hold();
    await settled();
    expect(state(sent.id)).toBe('queued');
    const next = new FakeStream().expectSend((stanza) => expect(stanza.toString()).toBe(wire));
    outbox.run(next);
    await settled();
    next.finish();
    expect(state(sent.id)).toBe('acked');
  });

  it('does not repeat what the resumed stream turned out to have delivered', async () => {
    const arrived = messages.send(chatId, 'arrived');
    const lost = messages.send(chatId, 'lost');
    const cut = new FakeStream().expectSend(body('arrived'), 'hold').expectSend(body('lost'), 'hold');
    outbox.run(cut);
    cut.break();
    outbox.hold();
    await settled();
    const resumed = new FakeStream({ resumed: true, earlierHandled: 1 }).expectSend(body('lost'));
    outbox.begin(resumed.earlierHandled);
    outbox.run(resumed);
    await settled();
    resumed.finish();
    expect([state(arrived.id), state(lost.id)]).toEqual(['acked', 'acked']);
  });

  it('knows after a crash what the server counted, by the places on the stream', async () => {
    const [arrived, lost] = ['arrived', 'lost'].map((text) => messages.send(chatId, text));
    // Presence and requests before them count too.
    outbox.run(
      new FakeStream({ sent: 2 ** 32 - 2 })
        .expectSend(body('arrived'), 'hold')
        .expectSend(body('lost'), 'hold'),
    );
    expect(test.store.outbox.onTheirWay(test.account.id).map(({ position }) => position)).toEqual([
      2 ** 32 - 1,
      0,
    ]);
    test.store.messages.requeueSending();
    const second = restarted();
    second.begin(2 ** 32 - 1);
    expect([state(arrived?.id ?? 0), state(lost?.id ?? 0)]).toEqual(['acked', 'queued']);
    const resumed = new FakeStream({ resumed: true, earlierHandled: 2 ** 32 - 1 }).expectSend(body('lost'));
    second.run(resumed);
    await settled();
    resumed.finish();
  });

  it('sends all again where the server does not say what it has', async () => {
    messages.send(chatId, 'unknown');
    outbox.run(new FakeStream().expectSend(body('unknown'), 'hold'));
    const second = restarted();
    second.begin(undefined);
    const next = new FakeStream().expectSend(body('unknown'));
    second.run(next);
    await settled();
    next.finish();
  });

  it('forgets the places of one stream before anything leaves on the next', () => {
    const lost = messages.send(chatId, 'lost');
    outbox.run(new FakeStream({ sent: 10 }).expectSend(body('lost'), 'hold'));
    const second = restarted();
    // The server has ten; the eleventh of the resumed stream is a request, and then it breaks again.
    second.begin(10);
    const third = restarted();
    third.begin(11);
    expect(state(lost.id)).toBe('sending');
  });

  it('corrects a place where something before it could not be sent, or something came between', () => {
    messages.send(chatId, 'one');
    messages.send(chatId, 'two');
    let sentCount = 0;
    const unsendable = new UnsendableStanza('size', 'larger than the server takes');
    outbox.run({
      get sentCount() {
        return sentCount;
      },
      send: (stanza) => {
        if (stanza.getChildText('body') === 'one') return Promise.reject(unsendable);
        sentCount++;
        return new Promise(() => undefined);
      },
    });
    const places = test.store.outbox.onTheirWay(test.account.id).map(({ position }) => position);
    expect(places.at(-1)).toBe(1);
  });

  it('sends what is written while others wait for their acknowledgement', () => {
    const stream = new FakeStream().expectSend(body('one'), 'hold');
    messages.send(chatId, 'one');
    outbox.run(stream);
    stream.expectSend(body('two'), 'hold');
    messages.send(chatId, 'two');
    stream.finish();
  });

  it('never sends unprotected what was written to be protected', () => {
    const account = test.account;
    const secret = test.store.messages.insertOutgoing({
      chatId,
      senderJid: account.jid,
      body: 'secret',
      at: 1,
      sortAt: 1,
      protection: 'omemo',
      stanzaId: 's1',
      originId: 's1',
    });
    const stream = new FakeStream();
    outbox.run(stream);
    stream.finish();
    expect(test.store.messages.get(secret.id)).toMatchObject({
      state: 'failed',
      failure: 'encryption-unavailable',
    });
  });

  it('sends a failed message again under the same id, and only a failed one', async () => {
    const sent = messages.send(chatId, 'again');
    test.store.messages.setState(sent.id, 'failed', 'service-unavailable');
    const stream = new FakeStream();
    outbox.run(stream);
    stream.expectSend((stanza) => expect(stanza.attrs['id']).toBe(sent.originId));
    expect(messages.resend(sent.id).state).toBe('sending');
    await settled();
    stream.finish();
    expect(messages.resend(sent.id).state).toBe('acked');
    stream.finish();
  });

  it('fails what no server would take, and goes on with the rest', async () => {
    const large = messages.send(chatId, 'too large');
    const next = messages.send(chatId, 'next');
    const stream = new FakeStream().expectSend(() => {
      throw new UnsendableStanza('size', 'larger than the server takes');
    });
    outbox.run({
      sentCount: undefined,
      send: (stanza) =>
        stanza.getChildText('body') === 'next' ? Promise.resolve() : rejected(stream, stanza),
    });
    await settled();
    expect(test.store.messages.get(large.id)).toMatchObject({ state: 'failed', failure: 'policy-violation' });
    expect(state(next.id)).toBe('acked');
  });

  it('forgets an acknowledgement for an account that is gone', async () => {
    const stream = new FakeStream().expectSend(body('late'), 'hold');
    messages.send(chatId, 'late');
    outbox.run(stream);
    test.store.accounts.remove(test.account.id);
    stream.acknowledge();
    await settled();
    expect(test.store.chats.list()).toEqual([]);
  });
});

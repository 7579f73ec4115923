/** A message that has left this computer, and of which the server says nothing yet. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { MessageService } from '#main/messaging/messages.ts';
import { Outbox, type OutboxStream } from '#main/messaging/outbound/outbox.ts';
import { Changes, type Change } from '#main/util/changes.ts';
import { ManualClock } from '#tests/support/manual-clock.ts';
import { openTestStore, quietLog, type TestStore } from '#tests/support/test-store.ts';

let test: TestStore;
let clock: ManualClock;
let outbox: Outbox;
let announced: Change[];
let send: (text: string) => number;

beforeEach(() => {
  test = openTestStore();
  const { store, account } = test;
  clock = new ManualClock();
  const changes = new Changes();
  announced = [];
  changes.on((change) => void announced.push(change));
  outbox = new Outbox(account.id, { store, changes, clock, log: quietLog, sendTyping: () => false });
  const poke = (): void => outbox.poke();
  const messages = new MessageService({ store, changes, clock, poke, undoSeconds: () => 0 });
  const { id: chatId } = store.chats.findOrCreate(account.id, 'bob@localhost', 1);
  send = (text) => messages.send(chatId, text).id;
});
afterEach(() => {
  outbox.hold();
  test.close();
});

const stateOf = (id: number): string | undefined => test.store.messages.get(id as never)?.state;

/** Each stanza waits for both: to be written, and to be acknowledged. */
const slowStream = () => {
  const written: (() => void)[] = [];
  const acknowledgements: PromiseWithResolvers<void>[] = [];
  const stream: OutboxStream = {
    sentCount: undefined,
    send: (_, done) => {
      if (done !== undefined) written.push(done);
      const acknowledged = Promise.withResolvers<void>();
      acknowledged.promise.catch(() => undefined);
      acknowledgements.push(acknowledged);
      return acknowledged.promise;
    },
  };
  return { stream, written, acknowledgements };
};

it('is called sent, after a moment in which the server could have answered, and windows hear of it', () => {
  const { stream, written } = slowStream();
  outbox.run(stream);
  const [first, second] = [send('one'), send('two')];
  clock.advance(60_000);
  expect([stateOf(first), stateOf(second)]).toEqual(['sending', 'sending']);
  written[0]?.();
  announced.length = 0;
  clock.advance(1_000);
  expect([stateOf(first), stateOf(second)]).toEqual(['sent', 'sending']);
  expect(announced).toContainEqual({ kind: 'message', messageId: first });
});

it('is on the server when that says so, whatever came before', async () => {
  const { stream, written, acknowledgements } = slowStream();
  outbox.run(stream);
  const [quick, slow] = [send('quick'), send('slow')];
  for (const done of written) done();
  acknowledgements[0]?.resolve();
  await new Promise((resolve) => setImmediate(resolve));
  clock.advance(1_000);
  expect([stateOf(quick), stateOf(slow)]).toEqual(['acked', 'sent']);
  acknowledgements[1]?.resolve();
  await new Promise((resolve) => setImmediate(resolve));
  expect(stateOf(slow)).toBe('acked');
});

it('waits again when the stream has ended, and is sent once more by the next', () => {
  const { stream, written } = slowStream();
  outbox.run(stream);
  const id = send('one');
  written[0]?.();
  clock.advance(1_000);
  outbox.hold();
  expect(stateOf(id)).toBe('queued');
  // What the old stream still says is of the past.
  written[0]?.();
  clock.advance(1_000);
  expect(stateOf(id)).toBe('queued');
  const next = slowStream();
  outbox.run(next.stream);
  expect(next.acknowledgements).toHaveLength(1);
});

it('says nothing of what was deleted meanwhile', () => {
  const { stream, written } = slowStream();
  outbox.run(stream);
  const id = send('one');
  written[0]?.();
  test.store.deletions.deleteMessage(id as never);
  clock.advance(1_000);
  expect(stateOf(id)).toBeUndefined();
});

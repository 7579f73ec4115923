import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PresenceBook } from '#main/accounts/presence-book.ts';
import { StreamMemory } from '#main/accounts/stream-memory.ts';
import { Changes } from '#main/util/changes.ts';
import { readPresence } from '#main/xmpp/features/presence.ts';
import { parseStanza } from '#main/xmpp/stanza.ts';
import type { ResumeState } from '#main/xmpp/port.ts';
import { FakeStream } from '#tests/support/fake-stream.ts';
import { openTestStore, quietLog, type TestStore } from '#tests/support/test-store.ts';

let test: TestStore;
let book: PresenceBook;
let memory: StreamMemory;
let begun: (number | undefined)[];

/** Everything but the database is new: the next run of the application. */
const restart = (): void => {
  let rev = 0;
  book = new PresenceBook(() => ++rev);
  begun = [];
  memory = new StreamMemory(test.account.id, {
    store: test.store,
    changes: new Changes(),
    presence: book,
    outbox: { begin: (handled) => begun.push(handled) },
    log: quietLog,
  });
};

beforeEach(() => {
  test = openTestStore();
  test.store.contacts.upsert(test.account.id, {
    jid: 'bob@localhost',
    name: 'Bob',
    subscription: 'both',
    asked: false,
    groups: [],
  });
  restart();
});
afterEach(() => test.close());

const hear = (xml: string): void => {
  const presence = readPresence(parseStanza(xml));
  if (presence?.kind !== 'available' && presence?.kind !== 'unavailable') throw new Error('not a presence');
  book.note(test.account.id, presence);
  memory.heard('bob@localhost');
};
const bob = (): string => book.summary(test.account.id, 'bob@localhost').availability;
const stateOf = (stream: FakeStream, inbound: number): ResumeState => {
  const state = stream.resumeState();
  if (state === undefined) throw new Error('there is no state');
  return { ...state, inbound };
};

describe('the memory of a stream', () => {
  it('knows after a crash what the server was told, and no more', () => {
    const stream = new FakeStream();
    memory.begin(stream);
    memory.acknowledging(7);
    restart();
    expect(memory.load()).toMatchObject({ id: 'sm', jid: stream.jid, inbound: 7, unacked: undefined });
  });

  it('keeps presence with the count that covers it, and gives it back to the stream that resumes', () => {
    memory.begin(new FakeStream());
    hear("<presence from='bob@localhost/x'><show>dnd</show></presence>");
    memory.acknowledging(1);
    // Not told: the server hands it out again.
    hear("<presence from='bob@localhost/x'><show>away</show></presence>");
    restart();
    memory.begin(new FakeStream({ resumed: true, earlierHandled: 3 }));
    expect(begun).toEqual([3]);
    expect(bob()).toBe('dnd');
  });

  it('knows who has gone, too', () => {
    memory.begin(new FakeStream());
    hear("<presence from='bob@localhost/x'/>");
    memory.acknowledging(1);
    hear("<presence from='bob@localhost/x' type='unavailable'/>");
    memory.acknowledging(2);
    restart();
    memory.begin(new FakeStream({ resumed: true }));
    expect(bob()).toBe('offline');
  });

  it('has the presence of a break again when the stream goes on in the same run', () => {
    const stream = new FakeStream();
    memory.begin(stream);
    hear("<presence from='bob@localhost/x'/>");
    memory.end(stateOf(stream, 1));
    book.clear(test.account.id);
    memory.begin(new FakeStream({ resumed: true }));
    expect(bob()).toBe('online');
  });

  it('takes no presence of one session into another', () => {
    memory.begin(new FakeStream());
    hear("<presence from='bob@localhost/x'/>");
    memory.acknowledging(1);
    restart();
    memory.begin(new FakeStream({ resumed: false }));
    expect(bob()).toBe('offline');
    restart();
    memory.begin(new FakeStream({ resumed: true }));
    expect(bob()).toBe('offline');
  });

  it('has nothing to resume after a goodbye', () => {
    const stream = new FakeStream();
    memory.begin(stream);
    hear("<presence from='bob@localhost/x'/>");
    memory.acknowledging(3);
    memory.end(undefined);
    memory.acknowledging(4);
    expect(memory.load()).toBeUndefined();
    expect(test.store.contacts.presences(test.account.id).size).toBe(0);
  });
});

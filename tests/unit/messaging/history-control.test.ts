import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HistoryControl } from '#main/messaging/history-control.ts';
import type { StoredMessage } from '#main/store/messages.ts';
import { Changes, type Change } from '#main/util/changes.ts';
import { ManualClock } from '#tests/support/manual-clock.ts';
import { openTestStore, quietLog, type TestStore } from '#tests/support/test-store.ts';
import type { ChatId, MessageId } from '#shared/ids.ts';
import type { Retention } from '#shared/views.ts';

const DAY = 86_400_000;

let test: TestStore;
let clock: ManualClock;
let history: HistoryControl;
let retention: Retention;
let changes: Change[];
let announcer: Changes;
let chatId: ChatId;

beforeEach(() => {
  test = openTestStore();
  clock = new ManualClock();
  clock.advance(100 * DAY);
  retention = 'forever';
  changes = [];
  announcer = new Changes();
  announcer.on((change) => changes.push(change));
  history = new HistoryControl({
    ...{ store: test.store, changes: announcer, clock, log: quietLog },
    retention: () => retention,
  });
  chatId = test.store.chats.findOrCreate(test.account.id, 'bob@localhost', 1).id;
});
afterEach(() => {
  history.dispose();
  test.close();
});

const bob = (body: string, daysAgo: number): StoredMessage =>
  test.store.messages.insertIncoming({
    ...{ chatId, senderJid: 'bob@localhost', body, at: clock.now() - daysAgo * DAY, protection: 'none' },
    stanzaId: body,
  });
const bodies = (): readonly string[] =>
  test.store.messages.page({ kind: 'latest', chatId, limit: 200 }).rows.map(({ body }) => body);
const kinds = (): readonly string[] => changes.splice(0).map(({ kind }) => kind);

describe('the history on this computer', () => {
  it('loses one message, the whole, or the chat, when the user wants that, and says so', () => {
    const [first] = [bob('first', 2), bob('second', 1)];
    history.deleteMessage(first.id);
    expect(bodies()).toEqual(['second']);
    expect(changes[0]).toEqual({ kind: 'messages-removed', chatId, messageIds: [first.id] });
    changes.length = 0;
    history.clear(chatId);
    expect(kinds()).toEqual(['timeline', 'chat']);
    clock.advance(60_000);
    expect([bodies(), kinds()]).toEqual([[], ['timeline', 'chat']]);
    bob('third', 0);
    history.deleteChat(chatId);
    expect(changes).toEqual([{ kind: 'chat-removed', chatId }]);
    expect(test.store.chats.get(chatId)).toBeUndefined();
    clock.advance(60_000);
    expect(test.store.search.search({ query: 'third', limit: 10 }).hits).toEqual([]);
  });

  it('goes with its account', () => {
    history.start();
    bob('first', 1);
    test.store.accounts.remove(test.account.id);
    announcer.announce({ kind: 'account-removed', accountId: test.account.id });
    clock.advance(1_000);
    expect(bodies()).toEqual([]);
  });

  it('is not changed by what is not there', () => {
    for (const act of [
      () => history.deleteMessage(99 as MessageId),
      () => history.clear(99 as ChatId),
      () => history.deleteChat(99 as ChatId),
      () => history.setRetention(99 as ChatId, 1),
    ]) {
      expect(act).toThrow(expect.objectContaining({ code: 'not-found' }));
    }
  });
});

describe('what is too old', () => {
  it('goes once a day, and not before', () => {
    bob('old', 40);
    bob('new', 1);
    retention = 30;
    history.start();
    clock.advance(59_000);
    expect(bodies()).toEqual(['old', 'new']);
    clock.advance(60_000);
    expect(bodies()).toEqual(['new']);
    clock.advance(29 * DAY);
    expect(bodies()).toEqual([]);
  });

  it('goes soon after the rule has changed, for a chat or for all', () => {
    bob('old', 40);
    history.setRetention(chatId, 30);
    clock.advance(20_000);
    expect(bodies()).toEqual([]);
    bob('older', 50);
    history.setRetention(chatId, 'forever');
    retention = 1;
    history.retentionChanged();
    clock.advance(20_000);
    expect(bodies()).toEqual(['older']);
  });

  it('waits where nothing is kept until it was read, and what shares its millisecond', () => {
    bob('read before', 1);
    const read = bob('read', 0);
    bob('unread', 0);
    test.store.chats.setReadUpTo(chatId, read.id);
    history.setRetention(chatId, 0);
    clock.advance(20_000);
    expect(bodies()).toEqual(['read', 'unread']);
  });

  it('goes where nothing is kept when it was read and not needed any more', () => {
    const read = bob('read', 0);
    history.setRetention(chatId, 0);
    clock.advance(20_000);
    test.store.chats.setReadUpTo(chatId, read.id);
    history.wasRead(chatId);
    clock.advance(120_000);
    expect(bodies()).toEqual(['read']);
    clock.advance(240_000);
    expect(bodies()).toEqual([]);
  });

  it('leaves no timer behind', () => {
    history.start();
    history.clear(chatId);
    history.dispose();
    expect(clock.pending).toBe(0);
  });
});

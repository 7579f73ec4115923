import { describe, expect, it } from 'vitest';
import type { MessagePage } from '#shared/api/messages.ts';
import { AppError, type ErrorCode } from '#shared/errors.ts';
import type { ChatId, MessageId } from '#shared/ids.ts';
import type { ChatView, MessageView } from '#shared/views.ts';
import { Timeline } from '#renderer/state/timeline.ts';
import { accountIdOf, newChat } from '#tests/e2e/support/fake-backend.ts';

const chatId = 1 as ChatId;
const chat: ChatView = newChat(chatId, accountIdOf(1), 'b@example.org', 'Bo');

const row = (id: number, change: Partial<MessageView> = {}): MessageView => ({
  id: id as MessageId,
  chatId,
  direction: 'in',
  body: '',
  at: id,
  sortAt: id,
  state: 'received',
  protection: 'none',
  rev: 1,
  ...change,
});

interface Asked {
  readonly input: unknown;
  answer(answer: MessagePage | object): Promise<void>;
  fail(code?: ErrorCode): Promise<void>;
}

/** A main end that answers when the test says so. */
const openTimeline = (): { timeline: Timeline; asked: Asked[] } => {
  const asked: Asked[] = [];
  const ask =
    (method: string) =>
    (input: unknown): Promise<never> =>
      new Promise((resolve, reject) => {
        asked.push({
          input: method === 'page' ? input : { method, ...(input as object) },
          answer: async (answer) => {
            resolve(answer as never);
            await settle();
          },
          fail: async (code = 'storage') => {
            reject(new AppError(code, 'for the log'));
            await settle();
          },
        });
      });
  const timeline = new Timeline({
    messages: { page: ask('page'), findAnswered: ask('findAnswered') },
    chats: { loadOlder: ask('loadOlder'), loadNewer: ask('loadNewer'), loadDate: ask('loadDate') },
  });
  return { timeline, asked };
};

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 8; turn += 1) await Promise.resolve();
};

const ids = (timeline: Timeline): readonly number[] =>
  timeline.store.getState().window.rows.map(({ id }) => id);
const newest = (...rows: readonly MessageView[]): MessagePage => ({ rows, hasOlder: true, hasNewer: false });

describe('the timeline of the open chat', () => {
  it('starts with the newest rows', async () => {
    const { timeline, asked } = openTimeline();
    timeline.open(chat);
    expect(asked[0]?.input).toEqual({ kind: 'latest', chatId, limit: 60 });
    await asked[0]?.answer(newest(row(1), row(2)));
    expect(timeline.store.getState()).toMatchObject({ status: 'ready', startAt: undefined });
    expect(ids(timeline)).toEqual([1, 2]);
  });

  it('starts around the first unread message, with the divider before it', async () => {
    const { timeline, asked } = openTimeline();
    timeline.open({ ...chat, unread: 3, firstUnreadId: 7 as MessageId });
    expect(asked[0]?.input).toEqual({ kind: 'around', chatId, anchor: 7, limit: 60 });
    expect(timeline.store.getState()).toMatchObject({ startAt: 7, dividerAt: 7 });
  });

  it('keeps what was announced while the page was under way, and the newer rev of it', async () => {
    const { timeline, asked } = openTimeline();
    timeline.open(chat);
    timeline.upsert([row(3), row(2, { rev: 5, state: 'read' })]);
    await asked[0]?.answer(newest(row(1), row(2)));
    expect(ids(timeline)).toEqual([1, 2, 3]);
    expect(timeline.store.getState().window.rows[1]).toMatchObject({ rev: 5, state: 'read' });
  });

  it('ignores rows of other chats and answers that come after the chat was left', async () => {
    const { timeline, asked } = openTimeline();
    timeline.open(chat);
    timeline.open({ ...chat, id: 2 as ChatId });
    await asked[0]?.answer(newest(row(1)));
    expect(timeline.store.getState()).toMatchObject({ chatId: 2, status: 'loading' });
    await asked[1]?.answer(newest());
    timeline.upsert([row(9)]);
    expect(ids(timeline)).toEqual([]);
  });

  it('asks for one older page at a time', async () => {
    const { timeline, asked } = openTimeline();
    timeline.open(chat);
    await asked[0]?.answer(newest(row(10)));
    timeline.loadOlder();
    timeline.loadOlder();
    expect(asked.length).toBe(2);
    expect(asked[1]?.input).toEqual({ kind: 'before', chatId, anchor: 10, limit: 60 });
    await asked[1]?.answer({ rows: [row(8), row(9)], hasOlder: false, hasNewer: true });
    expect(ids(timeline)).toEqual([8, 9, 10]);
    timeline.loadOlder();
    expect(asked.length).toBe(2);
  });

  it('says that an edge failed, and tries it again', async () => {
    const { timeline, asked } = openTimeline();
    timeline.open(chat);
    await asked[0]?.answer(newest(row(10)));
    timeline.loadOlder();
    await asked[1]?.fail();
    expect(timeline.store.getState()).toMatchObject({
      status: 'ready',
      failedEdge: 'older',
      loadingOlder: false,
    });
    timeline.loadOlder();
    expect(timeline.store.getState().failedEdge).toBeUndefined();
    expect(asked.length).toBe(3);
  });

  it('says that a chat could not be opened, and tries it again', async () => {
    const { timeline, asked } = openTimeline();
    timeline.open(chat);
    await asked[0]?.fail();
    expect(timeline.store.getState()).toMatchObject({ status: 'failed', error: 'storage' });
    timeline.reload();
    expect(timeline.store.getState().status).toBe('loading');
    expect(asked.length).toBe(2);
  });

  it('comes back to where somebody was reading after a lost connection, with the divider still there', async () => {
    const { timeline, asked } = openTimeline();
    timeline.open({ ...chat, firstUnreadId: 2 as MessageId });
    await asked[0]?.answer({ rows: [row(1), row(2), row(3)], hasOlder: true, hasNewer: true });
    timeline.setAtEnd(false);
    timeline.reload();
    expect(asked[1]?.input).toEqual({ kind: 'around', chatId, anchor: 2, limit: 60 });
    expect(timeline.store.getState().dividerAt).toBe(2);
    timeline.setAtEnd(true);
    timeline.reload();
    expect(asked[2]?.input).toMatchObject({ kind: 'latest' });
  });

  it('jumps to the newest rows only where it has dropped them', async () => {
    const { timeline, asked } = openTimeline();
    timeline.open(chat);
    await asked[0]?.answer(newest(row(1)));
    timeline.jumpToLatest();
    expect(asked.length).toBe(1);
    timeline.open({ ...chat, firstUnreadId: 1 as MessageId });
    await asked[1]?.answer({ rows: [row(1)], hasOlder: false, hasNewer: true });
    timeline.jumpToLatest();
    expect(asked[2]?.input).toMatchObject({ kind: 'latest' });
  });

  it('loses what was deleted on this computer, and asks anew where much has changed', async () => {
    const { timeline, asked } = openTimeline();
    timeline.open(chat);
    timeline.upsert([row(5)]);
    timeline.remove(chatId, [5 as MessageId]);
    await asked[0]?.answer(newest(row(1), row(2), row(3)));
    timeline.remove(chatId, [2 as MessageId]);
    timeline.remove(9 as ChatId, [3 as MessageId]);
    expect(ids(timeline)).toEqual([1, 3]);
    timeline.invalidate(9 as ChatId);
    expect(asked.length).toBe(1);
    timeline.invalidate(chatId);
    expect(asked[1]?.input).toMatchObject({ kind: 'latest' });
  });
});

describe('what is in the archive alone', () => {
  const gap = (...rows: readonly MessageView[]): MessagePage => ({ ...newest(...rows), gapBefore: true });

  it('is fetched before the next page, until there is a row more', async () => {
    const { timeline, asked } = openTimeline();
    timeline.open(chat);
    await asked[0]?.answer(gap(row(50)));
    timeline.loadOlder();
    expect(asked[1]?.input).toEqual({ method: 'loadOlder', chatId, before: 50 });
    // Announced before the answer: it may lie beyond a gap, so it waits for its page.
    timeline.upsert([row(20)]);
    expect(ids(timeline)).toEqual([50]);
    await asked[1]?.answer({ added: 0, atStart: false, archive: true });
    expect(asked[2]?.input).toEqual({ kind: 'before', chatId, anchor: 50, limit: 60 });
    await asked[2]?.answer({ rows: [], hasOlder: true, hasNewer: true, gapBefore: true });
    expect(asked[3]?.input).toEqual({ method: 'loadOlder', chatId, before: 50 });
    await asked[3]?.answer({ added: 1, atStart: true, archive: true });
    await asked[4]?.answer({ rows: [row(20)], hasOlder: false, hasNewer: true });
    expect(ids(timeline)).toEqual([20, 50]);
    expect(timeline.store.getState()).toMatchObject({ loadingOlder: false, noArchive: false });
    timeline.loadOlder();
    expect(asked.length).toBe(5);
  });

  it('is asked for in an empty chat too, where news is shown meanwhile', async () => {
    const { timeline, asked } = openTimeline();
    timeline.open(chat);
    await asked[0]?.answer(gap());
    timeline.upsert([row(9)]);
    expect(ids(timeline)).toEqual([9]);
    timeline.remove(chatId, [9 as MessageId]);
    timeline.loadOlder();
    expect(asked[1]?.input).toEqual({ method: 'loadOlder', chatId });
    await asked[1]?.answer({ added: 2, atStart: false, archive: true });
    await asked[2]?.answer(gap(row(1), row(2)));
    expect(ids(timeline)).toEqual([1, 2]);
  });

  it('does not exist on a server without one', async () => {
    const { timeline, asked } = openTimeline();
    timeline.open(chat);
    await asked[0]?.answer(gap(row(5)));
    timeline.loadOlder();
    await asked[1]?.answer({ added: 0, atStart: true, archive: false });
    expect(timeline.store.getState()).toMatchObject({ noArchive: true, window: { hasOlder: false } });
    expect(asked.length).toBe(2);
  });

  it('waits for the connection, and comes by itself with it', async () => {
    const { timeline, asked } = openTimeline();
    timeline.open(chat);
    await asked[0]?.answer(gap(row(5)));
    timeline.loadOlder();
    await asked[1]?.fail('offline');
    expect(timeline.store.getState()).toMatchObject({ failedEdge: 'older', edgeError: 'offline' });
    timeline.retryOffline();
    expect(asked.length).toBe(3);
    await asked[2]?.fail('storage');
    timeline.retryOffline();
    expect(asked.length).toBe(3);
  });

  it('is fetched behind the last row too', async () => {
    const { timeline, asked } = openTimeline();
    timeline.open({ ...chat, firstUnreadId: 5 as MessageId });
    await asked[0]?.answer({ rows: [row(5)], hasOlder: false, hasNewer: true, gapAfter: true });
    timeline.loadNewer();
    expect(asked[1]?.input).toEqual({ method: 'loadNewer', chatId, after: 5 });
    await asked[1]?.answer({ added: 1 });
    await asked[2]?.answer({ rows: [row(6)], hasOlder: true, hasNewer: false });
    expect(ids(timeline)).toEqual([5, 6]);
  });
});

describe('a jump', () => {
  it('to a date shows the first message from then on, or the last one before', async () => {
    const { timeline, asked } = openTimeline();
    timeline.open(chat);
    await asked[0]?.answer(newest(row(90)));
    const jump = timeline.jumpToDate(40);
    expect(asked[1]?.input).toEqual({ method: 'loadDate', chatId, at: 40 });
    expect(ids(timeline)).toEqual([90]);
    await asked[1]?.answer({ added: 3 });
    expect(asked[2]?.input).toEqual({ kind: 'date', chatId, at: 40, limit: 60 });
    await asked[2]?.answer({ rows: [row(39), row(41)], hasOlder: true, hasNewer: true });
    await jump;
    expect(timeline.store.getState()).toMatchObject({ target: { id: 41 }, window: { hasNewer: true } });
    const late = timeline.jumpToDate(99);
    await asked[3]?.answer({ added: 0 });
    await asked[4]?.answer({ rows: [row(90)], hasOlder: true, hasNewer: false });
    await late;
    expect(timeline.store.getState().target).toEqual({ id: 90 });
  });

  it('to a date without a connection leaves what is shown, and says why', async () => {
    const { timeline, asked } = openTimeline();
    timeline.open(chat);
    await asked[0]?.answer(newest(row(90)));
    const jump = timeline.jumpToDate(40);
    await asked[1]?.fail('offline');
    await expect(jump).rejects.toMatchObject({ code: 'offline' });
    expect(ids(timeline)).toEqual([90]);
  });

  it('to an answered message asks the archive for it, and says where it is gone', async () => {
    const { timeline, asked } = openTimeline();
    timeline.open(chat);
    const answer = row(90, { reply: { quote: 'what was said' } });
    await asked[0]?.answer(newest(answer));
    const found = timeline.jumpToAnswered(answer);
    expect(asked[1]?.input).toEqual({ method: 'findAnswered', messageId: 90 });
    await asked[1]?.answer({ answeredId: 7 });
    expect(asked[2]?.input).toEqual({ kind: 'around', chatId, anchor: 7, limit: 60 });
    await asked[2]?.answer({ rows: [row(7)], hasOlder: false, hasNewer: true });
    expect(await found).toBe(true);
    expect(timeline.store.getState().target).toEqual({ id: 7 });
    const gone = timeline.jumpToAnswered(answer);
    await asked[3]?.answer({});
    expect(await gone).toBe(false);
    const deleted = timeline.jumpToAnswered(row(90, { reply: { messageId: 8 as MessageId, quote: '' } }));
    await asked[4]?.fail('not-found');
    expect(await deleted).toBe(false);
  });

  it('to a message of a chat that is not open yet begins there; where it is gone, with the newest', async () => {
    const { timeline, asked } = openTimeline();
    timeline.open(chat, 7 as MessageId);
    expect(asked[0]?.input).toEqual({ kind: 'around', chatId, anchor: 7, limit: 60 });
    await asked[0]?.answer({ rows: [row(7)], hasOlder: true, hasNewer: true });
    expect(timeline.store.getState()).toMatchObject({ target: { id: 7 }, status: 'ready' });
    timeline.open(chat, 8 as MessageId);
    await asked[1]?.fail('not-found');
    expect(asked[2]?.input).toMatchObject({ kind: 'latest' });
  });
});

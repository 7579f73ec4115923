import { describe, expect, it } from 'vitest';
import type { MessagePage } from '#shared/api/messages.ts';
import { AppError } from '#shared/errors.ts';
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
  answer(page: MessagePage): Promise<void>;
  fail(): Promise<void>;
}

/** A main end that answers pages when the test says so. */
const openTimeline = (): { timeline: Timeline; asked: Asked[] } => {
  const asked: Asked[] = [];
  const timeline = new Timeline({
    page: (input) =>
      new Promise((resolve, reject) => {
        asked.push({
          input,
          answer: async (page) => {
            resolve(page);
            await Promise.resolve();
            await Promise.resolve();
          },
          fail: async () => {
            reject(new AppError('storage', 'for the log'));
            await Promise.resolve();
            await Promise.resolve();
          },
        });
      }),
  });
  return { timeline, asked };
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

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { History } from '#main/messaging/archive/history.ts';
import { ArchiveStream, type ArchiveEntry } from '#tests/support/archive-stream.ts';
import { attachHistory, openHistory, stoppedClock } from '#tests/support/test-history.ts';
import { openTestStore, type TestStore } from '#tests/support/test-store.ts';
import type { ChatId } from '#shared/ids.ts';

/** A long absence, as the main thread and the disk meet it: page by page, and each page in slices. */
const BOB = 'bob@localhost';
const NOW = Date.UTC(2026, 0, 1);
const SLICE = 40;

let test: TestStore;
let history: History;
let chatId: ChatId;

const entry = (index: number): ArchiveEntry => ({
  id: `a${index}`,
  stamp: Date.UTC(2025, 0, 1) + index * 60_000,
  body: `text ${index}`,
});
const entries = (count: number): readonly ArchiveEntry[] =>
  Array.from({ length: count }, (_, index) => entry(index));

const logIn = (server: ArchiveStream): void => attachHistory(history, server);

/** Whoever asks for something else waits for the catch-up. */
const caughtUp = (): Promise<unknown> => history.newer(chatId, BOB, 0);

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const stored = (): readonly string[] =>
  test.store.messages.page({ kind: 'latest', chatId, limit: 2_000 }).rows.map(({ body }) => body);
const texts = (count: number): readonly string[] => entries(count).map(({ body }) => body ?? '');
const confirmed = (): string | undefined => test.store.archive.lastConfirmed(test.account.id)?.id;

beforeEach(async () => {
  test = openTestStore();
  chatId = test.store.chats.findOrCreate(test.account.id, BOB, 1).id;
  ({ history } = openHistory(
    test,
    stoppedClock(() => NOW),
  ));
  // The last login knew the first ten messages.
  logIn(new ArchiveStream('alice@localhost/here', BOB, entries(10)));
  await caughtUp();
  history.detach();
});
afterEach(() => {
  history.detach();
  test.close();
});

describe('catching up with a long absence', () => {
  it('lets everything else have its turn after every few messages', async () => {
    logIn(new ArchiveStream('alice@localhost/here', BOB, entries(500)));
    const counts: number[] = [];
    for (let waiting = true; waiting; waiting = (counts.at(-1) ?? 0) < 500) {
      await turn();
      counts.push(stored().length);
    }
    const steps = counts.map((count, index) => count - (counts[index - 1] ?? 10));
    expect(Math.max(...steps)).toBeLessThanOrEqual(SLICE);
    await caughtUp();
    expect(stored()).toEqual(texts(500));
  });

  it('has the server look for the next page while it stores the present one', async () => {
    const server = new ArchiveStream('alice@localhost/here', BOB, entries(1_000));
    logIn(server);
    // The first of them is here already: a little more than what is new is asked for.
    while (stored().length === 10) await turn();
    expect({ pages: server.pages, stored: stored().length }).toEqual({ pages: 2, stored: 9 + SLICE });
    await caughtUp();
    expect({ pages: server.pages, stored: stored() }).toEqual({ pages: 5, stored: texts(1_000) });
  });

  it('stores nothing any more when the stream is gone, and goes on behind what is stored', async () => {
    logIn(new ArchiveStream('alice@localhost/here', BOB, entries(500)));
    while (stored().length === 10) await turn();
    history.detach();
    for (let turns = 0; turns < 20; turns += 1) await turn();
    expect({ stored: stored().length, confirmed: confirmed() }).toEqual({ stored: 49, confirmed: 'a48' });

    logIn(new ArchiveStream('alice@localhost/here', BOB, entries(500)));
    await caughtUp();
    expect(stored()).toEqual(texts(500));
    expect(confirmed()).toBe('a499');
  });

  it('ends where the archive repeats itself', async () => {
    const server = new ArchiveStream('alice@localhost/here', BOB, entries(300));
    // Whatever it is asked, it begins anew and claims that there is more.
    server.forgetful = true;
    logIn(server);
    await caughtUp();
    expect(server.pages).toBeLessThan(5);
    expect(stored()).toEqual(texts(200));
  });
});

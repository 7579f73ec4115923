import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findAnswered } from '#main/messaging/archive/history-answered.ts';
import type { History } from '#main/messaging/archive/history.ts';
import { gaplessPage, type GaplessPage } from '#main/messaging/archive/page-gaps.ts';
import type { StoredMessage } from '#main/store/messages.ts';
import { StanzaError, StreamError } from '#main/xmpp/port.ts';
import { ArchiveStream, type ArchiveEntry } from '#tests/support/archive-stream.ts';
import { attachHistory, openHistory, stoppedClock } from '#tests/support/test-history.ts';
import { openTestStore, type TestStore } from '#tests/support/test-store.ts';
import type { ChatId, MessageId } from '#shared/ids.ts';

/** The past of one chat, as somebody meets it who scrolls up, jumps to a day and reads on from there. */
const BOB = 'bob@localhost';
const MINUTE = 60_000;
const FIRST = Date.UTC(2020, 0, 1);
const NOW = Date.UTC(2026, 0, 1);

let test: TestStore;
let history: History;
let server: ArchiveStream;
let chatId: ChatId;

const entry = (index: number, more: Partial<ArchiveEntry> = {}): ArchiveEntry => ({
  id: `a${index}`,
  stamp: FIRST + index * MINUTE,
  body: `text ${index}`,
  ...more,
});

/** Logs in on a new computer: the newest 200 entries are here then. */
const logIn = async (entries: readonly ArchiveEntry[]): Promise<void> => {
  server = new ArchiveStream('alice@localhost/here', BOB, entries);
  attachHistory(history, server);
  await Promise.resolve();
  // The catch-up comes first; whoever asks meanwhile waits for it.
  await history.newer(chatId, BOB, 0).catch(() => undefined);
};

beforeEach(() => {
  test = openTestStore();
  chatId = test.store.chats.findOrCreate(test.account.id, BOB, 1).id;
  ({ history } = openHistory(
    test,
    stoppedClock(() => NOW),
  ));
});
afterEach(() => {
  history.detach();
  test.close();
});

type Asked =
  | { readonly kind: 'latest' }
  | { readonly kind: 'before' | 'after' | 'around'; readonly anchor: MessageId }
  | { readonly kind: 'date'; readonly at: number };

const page = (request: Asked, limit = 60): GaplessPage<StoredMessage> =>
  gaplessPage(test.store, { chatId, limit, ...request });
const numbers = ({ rows }: { rows: readonly StoredMessage[] }): readonly number[] =>
  rows.map(({ body }) => Number(body.slice(5)));
const range = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from }, (_, index) => from + index);
const all = (): readonly number[] =>
  numbers(test.store.messages.page({ kind: 'latest', chatId, limit: 5_000 }));
const atMinute = (index: number): number => FIRST + index * MINUTE;

/** Reads on upwards from the newest message, as the window does, and says what has been seen. */
const readUp = async (): Promise<readonly number[]> => {
  let window = page({ kind: 'latest' });
  let rows = [...window.rows];
  for (let round = 0; window.hasOlder && round < 200; round += 1) {
    const anchor = rows[0];
    if (anchor === undefined) throw new Error('nothing to read on from');
    if (window.gapBefore) await history.older(chatId, BOB, { place: anchor.sortAt });
    window = page({ kind: 'before', anchor: anchor.id });
    rows = [...window.rows, ...rows];
  }
  return numbers({ rows });
};

/** The same downwards from a row. */
const readDown = async (from: StoredMessage): Promise<readonly number[]> => {
  let rows = [from];
  let window = page({ kind: 'around', anchor: from.id });
  for (let round = 0; window.hasNewer && round < 200; round += 1) {
    const anchor = rows.at(-1) ?? from;
    window = page({ kind: 'after', anchor: anchor.id });
    if (window.gapAfter && window.rows.length === 0) {
      await history.newer(chatId, BOB, anchor.sortAt);
      window = page({ kind: 'after', anchor: anchor.id });
    }
    rows = [...rows, ...window.rows];
  }
  return numbers({ rows });
};

describe('reading back', () => {
  it('goes page by page to the beginning, and says so', async () => {
    await logIn(range(0, 500).map((index) => entry(index)));
    expect(all()).toEqual(range(300, 500));
    expect(await readUp()).toEqual(range(0, 500));
    expect(test.store.chats.require(chatId)).toMatchObject({ historyStart: true, historyCleared: false });
    expect(page({ kind: 'latest' }).gapBefore).toBe(false);
  });

  it('goes through pages of which nothing is shown', async () => {
    const receipts = range(10, 190).map((index) => entry(index, { body: undefined as never }));
    await logIn([
      ...range(0, 10).map((index) => entry(index)),
      ...receipts,
      entry(190),
      ...range(191, 391).map((index) => entry(index)),
    ]);
    expect(await readUp()).toEqual([...range(0, 10), ...range(190, 391)]);
  });

  it('says that a server keeps no archive, and that nobody is connected', async () => {
    await logIn([]);
    server.hasArchive = false;
    attachHistory(history, server);
    expect(await history.older(chatId, BOB)).toEqual({ added: 0, atStart: true, archive: false });
    expect(test.store.chats.require(chatId).historyStart).toBe(false);
    history.detach();
    await expect(history.older(chatId, BOB)).rejects.toMatchObject({ code: 'offline' });
    await expect(history.from(chatId, BOB, FIRST)).rejects.toMatchObject({ code: 'offline' });
  });

  it('says in words that the connection broke meanwhile, or that the server refused', async () => {
    await logIn(range(0, 500).map((index) => entry(index)));
    const lost = { code: 'connection-lost', step: 'session', advice: 'retry-now' } as const;
    server.fault = new StreamError(lost, 'cut');
    await expect(history.older(chatId, BOB)).rejects.toMatchObject({ code: 'offline' });
    server.fault = new StanzaError('not-allowed', 'cancel');
    await expect(history.older(chatId, BOB)).rejects.toMatchObject({ code: 'stanza-error' });
    server.fault = undefined;
    expect(await readUp()).toEqual(range(0, 500));
  });

  it('goes on by time where the server has forgotten from where', async () => {
    await logIn(range(0, 400).map((index) => entry(index)));
    server.entries.splice(200, 1);
    expect(await readUp()).toEqual(range(0, 400));
  });
});

describe('a jump to a day', () => {
  it('brings that day alone, and no page passes what is still missing', async () => {
    await logIn(range(0, 2_000).map((index) => entry(index)));
    const asked = server.pages;
    await history.from(chatId, BOB, atMinute(500));
    expect(server.pages - asked).toBe(1);
    expect(all()).toEqual([...range(500, 560), ...range(1_800, 2_000)]);
    const found = page({ kind: 'date', at: atMinute(500) });
    expect(numbers(found)).toEqual(range(500, 560));
    expect(found).toMatchObject({ gapBefore: true, hasOlder: true, hasNewer: true });
    const anchor = found.rows.at(-1)?.id ?? (0 as MessageId);
    expect(page({ kind: 'after', anchor })).toMatchObject({
      rows: [],
      hasNewer: true,
      gapAfter: true,
    });
    const latest = page({ kind: 'latest' }, 201);
    expect(numbers(latest)).toEqual(range(1_800, 2_000));
    expect(latest.gapBefore).toBe(true);
  });

  it('reading on from there in both directions brings everything, once and in order', async () => {
    await logIn(range(0, 700).map((index) => entry(index)));
    await history.from(chatId, BOB, atMinute(100));
    await history.from(chatId, BOB, atMinute(300));
    await history.from(chatId, BOB, atMinute(210));
    const [first] = page({ kind: 'date', at: atMinute(100) }).rows;
    if (first === undefined) throw new Error('there is no such day');
    expect(await readDown(first)).toEqual(range(100, 700));
    expect(await readUp()).toEqual(range(0, 700));
    expect(test.store.archive.gapsOfChat(chatId)).toEqual([]);
  });

  it('upwards over gaps too', async () => {
    await logIn(range(0, 700).map((index) => entry(index)));
    await history.from(chatId, BOB, atMinute(300));
    await history.from(chatId, BOB, atMinute(100));
    expect(await readUp()).toEqual(range(0, 700));
    expect(test.store.archive.gapsOfChat(chatId)).toEqual([]);
  });

  it('asks nobody for a day that is here', async () => {
    await logIn(range(0, 500).map((index) => entry(index)));
    await history.from(chatId, BOB, atMinute(100));
    const asked = server.pages;
    await history.from(chatId, BOB, atMinute(120));
    await history.from(chatId, BOB, atMinute(400));
    await history.from(chatId, BOB, NOW);
    expect(server.pages).toBe(asked);
  });

  it('begins with the first message, where there is none so long ago', async () => {
    await logIn(range(0, 500).map((index) => entry(index)));
    await history.from(chatId, BOB, FIRST - 1_000 * MINUTE);
    expect(numbers(page({ kind: 'date', at: FIRST - 1_000 * MINUTE }))[0]).toBe(0);
    expect(await readUp()).toEqual(range(0, 500));
  });

  it('works in a chat of which nothing is here', async () => {
    await logIn([]);
    server.entries.push(...range(0, 300).map((index) => entry(index)));
    await history.from(chatId, BOB, atMinute(50));
    expect(numbers(page({ kind: 'date', at: atMinute(50) }))[0]).toBe(50);
    expect(await readUp()).toEqual(range(0, 300));
  });

  it('what the user clears does not come back out of the gaps', async () => {
    await logIn(range(0, 700).map((index) => entry(index)));
    await history.from(chatId, BOB, atMinute(100));
    test.store.deletions.deleteHistory(chatId);
    while (test.store.deletions.slice());
    expect(test.store.archive.gapsOfChat(chatId)).toEqual([]);
    await history.older(chatId, BOB);
    expect(all()).toEqual([]);
    expect(test.store.chats.require(chatId)).toMatchObject({ historyStart: true, historyCleared: true });
  });
});

describe('the message that another one answers', () => {
  it('is found in the archive', async () => {
    const answer = entry(600, { answers: 'm-a250' });
    await logIn([...range(0, 600).map((index) => entry(index)), answer]);
    const row = page({ kind: 'latest' }).rows.at(-1);
    if (row === undefined) throw new Error('there is no answer');
    const found = await findAnswered(test.store, () => history, row.id);
    expect(found && test.store.messages.require(found).body).toBe('text 250');
    expect(all()).toEqual(range(201, 601));
  });

  it('is gone where nobody has it, and is not looked for without end', async () => {
    await logIn([...range(0, 5_000).map((index) => entry(index)), entry(5_000, { answers: 'm-x' })]);
    const row = page({ kind: 'latest' }).rows.at(-1);
    if (row === undefined) throw new Error('there is no answer');
    const asked = server.pages;
    expect(await findAnswered(test.store, () => history, row.id)).toBeUndefined();
    expect(server.pages - asked).toBe(10);
  });
});

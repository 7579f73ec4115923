import { expect, it } from 'vitest';
import { storeWithChat } from '#tests/support/temporary-profile.ts';

it('a message that the archive keeps twice stands where it stood first, whichever was seen first', () => {
  const { store, accountId, chatId } = storeWithChat();
  const romeo = 'romeo@montague.example';
  const archived = (body: string, originId: string, archiveId: string, sortAt: number) =>
    ({
      chatId,
      senderJid: romeo,
      body,
      at: 1,
      protection: 'none',
      direction: 'in',
      originId,
      archiveId,
      sortAt,
    }) as const;
  // After a crash of the server the sender repeats what was not acknowledged; the repetition arrives live.
  const live = store.messages.insertIncoming({
    chatId,
    senderJid: romeo,
    body: 'first',
    at: 5_000,
    protection: 'none',
    originId: 'o1',
    archiveId: 'again',
  });
  const outcomes = store.messages.insertArchived([
    archived('first', 'o1', 'a1', 1_000),
    archived('second', 'o2', 'a2', 2_000),
    archived('first', 'o1', 'again', 5_000),
  ]);
  expect(outcomes.map(({ kind }) => kind)).toEqual(['completed', 'inserted', 'known']);
  const page = store.messages.page({ kind: 'latest', chatId, limit: 10 });
  expect(page.rows.map(({ body, archiveId }) => [body, archiveId])).toEqual([
    ['first', 'a1'],
    ['second', 'a2'],
  ]);
  expect(page.rows[0]?.id).toBe(live.id);
  expect(store.archive.lastConfirmed(accountId)).toBeUndefined();
});
